"""What a request carries to the resolvers: who calls, what may be used, and the queue that orders join."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry.types

from service.domain.accounts import Caller
from service.errors import Code, Refused
from service.operations.place_orders import Placement
from service.operations.resources import Resources


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings. Introspection needs no caller; every root field but `__typename` asks for one."""

    resources: Resources
    placement: Placement
    quote_valid_ms: int
    page_size_default: int
    page_size_max: int
    public_address: str
    identified: Caller | None

    @property
    def caller(self) -> Caller:
        """Who calls; refuses `UNAUTHENTICATED` when nobody said."""
        if self.identified is None:
            raise Refused(Code.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer <key>.")
        return self.identified


Info: TypeAlias = strawberry.types.Info[Context, None]
