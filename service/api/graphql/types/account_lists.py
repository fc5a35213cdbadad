"""Batch resolvers of an account's lists: certificates, estimates, quotes and payments."""

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
    Paging,
    listed,
)
from service.api.graphql.context import Info
from service.api.graphql.types.by_account import by_account
from service.api.graphql.types.certificate import Certificate, certificate_of
from service.api.graphql.types.estimate import Estimate, estimate_of
from service.api.graphql.types.money import Payment, payment_of
from service.api.graphql.types.quote import Quote, quote_of
from service.domain.accounts import Caller
from service.kit.keyset import PageRequest, Slice
from service.operations.read_certificates import list_certificates
from service.operations.read_estimates import list_estimates
from service.operations.read_money import list_payments
from service.operations.read_quotes import list_quotes
from service.operations.resources import Resources

PAYMENTS = ByTime("payments")
CERTIFICATES = ByTime("certificates", "issued_at")
ESTIMATES = ByTime("estimates")
QUOTES = ByTime("quotes")


async def _own_lists(
    parents: Sequence[Any],
    info: Info,
    sort: ByTime,
    paging: Paging,
    read: Callable[[Resources, Caller, PageRequest], Awaitable[Slice[Any]]],
    node: Callable[[Any], Any],
) -> list[Any]:
    """Return a page of each account's own objects."""

    async def read_page(reader: Caller, places: Sequence[int]) -> list[Any]:
        return [await listed(info, sort, paging, partial(read, info.context.resources, reader), node)] * len(places)

    return await by_account([parent.row.id for parent in parents], info, read_page)


async def certificates(
    parents: Sequence[Any],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Certificate]]:
    paging = (first, after, last, before)
    return await _own_lists(parents, info, CERTIFICATES, paging, list_certificates, certificate_of)


async def estimates(
    parents: Sequence[Any],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Estimate]]:
    paging = (first, after, last, before)
    return await _own_lists(parents, info, ESTIMATES, paging, list_estimates, estimate_of)


async def quotes(
    parents: Sequence[Any],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Quote]]:
    return await _own_lists(parents, info, QUOTES, (first, after, last, before), list_quotes, quote_of)


async def payments(
    parents: Sequence[Any],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Payment]]:
    paging = (first, after, last, before)
    return await _own_lists(parents, info, PAYMENTS, paging, list_payments, payment_of)
