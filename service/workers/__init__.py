"""What happens later: loops over rows. Each step is one operation; what it has to do is in the database, never here."""
