"""Serial numbers as carbon registries write them: read, kept in parts, cut, written back and compared."""
