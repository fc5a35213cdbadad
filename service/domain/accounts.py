"""Accounts, and the callers who act for them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.errors import Code, Refused

Contract = Literal["lune", "carbon-engine", "carbonext", "graphql"]
"""The API that an account's programs were written for; each account may use every API."""


class AccountContract(StrEnum):
    """The members of `Contract`, for choices by name."""

    LUNE = "lune"
    CARBON_ENGINE = "carbon-engine"
    CARBONEXT = "carbonext"
    GRAPHQL = "graphql"


COMMISSION_HUNDREDTHS_MAX = 9_000
"""Maximum commission, in hundredths of a percent."""
_WRITING = Scope.ORDERS_WRITE
"""Read from the enumeration once: before Python 3.12 its class takes ten times as long to look a member up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A company; its live account and its test account share nothing but this."""

    id: UUID
    name: str
    created_at: datetime
    reference: str | None = None
    fingerprint: str | None = None
    """Reference and fingerprint of the request that created it; None if that request had no reference."""


class Visibility(StrEnum):
    """Visibility of the pages about an account to readers without a key."""

    PUBLIC = "public"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account in one mode; `commission_hundredths` is hundredths of a percent of the total of an order.

    An account with a parent is a client account: orders, estimates and keys are its own, balance and invoices the
    parent's.
    """

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
    handle: str | None = None
    external_pages_visibility: Visibility = Visibility.PUBLIC
    may_use_balance: bool = False
    """True if a client account's own keys may pay from its parent's balance; without effect on other accounts."""
    hold_percent_max: int | None = None
    open_holds_max: int | None = None
    """Limits on holds of this account and its clients, which replace the service's limits; None leaves those in force.
    Without effect on client accounts.
    """
    logo_sha256: str | None = None
    """SHA-256 of the bytes of the account's logo; None without one."""
    parent_suspended: bool = False
    """True while the parent account is suspended, and this account with it; not stored in the account's own row."""

    @property
    def suspended(self) -> bool:
        """Return True if the account or its parent is suspended."""
        return self.suspended_at is not None or bool(self.parent_suspended)


@dataclass(frozen=True, slots=True)
class Head:
    """A locked account, with the number of its latest event."""

    account: Account
    event_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An account on whose behalf an API key makes a request: one of its own, or one of another account that acts for
    it.
    """

    account: Account
    key_id: str
    scopes: frozenset[Scope]
    acts_for_client: bool = False
    """True if the key belongs to another account: to the parent, or to an operator, who selected this account."""
    key_expires_at: datetime | None = None
    """Expiry of the key, or of the access token; None for a key that does not expire."""
    by_token: bool = False
    """True if the caller sent an access token instead of the key itself."""

    def require(self, scope: Scope) -> None:
        """Refuse `FORBIDDEN` unless the key has the scope. For a scope that writes, refuse also while the account or
        its parent is suspended.
        """
        if scope not in self.scopes:
            raise Refused(
                Code.FORBIDDEN, f"This API key lacks the scope {scope}. Use a key that has it.", scope=scope.value
            )
        if scope is _WRITING:
            refuse_if_suspended(self.account)

    def require_one_of(self, *scopes: Scope) -> None:
        """Refuse `FORBIDDEN` unless the key has one of the scopes. Scopes that write are treated as by `require`."""
        if self.scopes.isdisjoint(scopes):
            names = " or ".join(scopes)
            raise Refused(
                Code.FORBIDDEN, f"This API key lacks the scope {names}. Use a key that has it.", scope=scopes[0].value
            )
        if _WRITING in scopes:
            refuse_if_suspended(self.account)

    def refuse_token(self) -> None:
        """Refuse `FORBIDDEN` if the caller sent an access token: only an API key itself creates keys and tokens."""
        if self.by_token:
            raise Refused(
                Code.FORBIDDEN, "An access token creates no API key and no access token. Use the API key itself."
            )

    def require_management(self) -> None:
        """Refuse `FORBIDDEN` unless the key may manage keys and contacts of the account."""
        self.require_one_of(Scope.ACCOUNT_MANAGE, Scope.OPERATOR)

    def refuse_change_if_suspended(self, account: Account) -> None:
        """Refuse `ACCOUNT_SUSPENDED` if the account is suspended, unless the key is an operator's. The caller passes
        the account as it was read under its lock.
        """
        if Scope.OPERATOR not in self.scopes:
            refuse_if_suspended(account)

    def require_money(self) -> None:
        """Refuse `FORBIDDEN` to a client account's own key: balance, ledger, payments and invoices are its parent's."""
        if self.account.parent_account_id is not None and not self.acts_for_client:
            raise Refused(
                Code.FORBIDDEN,
                "Balance, ledger, payments and invoices are those of the parent account. Read them with its API key.",
            )


def payer_of(account: Account) -> UUID:
    """Return the id of the account's payer, which has its balance, ledger and invoices: itself, or the parent of a
    client account.
    """
    return account.parent_account_id or account.id


def may_pay_from_balance(account: Account, *, acts_for_client: bool) -> bool:
    """Return True if an order of the account may be paid from its payer's balance, depending on the key that places it.

    A client account's own key needs the parent's permission; a parent's key that acts for the client does not.
    """
    return account.parent_account_id is None or acts_for_client or bool(account.may_use_balance)


def refuse_if_suspended(account: Account) -> None:
    """Refuses `ACCOUNT_SUSPENDED` while the account or its parent is suspended."""
    if account.suspended:
        raise Refused(Code.ACCOUNT_SUSPENDED, "The account is suspended: it may read, but not order or cancel.")
