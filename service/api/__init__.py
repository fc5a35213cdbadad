"""The APIs. They translate requests to operations and contain no rules and no SQL."""
