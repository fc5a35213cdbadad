"""History: an order list from elsewhere comes in whole or not at all, once, and comes back as it was.

Seen to fail when: a unit price is read as a float; a day and a month are exchanged; a Paid order has no journal of its
payment; a second import adds again; an order with a fault is left out and the others are imported.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.domain.amounts import MassUnit, mass_text, price_text
from service.domain.history import STATES
from service.domain.listing import OrderFilter, OrderRef, OrderSort
from service.domain.order import Order, OrderStatus, PaymentStatus, Source
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations.audit import audit
from service.operations.cancel_orders import cancel_orders
from service.operations.import_orders import import_orders
from service.operations.read_orders import list_orders
from tests.shop import Shop

SEED = (Path(__file__).parent / "seed_orders.json").read_text()
ITEM = {
    "id": "10c3d119-433d-49c8-a7d3-d471a6473669",
    "vcuAmount": 20,
    "vcuUnitPrice": 71.5,
    "targetCurrency": "BRL",
    "status": "Issued",
    "createdAt": "20/10/2021 20:39:35",
}
SHOWN = {state: word for word, state in STATES.items()}


def history(*items: dict[str, Any]) -> str:
    return json.dumps(items)


async def orders_of(shop: Shop) -> list[Order]:
    page = await list_orders(shop.resources, shop.caller, OrderFilter(), OrderSort(), PageRequest(100))
    return list(page.items)


async def deviations(shop: Shop) -> list[str]:
    return [finding.name for finding in await audit(shop.resources) if finding.deviating]


async def as_listed(shop: Shop, order: Order) -> dict[str, str]:
    """The order as the list that it came from would say it."""
    (line,) = await shop.lines(order)
    return {
        "id": str(order.id),
        "vcuAmount": mass_text(order.mass_g, MassUnit.TONNE),
        "vcuUnitPrice": price_text(line.gross_unit_price_micros),
        "targetCurrency": order.currency,
        "status": SHOWN[order.status, order.payment_status],
        "createdAt": f"{order.created_at:%d/%m/%Y %H:%M:%S}",
    }


async def test_the_36_orders_of_the_list_come_back_as_they_were(shop: Shop):
    done = await import_orders(shop.resources, shop.account.id, SEED)

    stored = [await as_listed(shop, order) for order in await orders_of(shop)]
    listed = json.loads(SEED, parse_float=str, parse_int=str)["items"]
    assert (done.rows, done.added, done.existing, done.faults) == (36, 36, 0, ())
    assert sorted(stored, key=lambda each: each["id"]) == sorted(listed, key=lambda each: each["id"])


async def test_history_is_marked_numbered_and_told_of(shop: Shop):
    await import_orders(shop.resources, shop.account.id, SEED)

    found = await orders_of(shop)
    assert {order.source for order in found} == {Source.IMPORT}
    assert len({order.number for order in found}) == 36
    assert sorted(found, key=lambda order: order.number[:8]) == sorted(found, key=lambda order: order.created_at)
    events = await shop.database.reader.fetch("SELECT seq, event_type FROM events ORDER BY seq")
    assert [(row["seq"], row["event_type"]) for row in events] == [(seq, "order.imported") for seq in range(1, 37)]


async def test_a_second_import_adds_nothing(shop: Shop):
    await import_orders(shop.resources, shop.account.id, SEED)
    before = await shop.everything()

    done = await import_orders(shop.resources, shop.account.id, SEED)

    assert (done.added, done.existing, done.faults) == (0, 36, ())
    assert await shop.everything() == before


async def test_an_interrupted_import_is_finished_by_the_next(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))

    done = await import_orders(shop.resources, shop.account.id, SEED)

    assert (done.added, done.existing) == (35, 1)
    assert len(await orders_of(shop)) == 36


async def test_a_rehearsal_changes_nothing(shop: Shop):
    before = await shop.everything()

    done = await import_orders(shop.resources, shop.account.id, SEED, rehearse=True)

    assert (done.rows, done.added, done.existing, done.faults) == (36, 36, 0, ())
    assert await shop.everything() == before


async def test_the_books_of_history_add_up(shop: Shop):
    await import_orders(shop.resources, shop.account.id, SEED)

    assert await deviations(shop) == []
    owed = await shop.database.reader.fetch(
        "SELECT currency, sum(amount_minor) AS minor FROM ledger_entries WHERE ledger_account = 'receivable'"
        " GROUP BY currency ORDER BY currency"
    )
    unpaid = [item for item in json.loads(SEED)["items"] if item["status"] in {"Issued", "Billed"}]
    for row, currency in zip(owed, ("BRL", "USD"), strict=True):
        worth = [item["vcuAmount"] * item["vcuUnitPrice"] for item in unpaid if item["targetCurrency"] == currency]
        assert (row["currency"], int(row["minor"])) == (currency, round(100 * sum(worth)))


async def test_an_open_order_of_the_past_is_cancelled_like_any_other(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))
    (order,) = await orders_of(shop)

    (cancelled,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])

    assert isinstance(cancelled, Order)
    assert (cancelled.status, cancelled.payment_status) == (OrderStatus.CANCELLED, PaymentStatus.ISSUED)
    assert await deviations(shop) == []


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("03/02/2021 04:05:06", datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2022-07-24T18:26:44.4176783Z", datetime(2022, 7, 24, 18, 26, 44, 417678, tzinfo=UTC)),
        ("2022-07-24T18:26:44.417678", datetime(2022, 7, 24, 18, 26, 44, 417678, tzinfo=UTC)),
        ("2022-07-24T18:26:44+03:00", datetime(2022, 7, 24, 15, 26, 44, tzinfo=UTC)),
        ("31/12/1999 23:59:59", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
async def test_dates_are_read_in_both_spellings(shop: Shop, text: str, instant: datetime):
    await import_orders(shop.resources, shop.account.id, history({**ITEM, "createdAt": text}))

    assert [order.created_at for order in await orders_of(shop)] == [instant]


async def test_orders_of_one_instant_before_numbers_begin_have_numbers_of_their_own(shop: Shop):
    twins = [f"{number:08x}-0000-4000-8000-000000000007" for number in range(40)]
    old = [{**ITEM, "id": twin, "createdAt": "01/01/2001 00:00:00"} for twin in twins]
    await import_orders(shop.resources, shop.account.id, history(*old[:20]))

    done = await import_orders(shop.resources, shop.account.id, history(*old[20:]))

    assert done.added == 20
    assert len({order.number for order in await orders_of(shop)}) == 40


async def test_every_fault_of_a_file_is_named_at_once_and_nothing_is_imported(shop: Shop):
    before = await shop.everything()
    bad = [
        ITEM,
        {**ITEM, "vcuAmount": -1},
        {**ITEM, "id": "11c3d119-433d-49c8-a7d3-d471a6473669", "vcuAmount": "0.0000001", "targetCurrency": "XYZW"},
        {**ITEM, "id": "x", "status": "Shipped", "createdAt": "2021-13-01"},
        {**ITEM, "createdAt": "01/01/2190 00:00:00", "vcuUnitPrice": None},
        ["not", "an", "object"],
        {key: value for key, value in ITEM.items() if key != "status"},
        ITEM,
    ]

    done = await import_orders(shop.resources, shop.account.id, json.dumps({"items": bad}))

    assert [(fault.row, fault.column) for fault in done.faults] == [
        ("item 2", "vcuAmount"),
        ("item 3", "vcuAmount"),
        ("item 3", "targetCurrency"),
        ("item 4", "id"),
        ("item 4", "status"),
        ("item 4", "createdAt"),
        ("item 5", "vcuUnitPrice"),
        ("item 5", "createdAt"),
        ("item 6", ""),
        ("item 7", "status"),
        ("item 8", "id"),
    ]
    assert done.added == 0
    assert await shop.everything() == before


async def test_an_order_that_stands_with_other_facts_is_a_fault(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))
    before = await shop.everything()

    done = await import_orders(shop.resources, shop.account.id, history({**ITEM, "vcuAmount": 21}))

    assert [(fault.row, fault.column) for fault in done.faults] == [(f"order {ITEM['id']}", "id")]
    assert await shop.everything() == before


async def test_another_spelling_of_the_same_row_is_the_same_row(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))
    other = {
        **ITEM,
        "id": ITEM["id"].replace("-", "").upper(),
        "vcuAmount": "20.00",
        "createdAt": "2021-10-20T20:39:35Z",
    }

    done = await import_orders(shop.resources, shop.account.id, history(other))

    assert (done.added, done.existing, done.faults) == (0, 1, ())


@pytest.mark.parametrize("text", ["", "{", '{"items": {}}', "7", "[" * 100_000])
async def test_a_file_that_is_no_list_is_refused(shop: Shop, text: str):
    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, shop.account.id, text)
    assert refusal.value.code is Code.BAD_USER_INPUT


async def test_an_account_that_is_not_there_is_refused(shop: Shop):
    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, uuid7(), SEED)
    assert refusal.value.code is Code.NOT_FOUND
