"""The rules of selling carbon credits, as pure functions and values, without a clock, a database or settings."""
