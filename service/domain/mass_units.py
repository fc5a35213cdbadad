"""Units of mass without anything else, for modules that every command loads."""

GRAMS_PER_TONNE = 1_000_000
