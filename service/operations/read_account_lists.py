"""Read a list or a sum for each of several accounts in one statement, for lists of accounts. Each function takes one
reader for each account and returns one result for each, in the same order.

Money is that of the reader's payer, as in `read_money`: a client account's own key is refused `FORBIDDEN`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from service.domain.accounts import Caller, payer_of
from service.domain.amounts import Money
from service.domain.api_keys import AccountKey, Scope, id_of_uuid
from service.domain.billing import Invoice, Payment
from service.domain.certificate import IssuedCertificate
from service.domain.contacts import Contact
from service.domain.credit import PayerFunds
from service.domain.parties import BillingDetails, TaxProfile
from service.domain.quote import Quote
from service.domain.recorded_estimate import RecordedEstimate
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import balances, contacts, holds, sellers
from service.storage.api_keys import KEYS
from service.storage.certificates import ISSUED
from service.storage.database import Statements
from service.storage.estimates import ESTIMATES
from service.storage.money import INVOICES, PAYMENTS
from service.storage.owner_pages import pages_of
from service.storage.quotes import QUOTES


async def list_invoices(resources: Resources, readers: Sequence[Caller], request: PageRequest) -> list[Slice[Invoice]]:
    """Return one page of each payer's invoices, newest first."""
    return await _pages(resources, _payers(readers), request, partial(pages_of, table=INVOICES, column="created_at"))


async def list_payments(resources: Resources, readers: Sequence[Caller], request: PageRequest) -> list[Slice[Payment]]:
    """Return one page of each payer's payments, newest first."""
    return await _pages(resources, _payers(readers), request, partial(pages_of, table=PAYMENTS, column=None))


async def list_certificates(
    resources: Resources, readers: Sequence[Caller], request: PageRequest
) -> list[Slice[IssuedCertificate]]:
    """Return one page of each account's certificates, newest first."""
    issued = partial(pages_of, table=ISSUED, column="issued_at", key="order_id", also="issued_at IS NOT NULL")
    return await _pages(resources, _accounts(readers), request, issued)


async def list_estimates(
    resources: Resources, readers: Sequence[Caller], request: PageRequest
) -> list[Slice[RecordedEstimate]]:
    """Return one page of each account's estimates, newest first."""
    return await _pages(resources, _accounts(readers), request, partial(pages_of, table=ESTIMATES, column=None))


async def list_quotes(resources: Resources, readers: Sequence[Caller], request: PageRequest) -> list[Slice[Quote]]:
    """Return one page of each account's quotes, newest first."""
    return await _pages(resources, _accounts(readers), request, partial(pages_of, table=QUOTES, column=None))


async def list_account_keys(
    resources: Resources, readers: Sequence[Caller], request: PageRequest
) -> list[Slice[AccountKey]]:
    """Return one page of each account's keys, oldest first, whatever their state."""
    for reader in readers:
        reader.require_management()
    keys = await pages_of(
        resources.database.reader,
        KEYS,
        {reader.account.id for reader in readers},
        "created_at",
        request,
        descending=False,
        key="key_id",
        key_of=id_of_uuid,
    )
    return [
        slice_of([AccountKey(key, reader.account.mode) for key in keys[reader.account.id]], request)
        for reader in readers
    ]


async def list_contacts(resources: Resources, readers: Sequence[Caller]) -> list[list[Contact]]:
    """Return each account's contacts, by their addresses."""
    for reader in readers:
        reader.require_management()
    found = await contacts.of_accounts(resources.database.reader, {reader.account.id for reader in readers})
    return [found.get(reader.account.id, []) for reader in readers]


async def list_balances(resources: Resources, readers: Sequence[Caller]) -> list[list[Money]]:
    """Return each payer's balance in each currency, by currency. A used-up balance is listed as zero."""
    payers = _payers(readers)
    found = await balances.of_accounts(resources.database.reader, set(payers))
    return [[Money(row.amount_minor, row.currency) for row in found[each] if row.is_funded] for each in payers]


async def list_funds(resources: Resources, readers: Sequence[Caller]) -> list[dict[str, PayerFunds]]:
    """Return the balance, debt and limit of each payer, by currency, for every currency that it ever used."""
    payers = _payers(readers)
    found = await balances.of_accounts(resources.database.reader, set(payers))
    return [{row.currency: balances.funds(row) for row in found[each]} for each in payers]


async def held_g(resources: Resources, readers: Sequence[Caller]) -> list[int]:
    """Return the grams that open quotes of each payer and its client accounts hold."""
    payers = _payers(readers)
    found = await holds.held_g(resources.database.reader, set(payers))
    return [found[each] for each in payers]


async def billing_details(resources: Resources, readers: Sequence[Caller]) -> list[BillingDetails]:
    """Return the billing details of each payer."""
    payers = _payers(readers)
    found = await sellers.details_of(resources.database.reader, set(payers))
    return [found[each] for each in payers]


async def tax_profiles(resources: Resources, readers: Sequence[Caller]) -> list[list[TaxProfile]]:
    """Return the tax profiles of each payer, by the day from which each is valid."""
    payers = _payers(readers)
    found = await sellers.profiles_of(resources.database.reader, set(payers))
    return [[profile for profile in found if profile.account_id == each] for each in payers]


def _accounts(readers: Sequence[Caller]) -> list[UUID]:
    for reader in readers:
        reader.require(Scope.ORDERS_READ)
    return [reader.account.id for reader in readers]


def _payers(readers: Sequence[Caller]) -> list[UUID]:
    for reader in readers:
        reader.require(Scope.ORDERS_READ)
        reader.require_money()
    return [payer_of(reader.account) for reader in readers]


async def _pages(
    resources: Resources,
    account_ids: Sequence[UUID],
    request: PageRequest,
    read: Callable[..., Awaitable[Mapping[UUID, list[Any]]]],
) -> list[Slice[Any]]:
    """Return a page of each account's rows. The replica is used only if there is a single account."""
    wanted = set(account_ids)

    async def read_pages(statements: Statements) -> Mapping[UUID, list[Any]]:
        return await read(statements, account_ids=wanted, request=request)

    if len(wanted) == 1:
        found = await resources.read_own(account_ids[0], read_pages, with_clients=True)
    else:
        found = await read_pages(resources.database.reader)
    return [slice_of(found.get(account_id, []), request) for account_id in account_ids]
