"""Batch resolvers for lists of accounts: one statement reads a list for all parents."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from service.api.graphql.connections import (
    After,
    Before,
    ByTime,
    Connection,
    First,
    Last,
    listed_each,
)
from service.api.graphql.context import Info
from service.api.graphql.types.api_key import api_key_of
from service.api.graphql.types.certificate import certificate_of
from service.api.graphql.types.estimate import estimate_of
from service.api.graphql.types.money import invoice_of, payment_of
from service.api.graphql.types.quote import quote_of
from service.domain.accounts import Caller
from service.kit.keyset import PageRequest, Slice
from service.operations import read_account_lists, select_account
from service.operations.resources import Resources

Read = Callable[[Resources, Sequence[Caller], PageRequest], Awaitable[list[Slice[Any]]]]


async def readers_at(parents: Sequence[Any], info: Info) -> list[Caller]:
    """Return a caller for reading each account's data."""
    context = info.context
    ids = {parent.row.id for parent in parents}
    readers = await select_account.readers_of(context.resources, context.caller, ids)
    if len(readers) < len(ids):
        raise RuntimeError("an account was shown to somebody who may not read it")
    return [readers[parent.row.id] for parent in parents]


def _list_of(sort: ByTime, read: Read, node: Callable[[Any], Any]) -> Callable[..., Awaitable[list[Connection[Any]]]]:
    """Return the resolver of a list. `read` returns the rows and `node` converts each."""

    async def resolve(
        parents: Sequence[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[Connection[Any]]:
        read_all = partial(read, info.context.resources, await readers_at(parents, info))
        return await listed_each(info, sort, (first, after, last, before), read_all, [node] * len(parents))

    return resolve


invoices = _list_of(ByTime("invoices"), read_account_lists.list_invoices, invoice_of)
payments = _list_of(ByTime("payments"), read_account_lists.list_payments, payment_of)
certificates = _list_of(ByTime("certificates", "issued_at"), read_account_lists.list_certificates, certificate_of)
estimates = _list_of(ByTime("estimates"), read_account_lists.list_estimates, estimate_of)
quotes = _list_of(ByTime("quotes"), read_account_lists.list_quotes, quote_of)
api_keys = _list_of(ByTime("api_keys", "stored.created_at"), read_account_lists.list_account_keys, api_key_of)
