"""The two exceptions with which a plan leaves an operation to graphql-core.

Knows nothing of how they are handled: the runner decides that.
"""

from types import CoroutineType
from typing import Any


class Uncompilable(Exception):  # noqa: N818 - it says what the operation is
    """Raised while compiling: plans do not support a part of the operation, which the message names."""


class PlanBailout(Exception):  # noqa: N818 - it says what the value is
    """Raised while running: a value does not have the type it promises, so only graphql-core can give the answer."""


def abandon(*values: Any) -> None:
    """Close those values that are coroutines, because graphql-core creates its own and these are never awaited."""
    for value in values:
        if isinstance(value, CoroutineType):
            value.close()
