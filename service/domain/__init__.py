"""The rules of selling carbon credits, as pure functions and values. Knows no clock, no database, no settings."""
