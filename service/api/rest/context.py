"""The context of the REST APIs, made once by the composition root; knows no contract."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.api.rate_limits import Budget, RateLimits
from service.operations.place_orders import Placement
from service.operations.resources import Resources


@dataclass(frozen=True, slots=True)
class Budgets:
    """What a key's calls are paid from; a contract with one budget names it twice."""

    reads: Budget
    writes: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class RestContext:
    """`public_address` is what absolute links begin with; `budgets` are named as the contracts are.

    `carbonext_iso_dates` is for clients of Carbonext's later generations.
    """

    resources: Resources
    placement: Placement
    rate_limits: RateLimits
    budgets: Mapping[str, Budgets]
    pepper: bytes
    public_address: str
    carbonext_iso_dates: bool = False
