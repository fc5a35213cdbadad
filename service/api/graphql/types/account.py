"""The GraphQL type of accounts: the caller's own and its client accounts."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from service.api.graphql.connections import Connection
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types import account_lists
from service.api.graphql.types.account_lists import readers_at
from service.api.graphql.types.amounts import Mass, Money, money
from service.api.graphql.types.api_key import ApiKey
from service.api.graphql.types.certificate import Certificate
from service.api.graphql.types.contact import Contact, contact_of
from service.api.graphql.types.document_urls import RetirementStatement, retirement_statements
from service.api.graphql.types.estimate import Estimate
from service.api.graphql.types.event_seal import EventSeal, event_seals
from service.api.graphql.types.money import Invoice, Payment
from service.api.graphql.types.node import Node, parse_id
from service.api.graphql.types.portfolio import Portfolio, portfolio_of
from service.api.graphql.types.quote import Quote
from service.api.graphql.types.seller import BillingDetails, TaxProfile
from service.domain import accounts
from service.domain.accounts import Visibility
from service.domain.catalogue import Mode
from service.domain.credit import PayerFunds
from service.operations import manage_clients, read_account_lists, select_account
from service.plans import batch_field

CURRENCIES_USUAL = 5
PROFILES_USUAL = 3
CONTACTS_USUAL = 3

AmountCurrency = Annotated[
    CurrencyCode | None,
    strawberry.argument(
        description="Currency of the amount (ISO 4217 code). By default the account's `currency` is used."
    ),
]


async def _portfolios(parents: Sequence["Account"], info: Info) -> list[Portfolio]:
    rows = [parent.row for parent in parents]
    found = await manage_clients.portfolios_of_accounts(info.context.resources, info.context.caller, rows)
    return [portfolio_of(found[row.portfolio_id]) for row in rows]


async def _balances(parents: Sequence["Account"], info: Info) -> list[list[Money]]:
    found = await read_account_lists.list_balances(info.context.resources, await readers_at(parents, info))
    return [[money(each.minor_units, each.currency) for each in balances] for balances in found]


async def _contacts(parents: Sequence["Account"], info: Info) -> list[list[Contact]]:
    found = await read_account_lists.list_contacts(info.context.resources, await readers_at(parents, info))
    return [[contact_of(row) for row in contacts] for contacts in found]


async def _funds(parents: Sequence["Account"], info: Info, currency: str | None) -> list[tuple[PayerFunds, str]]:
    """Return the debt and the limit of each account's payer in the currency, or in the account's own."""
    found = await read_account_lists.list_funds(info.context.resources, await readers_at(parents, info))
    wanted = [currency or parent.row.currency for parent in parents]
    return [(funds.get(each, PayerFunds()), each) for funds, each in zip(found, wanted, strict=True)]


async def _credit_limits(
    parents: Sequence["Account"], info: Info, currency: AmountCurrency = None
) -> list[Money | None]:
    return [
        None if funds.credit_limit_minor is None else money(funds.credit_limit_minor, unit)
        for funds, unit in await _funds(parents, info, currency)
    ]


async def _owed(parents: Sequence["Account"], info: Info, currency: AmountCurrency = None) -> list[Money]:
    return [money(funds.owed_minor, unit) for funds, unit in await _funds(parents, info, currency)]


async def _held(parents: Sequence["Account"], info: Info) -> list[Mass]:
    found = await read_account_lists.held_g(info.context.resources, await readers_at(parents, info))
    return [Mass(mass_g=held_g) for held_g in found]


async def _parents(parents: Sequence["Account"], info: Info) -> list["Account | None"]:
    ids = {parent.row.parent_account_id for parent in parents if parent.row.parent_account_id}
    readers = await select_account.readers_of(info.context.resources, info.context.caller, ids)
    found = {id_: account_of(reader.account) for id_, reader in readers.items()}
    return [found.get(parent.row.parent_account_id) if parent.row.parent_account_id else None for parent in parents]


async def _billing_details(parents: Sequence["Account"], info: Info) -> list[BillingDetails]:
    found = await read_account_lists.billing_details(info.context.resources, await readers_at(parents, info))
    return [BillingDetails(row=row) for row in found]


async def _tax_profiles(parents: Sequence["Account"], info: Info) -> list[list[TaxProfile]]:
    found = await read_account_lists.tax_profiles(info.context.resources, await readers_at(parents, info))
    return [[TaxProfile(row=row) for row in profiles] for profiles in found]


@strawberry.type(description="A customer's account. Each order, quote, estimate and API key belongs to one account.")
class Account(Node):
    row: strawberry.Private[accounts.Account]
    portfolio: Portfolio = batch_field(
        _portfolios,
        description="Default portfolio of the account. Orders and quotes buy this portfolio if their input names "
        "neither bundles nor a portfolio.",
    )

    balances: list[Money] = batch_field(
        _balances,
        description="Prepaid balances: one amount for each currency in which money was ever added. A client account "
        "shows the balances of its parent. An API key of the client account itself gets the error `FORBIDDEN`.",
        metadata=priced(size=CURRENCIES_USUAL),
    )
    invoices: Connection[Invoice] = batch_field(
        account_lists.invoices,
        description="Invoices of the account, newest first. A client account shows the invoices of its parent. An API "
        "key of the client account itself gets the error `FORBIDDEN`.",
    )

    payments: Connection[Payment] = batch_field(
        account_lists.payments,
        description="Payments that the seller recorded for the account, newest first. A client account shows the "
        "payments of its parent. An API key of the client account itself gets the error `FORBIDDEN`.",
    )
    certificates: Connection[Certificate] = batch_field(
        account_lists.certificates,
        description="Certificates of the account's orders, the one issued last first. Those of client accounts are not "
        "included.",
    )
    retirement_statement: RetirementStatement | None = batch_field(
        retirement_statements,
        description="Statement of the credits that were retired for the account's own orders in a calendar year, for "
        "the account's sustainability report. Null only if reading it failed; `errors` then says why.",
    )
    estimates: Connection[Estimate] = batch_field(
        account_lists.estimates,
        description="Estimates of the account, newest first. Those of client accounts are not included.",
    )
    quotes: Connection[Quote] = batch_field(
        account_lists.quotes,
        description="Quotes of the account, newest first, also those that expired or were ordered. Those of client "
        "accounts are not included.",
    )

    credit_limit: Money | None = batch_field(
        _credit_limits,
        description="Maximum debt of the account and its client accounts together in one currency, set by the seller. "
        "Null if there is no limit. A client account shows the limit of its parent. An API key of the client account "
        "itself gets the error `FORBIDDEN`.",
    )
    owed: Money = batch_field(
        _owed,
        description="Debt of the account and its client accounts together in one currency: the totals of their "
        "orders, less the payments for these orders. Orders that are cancelled, failed or refunded do not count. A "
        "client account shows the debt of its parent. An API key of the client account itself gets the error "
        "`FORBIDDEN`.",
    )
    held: Mass = batch_field(
        _held,
        description="Mass of the credits that unexpired quotes of the account and its client accounts set aside now. "
        "A client account shows the mass for its parent. An API key of the client account itself gets the error "
        "`FORBIDDEN`.",
    )

    parent: Annotated["Account", strawberry.lazy("service.api.graphql.types.account")] | None = batch_field(
        _parents,
        description="Account that a client account is under. Null for an account that is no client account, and if the "
        "caller is the client account itself or acts for it without scope `operator`.",
    )

    billing_details: BillingDetails = batch_field(
        _billing_details,
        description="Customer as its invoices name it, set by the seller. A client account shows the details of its "
        "parent. An API key of the client account itself gets the error `FORBIDDEN`.",
    )
    tax_profiles: list[TaxProfile] = batch_field(
        _tax_profiles,
        description="Tax of the account's invoices, set by the seller: one profile for each day from which another tax "
        "applies, the earliest day first. Empty if invoices state no tax. A client account shows the profiles of its "
        "parent. An API key of the client account itself gets the error `FORBIDDEN`.",
        metadata=priced(size=PROFILES_USUAL),
    )

    event_seal: EventSeal | None = batch_field(
        event_seals,
        description="Digest of the account's events up to the last one that is sealed, or up to the event `sequence`. "
        "Events are sealed about once a minute. Null if no event is sealed, or not the event `sequence`. Events of "
        "client accounts are not included: each account has its own. Needs the scope `orders:read`.",
    )

    api_keys: Connection[ApiKey] = batch_field(
        account_lists.api_keys,
        description="API keys of the account, oldest first, revoked and expired ones included; needs scope "
        "`account:manage`, or `operator`. `totalCount` is null.",
    )

    contacts: list[Contact] = batch_field(
        _contacts,
        description="People who get mail about the account, by their addresses; needs scope `account:manage`, or "
        "`operator`.",
        metadata=priced(size=CONTACTS_USUAL),
    )

    @strawberry.field(description="Name of the customer: 1 to 200 characters.")
    def name(self) -> str:
        return self.row.name

    @strawberry.field(
        description="Mode of the account: LIVE for real credits, TEST for made-up credits. A customer's live account "
        "and test account have separate API keys and orders."
    )
    def mode(self) -> Mode:
        return self.row.mode

    @strawberry.field(description="Currency of orders and quotes whose input names no currency (ISO 4217 code).")
    def currency(self) -> CurrencyCode:
        return CurrencyCode(self.row.currency)

    @strawberry.field(description="Time at which the account was created.")
    def created_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(
        description="Commission that is part of the total of an order, as a percentage with two decimals. A client "
        "account has the commission that its parent had when the client account was created, unless the seller changed "
        "it."
    )
    def commission_percent(self) -> Decimal:
        return Decimal(self.row.commission_hundredths).scaleb(-2)

    @strawberry.field(
        description="True if the account, or the parent of a client account, is suspended: its keys may read, but not "
        "order, cancel or change anything."
    )
    def suspended(self) -> bool:
        return self.row.suspended

    @strawberry.field(
        description="True if this is a client account. A client account has no balance and no invoices of its own: its "
        "parent pays for its orders."
    )
    def is_client(self) -> bool:
        return self.row.parent_account_id is not None

    @strawberry.field(
        description="Identifier of a client account, chosen by its parent. Null if the parent chose none, and for an "
        "account that is not a client account."
    )
    def handle(self) -> str | None:
        return self.row.handle

    @strawberry.field(
        description="Name of the party for which credits are retired if an order's `beneficiary` names none. Null if "
        "no such name is set: the account's `name` is then used."
    )
    def beneficiary(self) -> str | None:
        return self.row.beneficiary_name

    @strawberry.field(
        description="True if the client account's own API keys may pay for orders from the parent's balance. Always "
        "true for an account that is not a client account."
    )
    def may_use_balance(self) -> bool:
        return accounts.may_pay_from_balance(self.row, acts_for_client=False)

    @strawberry.field(
        description="Address of the account's logo, a PNG, JPEG or SVG file. Readers need no API key. Null if there is "
        "none."
    )
    def logo_url(self, info: Info) -> str | None:
        digest = self.row.logo_sha256
        return None if digest is None else f"{info.context.public_address}/logos/{digest}"

    @strawberry.field(
        description="Visibility of the public pages and files of the account's certificates and receipts. PUBLIC: "
        "anybody who has the address can read a page or file without an API key. HIDDEN: every such address returns "
        "HTTP 404."
    )
    def external_pages_visibility(self) -> Visibility:
        return self.row.external_pages_visibility


def account_of(row: accounts.Account) -> Account:
    return Account(row=row)


def account_id_of(text: str) -> UUID:
    """Return the id of the account that a global id names. Refuses `BAD_USER_INPUT` for any other text."""
    return parse_id("Account", text)
