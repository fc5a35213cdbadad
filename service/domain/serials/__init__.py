"""Serial numbers as carbon registries write them: parsing, storage in parts, division, output and comparison."""
