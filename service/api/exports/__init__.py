"""Exports of an account's lists as CSV and NDJSON, for the route /exports and the command `export`."""
