"""Background jobs: loops over rows. Each step is one operation, and all of its work is found in the database."""
