"""Check health: whether a write could succeed."""

from service.operations.resources import Resources


def is_ready(resources: Resources) -> bool:
    """Return whether the database answers and would take a write, as its watch last saw it: at most 2 s ago."""
    return resources.database.availability.is_ready
