"""The APIs: they translate requests to operations and hold no rules and no SQL."""
