"""Context of a request for the resolvers: the caller, the shared objects, and the queue for orders."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeAlias

import strawberry.types

from service.api.graphql.cost.budget import CostBudget
from service.domain.accounts import Caller
from service.domain.api_keys import Peppers
from service.domain.document_links import DocumentName
from service.domain.holds import HoldLimits
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, SortKind, page_request
from service.operations.place_orders import Placement
from service.operations.resources import Resources


class Context(NamedTuple):
    """Context of one operation. Introspection needs no caller; every root field but `__typename` asks for one."""

    resources: Resources
    placement: Placement
    quote_valid_ms: int
    page_size_default: int
    page_size_max: int
    public_address: str
    peppers: Peppers
    document_url: Callable[[DocumentName, int], str]
    """Return the address of a document or page, by the revision of its links."""
    identified: Caller | None
    cost_budget: CostBudget | None = None
    hold_limits: HoldLimits = HoldLimits()

    @property
    def caller(self) -> Caller:
        """Return the caller. Refuses `UNAUTHENTICATED` if the request has none."""
        if self.identified is None:
            raise Refused(Code.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer <key>.")
        return self.identified

    def page(
        self,
        sort: str,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
        *,
        kind: SortKind = datetime,
    ) -> PageRequest:
        """Return the page that Relay's four arguments ask for; `kind` is as for `page_request`."""
        return page_request(
            sort,
            kind,
            first=first,
            after=after,
            last=last,
            before=before,
            default_size=self.page_size_default,
            max_size=self.page_size_max,
        )


Info: TypeAlias = strawberry.types.Info[Context, None]
