"""Tools that have never heard of carbon."""
