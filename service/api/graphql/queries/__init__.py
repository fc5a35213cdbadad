"""The root query fields, one file for each subject."""
