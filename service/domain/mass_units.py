"""Units of mass, in a module without imports because every command loads it."""

GRAMS_PER_TONNE = 1_000_000
