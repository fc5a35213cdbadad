"""Who buys: an account, and the caller who acts for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account in one mode; `commission_hundredths` is the commission in hundredths of a percent of totals."""

    id: UUID
    organisation_id: UUID
    parent_account_id: UUID | None
    name: str
    mode: Mode
    contract: str
    currency: str
    commission_hundredths: int
    portfolio_id: UUID
    beneficiary_name: str | None
    suspended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An account acting through one of its API keys."""

    account: Account
    key_id: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Refuses `FORBIDDEN` unless the key carries the scope, and `ACCOUNT_SUSPENDED` on writes of a suspended account."""
        if scope not in self.scopes:
            raise Refused(Code.FORBIDDEN, f"This API key lacks the scope {scope}.", scope=scope.value)
        if scope is Scope.ORDERS_WRITE and self.account.suspended_at is not None:
            raise Refused(Code.ACCOUNT_SUSPENDED, "The account is suspended: it may read, but not order or cancel.")
