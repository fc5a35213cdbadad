"""Background jobs: loops over rows. Each step is one operation that finds all of its work in the database."""
