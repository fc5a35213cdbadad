"""How one asks: the doors. They translate requests to operations and hold no rules and no SQL."""
