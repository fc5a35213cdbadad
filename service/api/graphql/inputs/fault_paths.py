"""Paths of faults in nested inputs."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from service.errors import Refused

T = TypeVar("T")


def at(path: Sequence[str | int], make: Callable[[], T]) -> T:
    """What `make` makes; its refusal's path starts at `path`."""
    try:
        return make()
    except Refused as refusal:
        refusal.path = (*path, *refusal.path)
        raise
