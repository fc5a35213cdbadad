"""Check health: tell if a write could succeed."""

from service.operations.resources import Resources


def is_ready(resources: Resources) -> bool:
    """Return True if the database answers and would accept a write, as its watch last saw it, at most 2 s ago."""
    return resources.database.availability.is_ready
