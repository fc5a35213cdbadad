"""Shared objects of the REST APIs, created once when the service starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from service.api.rate_limits import Budget, RateLimits
from service.domain.accounts import Caller
from service.domain.document_links import DocumentName
from service.operations.place_orders import Placement
from service.operations.resources import Resources


@dataclass(frozen=True, slots=True)
class Budgets:
    """Rate limit budgets of a key for reads and writes; a contract with one budget names it twice."""

    reads: Budget
    writes: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class RestContext:
    """`public_address` is the start of absolute links; `budgets` are keyed by the names of the contracts.

    `carbonext_iso_dates` is for clients of Carbonext's later generations.
    """

    resources: Resources
    placement: Placement
    rate_limits: RateLimits
    budgets: Mapping[str, Budgets]
    pepper: bytes
    previous_pepper: bytes | None
    """Secret that is accepted too while the secret is rotated; nothing is signed under it."""
    public_address: str
    document_url: Callable[[DocumentName, int], str]
    """Return the address of a document or page, by the revision of its links."""
    carbonext_iso_dates: bool = False


class ViewContext(Protocol):
    """Context of the views of orders: `RestContext`, or that of a worker that writes them without a request."""

    @property
    def resources(self) -> Resources: ...

    @property
    def public_address(self) -> str: ...

    @property
    def document_url(self) -> Callable[[DocumentName, int], str]: ...


class ViewCall(Protocol):
    """A reader of orders: a request after parsing, or a worker that acts for an account."""

    @property
    def context(self) -> ViewContext: ...

    @property
    def caller(self) -> Caller: ...
