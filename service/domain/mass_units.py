"""Units of mass without any other import, for modules that every command loads."""

GRAMS_PER_TONNE = 1_000_000
