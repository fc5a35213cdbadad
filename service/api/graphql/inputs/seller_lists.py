"""Filters and sorts of an operator's lists: accounts, payments and invoices of all accounts. Filters of ledgers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from service.api.graphql.inputs.order_filters import DateTimeRange
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.node import parse_id
from service.domain.accounts import Account
from service.domain.billing import InvoiceStatus
from service.domain.catalogue import Mode
from service.domain.ledger import Verb
from service.domain.listing import (
    AccountFilter,
    AccountSortField,
    InvoiceSortField,
    LedgerFilter,
    ListSort,
    MoneyFilter,
    Owners,
    PaymentSortField,
)
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused

ACCOUNTS_NAMED_MAX = 100

AccountIds: TypeAlias = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        description="Global ids of the accounts whose entries are listed: 1 to 100 ids of accounts of any mode. By "
        "default the list has the entries of all accounts of one mode, the mode of the account that the request acts "
        "for."
    ),
]


def owners_of(account_ids: list[strawberry.ID] | None, own: Account) -> Owners:
    """Return the accounts whose rows are listed: those named, else all of the mode of the caller's own."""
    ids = account_ids_of(account_ids)
    return Owners(mode=own.mode) if ids is None else Owners(frozenset(ids))


def account_ids_of(account_ids: Sequence[str] | None) -> list[UUID] | None:
    """Return the ids in the argument; None if it is left out."""
    if account_ids is None:
        return None
    if not 1 <= len(account_ids) <= ACCOUNTS_NAMED_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {ACCOUNTS_NAMED_MAX} ids.", ("accountIds",))
    return [parse_id("Account", text, "accountIds", index) for index, text in enumerate(account_ids)]


def _set(members: Collection[CurrencyCode] | None) -> frozenset[str] | None:
    return None if members is None else frozenset(map(str, members))


@strawberry.input(
    description="Conditions that select accounts. An account is selected if it meets all conditions that are given."
)
class AccountFilterInput:
    mode: Mode | None = strawberry.field(
        default=None, description="Mode of the accounts to select. By default accounts of both modes are selected."
    )
    name_contains: str | None = strawberry.field(
        default=None,
        description="Text that the names of the accounts to select contain: 1 to 200 characters. Upper and lower case "
        "count as equal. Composed and decomposed letters count as equal, and so do wide and narrow forms. Letters with "
        "and without accents count as different.",
    )
    handle: str | None = strawberry.field(
        default=None,
        description="Handle that the accounts to select have: 1 to 64 characters. Accounts under different parents may "
        "have the same handle.",
    )
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None,
        description="Default currencies of the accounts to select (ISO 4217 codes). By default accounts of all "
        "currencies are selected.",
    )
    suspended: bool | None = strawberry.field(
        default=None,
        description="True selects accounts that are suspended, or whose parent is. False selects the others. By "
        "default all of them are selected.",
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="Global id of an account: its client accounts are selected. By default none is set."
    )
    is_client: bool | None = strawberry.field(
        default=None,
        description="True selects client accounts only. False selects the others. By default all of them are selected.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the accounts to select were created. By default accounts of any time are "
        "selected.",
    )

    def wanted(self) -> AccountFilter:
        created = self.created_at or DateTimeRange()
        path = ("filter", "nameContains")
        name = None if self.name_contains is None else kept_text(self.name_contains, NAME_LENGTH_MAX, *path)
        handle = None if self.handle is None else kept_text(self.handle, 64, "filter", "handle")
        parent_id = None if self.parent_id is None else parse_id("Account", self.parent_id, "filter", "parentId")
        return AccountFilter(
            mode=self.mode,
            name_contains=name,
            handle=handle,
            currencies=_set(self.currency),
            suspended=self.suspended,
            parent_id=parent_id,
            is_client=self.is_client,
            created_from=created.gte,
            created_until=created.lt,
        )


@strawberry.input(
    description="Sort order of a list of accounts. A cursor is valid only in a list with the same sort order."
)
class AccountSortInput:
    field: AccountSortField = strawberry.field(
        default=AccountSortField.NAME, description="Property to sort by; by default `NAME`."
    )
    descending: bool = strawberry.field(
        default=False,
        description="True: the last name or the newest account comes first. False, the default: the first name or the "
        "oldest account comes first.",
    )

    def sort(self) -> ListSort:
        kind = str if self.field is AccountSortField.NAME else datetime
        return ListSort("accounts", self.field, self.descending, kind)


@strawberry.input(
    description="Conditions that select payments. A payment is selected if it meets all conditions that are given."
)
class PaymentFilterInput:
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None,
        description="Currencies of the payments to select (ISO 4217 codes). By default payments in all currencies are "
        "selected.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the payments to select were recorded. By default payments of any time are "
        "selected.",
    )
    text_contains: str | None = strawberry.field(
        default=None,
        description="Text that the references of the payments to select contain: 1 to 200 characters. Upper and lower "
        "case of unaccented letters count as equal.",
    )

    def wanted(self) -> MoneyFilter:
        created = self.created_at or DateTimeRange()
        return MoneyFilter(
            currencies=_set(self.currency),
            created_from=created.gte,
            created_until=created.lt,
            text=_text(self.text_contains),
        )


@strawberry.input(
    description="Sort order of a list of payments. A cursor is valid only in a list with the same sort order."
)
class PaymentSortInput:
    field: PaymentSortField = strawberry.field(
        default=PaymentSortField.CREATED_AT, description="Property to sort by; by default `CREATED_AT`."
    )
    descending: bool = strawberry.field(
        default=True,
        description="True, the default: the largest or newest payments come first. False: the smallest or oldest "
        "payments come first.",
    )

    def sort(self) -> ListSort:
        kind = datetime if self.field is PaymentSortField.CREATED_AT else int
        return ListSort("payments", self.field, self.descending, kind)


@strawberry.input(
    description="Conditions that select invoices. An invoice is selected if it meets all conditions that are given."
)
class InvoiceFilterInput:
    status: list[InvoiceStatus] | None = strawberry.field(
        default=None, description="States of the invoices to select. By default invoices in all states are selected."
    )
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None,
        description="Currencies of the invoices to select (ISO 4217 codes). By default invoices in all currencies are "
        "selected.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the invoices to select were issued. By default invoices of any time are "
        "selected.",
    )
    due_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the invoices to select must be paid. By default invoices that are due at "
        "any time are selected.",
    )
    text_contains: str | None = strawberry.field(
        default=None,
        description="Text that the number or the reference of the invoices to select contains: 1 to 200 characters. "
        "Upper and lower case of unaccented letters count as equal.",
    )

    def wanted(self) -> MoneyFilter:
        created, due = self.created_at or DateTimeRange(), self.due_at or DateTimeRange()
        return MoneyFilter(
            statuses=None if self.status is None else frozenset(self.status),
            currencies=_set(self.currency),
            created_from=created.gte,
            created_until=created.lt,
            due_from=due.gte,
            due_until=due.lt,
            text=_text(self.text_contains),
        )


@strawberry.input(
    description="Sort order of a list of invoices. A cursor is valid only in a list with the same sort order."
)
class InvoiceSortInput:
    field: InvoiceSortField = strawberry.field(
        default=InvoiceSortField.CREATED_AT, description="Property to sort by; by default `CREATED_AT`."
    )
    descending: bool = strawberry.field(
        default=True,
        description="True, the default: the largest or newest invoices, or those due last, come first. False: the "
        "smallest or oldest invoices, or those due first, come first.",
    )

    def sort(self) -> ListSort:
        kind = int if self.field is InvoiceSortField.TOTAL else datetime
        return ListSort("invoices", self.field, self.descending, kind)


@strawberry.input(
    description="Conditions that select journals of a ledger. A journal is selected if it meets all conditions that "
    "are given."
)
class LedgerFilterInput:
    verb: list[Verb] | None = strawberry.field(
        default=None, description="Events of the journals to select. By default journals of all events are selected."
    )
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None,
        description="Currencies of the journals to select (ISO 4217 codes). By default journals in all currencies are "
        "selected.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the journals to select were recorded. By default journals of any time are "
        "selected.",
    )

    def wanted(self) -> LedgerFilter:
        created = self.created_at or DateTimeRange()
        return LedgerFilter(
            verbs=None if self.verb is None else frozenset(self.verb),
            currencies=_set(self.currency),
            created_from=created.gte,
            created_until=created.lt,
        )


def _text(given: str | None) -> str | None:
    return None if given is None else kept_text(given, NAME_LENGTH_MAX, "filter", "textContains")
