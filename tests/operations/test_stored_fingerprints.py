"""Fingerprints as rows hold them: a command that was stored by an earlier release is found by its retry.

The digests are literals because keys and references never expire. When one of them changes, retries that cross the
deployment are refused: change the code, and never a literal.

Seen to fail when: the class of a request kind gives the tag; a field of Money or of Period gives a member.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.domain.amounts import Money
from service.domain.catalogue import Weight
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, ByMass, ByValue, FromQuote, Order, OrderRequest, PlaceOrder
from service.errors import Code, Refused
from service.operations.bill_orders import Period, bill_orders
from service.operations.import_orders import import_orders
from service.operations.record_payment import record_payment
from service.storage import money, orders
from service.storage.database import Database
from tests.books import rows_of
from tests.makers import TONNE_G, make_command, make_order_request
from tests.shop import Shop, open_shop

ACCOUNT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ORDER = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
AFTERWARDS = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    """A shop whose account has an id that fingerprints can be computed for in advance."""
    return await open_shop(balanced, id=ACCOUNT)


STORED: dict[str, tuple[OrderRequest | FromQuote, dict[str, Any], str]] = {
    "a mass": (make_order_request(12_070), {}, "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab"),
    "a value": (
        make_order_request(ask=ByValue(5_000)),
        {},
        "59f9e44188cabb50f2e24e27bf1eff65d13dbe92d10bd32f904fcb5ef9329a6b",
    ),
    "a mass of each of two bundles": (
        make_order_request(ask=ByBundleMasses(((UUID(int=0xA), 1_000), (UUID(int=0xB), 2_500_000)))),
        {},
        "cf665fc0b05f6d627bf6cbe0bac01234a06bb3da364580d307c0565bafab2738",
    ),
    "a quote": (
        FromQuote(UUID(int=0xC)),
        {},
        "64c0605fb3677eca829b8943205b2136451ad94b7f62d6899b788414726e568a",
    ),
    "the mass of an estimate": (
        make_order_request(ask=ByMass(12_070, UUID(int=0xE))),
        {},
        "87b334ff760e6197503f155da584daf2df19f7740f82724924d5723f155e4a7c",
    ),
    "two bundles by percentage": (
        make_order_request(12_070, selection=(Weight(UUID(int=0xB), 9_500), Weight(UUID(int=0xA), 500))),
        {},
        "45421c32b7069761bf6f00ab750873909bdb6d85a1f545ada2a36ce5a0a38bbf",
    ),
    "a maximum total": (
        make_order_request(12_070),
        {"maximum_total": Money(34, "USD")},
        "e4816eadbab4a964f70e155b9f5807e1f019fa419d04c059e6c2ee5adb784e77",
    ),
}


async def stored_by_an_earlier_release(shop: Shop, key: str, fingerprint: str) -> Order:
    """An order whose row holds the fingerprint, whatever the code would compute for it today."""
    order = await shop.place(make_order_request(1_000), idempotency_key=key)
    changed = await shop.execute(
        "UPDATE orders SET fingerprint = $1 WHERE account_id = $2 AND id = $3", fingerprint, ACCOUNT, order.id
    )
    assert changed == 1
    return replace(order, fingerprint=fingerprint)


@pytest.mark.parametrize(("order_request", "facts", "digest"), STORED.values(), ids=STORED)
async def test_a_retry_finds_the_order_of_an_earlier_release(
    shop: Shop, order_request: OrderRequest | FromQuote, facts: dict[str, Any], digest: str
):
    order = await stored_by_an_earlier_release(shop, "k", digest)
    before = await shop.everything()

    (answer,) = await shop.place_all(shop.command(order_request, idempotency_key="k", **facts))

    assert not isinstance(answer, Refused), answer
    assert (answer.order, answer.replayed) == (order, True)
    assert await shop.everything() == before


async def test_a_retry_with_another_fingerprint_is_refused(shop: Shop):
    await stored_by_an_earlier_release(shop, "k", "0" * 64)
    before = await shop.everything()

    (answer,) = await shop.place_all(shop.command(make_order_request(12_070), idempotency_key="k"))

    assert isinstance(answer, Refused)
    assert answer.code is Code.IDEMPOTENCY_KEY_REUSED
    assert await shop.everything() == before


def fixed(shop: Shop, **facts: Any) -> PlaceOrder:
    return make_command(shop.account, make_order_request(TONNE_G), **{"order_id": ORDER, **facts})


async def test_a_payment_for_the_balance_is_stored_with_this_fingerprint(shop: Shop):
    paid = await record_payment(shop.resources, shop.caller, ACCOUNT, "wire-1", Money(5_000, "USD"))

    assert paid.payment.fingerprint == "bc2c6e3e7568897804df39441c74a300456a8839dc120cd7275fd54820fb7696"
    assert [row.fingerprint for row in await rows_of(shop.database, money.PAYMENTS)] == [paid.payment.fingerprint]


async def test_a_payment_for_an_order_is_stored_with_this_fingerprint(shop: Shop):
    await shop.place_all(fixed(shop))
    paid = await record_payment(shop.resources, shop.caller, ACCOUNT, "wire-1", Money(2_822, "USD"), OrderRef(id=ORDER))

    assert paid.payment.fingerprint == "28da80f3daf94f20fbbe44f0169a14b2ca3bd7175dd837a0f6f71bce68244197"
    assert [row.fingerprint for row in await rows_of(shop.database, money.PAYMENTS)] == [paid.payment.fingerprint]


BILLED: dict[str, tuple[Period | list[OrderRef], dict[str, int], str]] = {
    "all that is owed": (
        Period(currency="USD"),
        {},
        "d7ae863a3d688e9fb4446034d1e16c74545e7cc21c413c0caa959f9a215c9fa3",
    ),
    "all from a time on": (
        Period(currency="USD", created_from=MARCH),
        {},
        "e14e4812833659b4011cf66a8e4d3198e01026863f6bf691389c7f713ee7955a",
    ),
    "all until a time": (
        Period(currency="USD", created_until=AFTERWARDS),
        {},
        "4dab96bcafb8adcca405e8475613736ad3ca10ced32347669100bf61a059dcda",
    ),
    "all between two times": (
        Period(currency="USD", created_from=MARCH, created_until=AFTERWARDS),
        {"payment_days": 0},
        "e13756ad3b153f57fc46b1740c8cdfaf372a0a573ad0926573a6df9386e26877",
    ),
    "one order": (
        [OrderRef(id=ORDER)],
        {"payment_days": 14},
        "a6ea4ebea6866ec7d8a7a3de1096acff64cdef3ce98700312457753b88db3860",
    ),
}


@pytest.mark.parametrize(("what", "facts", "digest"), BILLED.values(), ids=BILLED)
async def test_an_invoice_is_stored_with_this_fingerprint(
    shop: Shop, what: Period | list[OrderRef], facts: dict[str, int], digest: str
):
    await shop.place_all(fixed(shop))
    issued = await bill_orders(shop.resources, shop.caller, ACCOUNT, "march", what, **facts)

    assert issued.invoice.fingerprint == digest
    assert [row.fingerprint for row in await rows_of(shop.database, money.INVOICES)] == [digest]


async def test_an_imported_order_is_stored_with_this_fingerprint(shop: Shop):
    item = (
        '[{"id": "7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "vcuAmount": 20, "vcuUnitPrice": 71.5,'
        ' "targetCurrency": "BRL", "status": "Issued", "createdAt": "20/10/2021 20:39:35"}]'
    )
    added = await import_orders(shop.resources, ACCOUNT, item)
    again = await import_orders(shop.resources, ACCOUNT, item)

    assert (added.added, again.added, again.existing, again.faults) == (1, 0, 1, ())
    assert [row.fingerprint for row in await rows_of(shop.database, orders.ORDERS)] == [
        "204b23090d75efc4d0307c206a11a61f413a70f99cc9f916cbcbf94d1c53fb75"
    ]
