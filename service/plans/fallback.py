"""Knows the two ways in which a plan steps aside for graphql-core.

It must not know what is done about them: the runner decides that.
"""

from types import CoroutineType
from typing import Any


class Uncompilable(Exception):  # noqa: N818 - it says what the operation is
    """Raised while compiling: the operation has a shape that plans do not know, named by the message."""


class PlanBailout(Exception):  # noqa: N818 - it says what the value is
    """Raised while running: a value is not what its type promises, so only graphql-core can say what the answer is."""


def abandon(*values: Any) -> None:
    """Those of the values that are coroutines are closed: nobody will await them, since graphql-core makes its own."""
    for value in values:
        if isinstance(value, CoroutineType):
            value.close()
