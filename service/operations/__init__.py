"""Use cases of the service: one verb in each file, in one transaction."""
