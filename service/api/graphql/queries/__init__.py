"""The root query fields, one file a subject."""
