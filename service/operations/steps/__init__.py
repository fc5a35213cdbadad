"""Steps that several operations share inside their transaction."""
