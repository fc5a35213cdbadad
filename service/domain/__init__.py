"""What is true: the rules of selling carbon credits, pure. Knows no clock, no database, no settings."""
