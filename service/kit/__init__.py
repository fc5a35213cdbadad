"""Tools that know nothing of carbon."""
