"""Use cases: one verb, one file, one transaction."""
