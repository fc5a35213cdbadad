"""History: an order list from elsewhere comes in whole or not at all, once, and comes back as it was.

Seen to fail when: a unit price is read as a float; a day and a month are exchanged; a Paid order has no journal of its
payment; a second import adds again; an order with a fault is left out and the others are imported; one page of several
passes for the list; the total of the file is not compared.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.domain.accounts import Caller
from service.domain.amounts import MassUnit, mass_text, price_text
from service.domain.catalogue import Mode
from service.domain.history import STATES
from service.domain.history_file import TotalDifference
from service.domain.listing import OrderFilter, OrderRef, OrderSort
from service.domain.order import Order, OrderStatus, PaymentStatus, Source
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations.audit import audit
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.import_orders import ImportedOrders, import_orders
from service.operations.read_orders import list_orders
from service.operations.refund_order import refund_order
from service.operations.simulate_order import Outcome, simulate_order
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.balances import BALANCES
from tests.books import rows_of
from tests.makers import make_caller
from tests.shop import Shop

SEED = (Path(__file__).parent / "seed_orders.json").read_text()
ITEM: dict[str, Any] = {
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


def customer(shop: Shop) -> Caller:
    return make_caller(shop.account, CUSTOMER_SCOPES)


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


async def test_an_open_order_of_the_past_is_cancelled_by_an_operator(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))
    (order,) = await orders_of(shop)

    (cancelled,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])

    assert isinstance(cancelled, Order)
    assert (cancelled.status, cancelled.payment_status) == (OrderStatus.CANCELLED, PaymentStatus.ISSUED)
    assert await deviations(shop) == []


@pytest.mark.parametrize("how", [{}, {"only_unfulfilled": True}, {"while_issued": True}, {"all_or_nothing": False}])
@pytest.mark.parametrize("status", ["Paid", "Issued", "Billed"])
async def test_a_customer_cannot_cancel_the_past(shop: Shop, status: str, how: dict[str, bool]):
    await import_orders(shop.resources, shop.account.id, history({**ITEM, "status": status}))
    (order,) = await orders_of(shop)
    before = await shop.everything()

    answers = await cancel_orders(shop.resources, customer(shop), [OrderRef(id=order.id)], **how)

    assert [answer.code for answer in answers if isinstance(answer, Refused)] == [Code.ORDER_STATE]
    assert await shop.everything() == before


async def test_what_was_paid_in_the_past_becomes_no_balance_beside_an_order_of_today(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history({**ITEM, "status": "Paid"}))
    (past,), today = await orders_of(shop), await shop.place()

    refs = [OrderRef(id=past.id), OrderRef(id=today.id)]
    answers = await cancel_orders(shop.resources, customer(shop), refs, all_or_nothing=False)

    refused, cancelled = answers
    assert isinstance(refused, Refused)
    assert isinstance(cancelled, Order)
    assert cancelled.status is OrderStatus.CANCELLED
    assert {each.amount_minor for each in await rows_of(shop.database, BALANCES)} <= {0}


async def test_a_cancelled_order_of_the_past_is_answered_to_whoever_cancels_it_again(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history({**ITEM, "status": "Cancelled"}))
    (order,) = await orders_of(shop)

    assert await cancel_orders(shop.resources, customer(shop), [OrderRef(id=order.id)]) == [order]


async def test_an_operator_refunds_fails_and_cancels_what_was_paid_in_the_past(shop: Shop):
    ids = [str(uuid7()) for _ in range(3)]
    await import_orders(
        shop.resources, shop.account.id, history(*({**ITEM, "id": each, "status": "Paid"} for each in ids))
    )
    refs = [OrderRef(id=UUID(each)) for each in ids]

    await refund_order(shop.resources, shop.caller, shop.account.id, refs[0])
    await fail_order(shop.resources, shop.caller, shop.account.id, refs[1])
    await cancel_orders(shop.resources, shop.caller, refs[2:])

    assert [order.payment_status for order in await orders_of(shop)] == [PaymentStatus.REFUNDED] * 3
    assert await deviations(shop) == []


@pytest.mark.parametrize("outcome", [Outcome.REFUND, Outcome.FAIL])
async def test_a_test_account_does_not_undo_the_past(shop: Shop, outcome: Outcome):
    trial = await shop.another_account(mode=Mode.TEST)
    await import_orders(shop.resources, trial.id, history({**ITEM, "status": "Paid"}))
    before = await shop.everything()

    with pytest.raises(Refused) as refusal:
        await simulate_order(shop.resources, make_caller(trial), OrderRef(id=UUID(ITEM["id"])), outcome)

    assert refusal.value.code is Code.ORDER_STATE
    assert await shop.everything() == before


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


ONE_LIST = "Put the orders of all pages into one list, without the counters of a page."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The file is empty."),
        ("{", "The file is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ('{"items": {}}', "The file has neither a list nor an object with a list `items`."),
        ('{"orders": []}', "The file has neither a list nor an object with a list `items`."),
        ("7", "The file has neither a list nor an object with a list `items`."),
        ("[]", "The file has no orders."),
        ('{"items": [], "totalCount": 0}', "The file has no orders."),
        ("[7, null]", "The file has no orders, but other values."),
        (
            '{"id": 1}\n{"id": 2}',
            (
                "The file is not JSON: Extra data: line 2 column 1 (char 10)."
                " It seems to have one object a line. Make them one list."
            ),
        ),
        (
            "id,vcuAmount\n1,2\n",
            (
                "The file is not JSON: Expecting value: line 1 column 1 (char 0). It seems to be CSV."
                " Orders are imported from JSON."
            ),
        ),
        (
            history({**ITEM}).replace('"status"', '"id": 1, "status"'),
            "An object of the file has the member id more than once.",
        ),
        (
            history({"id": ITEM["id"], "VcuAmount": 2}),
            (
                "The columns vcuAmount, vcuUnitPrice, targetCurrency, status,"
                " createdAt are missing in every order; vcuAmount is perhaps VcuAmount."
            ),
        ),
        (json.dumps([{"items": [ITEM]}, {"items": [ITEM]}]), f"The list is one of pages. {ONE_LIST}"),
    ],
)
async def test_a_file_that_is_no_list_of_orders_is_told_why(shop: Shop, text: str, told: str):
    before = await shop.everything()

    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, shop.account.id, text)

    assert (refusal.value.code, refusal.value.message) == (Code.BAD_USER_INPUT, told)
    assert await shop.everything() == before


async def test_a_file_that_is_nested_without_end_is_refused(shop: Shop):
    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, shop.account.id, "[" * 100_000)
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("counters", "told"),
    [
        (
            {"pageIndex": 2, "totalPages": 4, "totalCount": 36},
            f"The file is page 2 of 4, with 1 of 36 orders. {ONE_LIST}",
        ),
        (
            {"pageIndex": 1, "totalPages": 2, "totalCount": 36, "hasPreviousPage": False, "hasNextPage": True},
            f"The file is page 1 of 2, with 1 of 36 orders. {ONE_LIST}",
        ),
        ({"pageIndex": 36, "totalPages": 36}, f"The file is page 36 of 36, with 1 orders. {ONE_LIST}"),
        ({"hasNextPage": True}, f"The file is one page of several, with 1 orders. {ONE_LIST}"),
        ({"hasPreviousPage": True}, f"The file is one page of several, with 1 orders. {ONE_LIST}"),
        ({"pageIndex": 2}, f"The file is one page of several, with 1 orders. {ONE_LIST}"),
        (
            {"pageIndex": 1, "totalPages": 1, "totalCount": 36},
            "The file has 1 of 36 orders. Export it again, or remove the total count if these are all.",
        ),
        ({"totalCount": 0}, "The file has 1 of 0 orders. Export it again, or remove the total count if these are all."),
    ],
)
async def test_one_page_of_several_is_refused(shop: Shop, counters: dict[str, Any], told: str):
    before = await shop.everything()

    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, shop.account.id, json.dumps({"items": [ITEM], **counters}))

    assert (refusal.value.code, refusal.value.message) == (Code.BAD_USER_INPUT, told)
    assert await shop.everything() == before


@pytest.mark.parametrize(
    "counters",
    [
        {"pageIndex": 1, "totalPages": 1, "totalCount": 1, "hasPreviousPage": False, "hasNextPage": False},
        {"pageIndex": 1, "totalPages": 3, "totalCount": 1, "hasNextPage": True},
        {"pageIndex": 0, "totalPages": 0},
        {"pageIndex": None, "totalPages": None, "totalCount": None, "hasNextPage": None},
        {"pageIndex": "one", "totalCount": "unknown"},
    ],
)
async def test_a_list_that_has_all_it_counts_is_imported(shop: Shop, counters: dict[str, Any]):
    done = await import_orders(shop.resources, shop.account.id, json.dumps({"items": [ITEM], **counters}))

    assert (done.rows, done.added, done.faults) == (1, 1, ())


@pytest.mark.parametrize(
    ("member", "number", "stored"),
    [
        ("vcuAmount", "5e-05", 50),
        ("vcuAmount", "1E+3", 1_000_000_000),
        ("vcuAmount", "2.5e-1", 250_000),
        ("vcuAmount", '"1e-06"', 1),
        ("vcuAmount", "0e-7", 0),
        ("vcuUnitPrice", "7.15e1", 71_500_000),
        ("vcuUnitPrice", "1e-06", 1),
    ],
)
async def test_numbers_with_an_exponent_are_read_exactly(shop: Shop, member: str, number: str, stored: int):
    text = history(ITEM).replace(f'"{member}": {ITEM[member]}', f'"{member}": {number}')

    await import_orders(shop.resources, shop.account.id, text)

    (order,) = await orders_of(shop)
    (line,) = await shop.lines(order)
    assert (order.mass_g if member == "vcuAmount" else line.unit_price_micros) == stored
    assert await deviations(shop) == []


@pytest.mark.parametrize("number", ["1.5e-07", "1e-400", "1e999999999", "9e39", "-5e-05", "NaN", "Infinity"])
async def test_a_number_that_is_no_mass_is_a_fault_of_its_row(shop: Shop, number: str):
    before = await shop.everything()

    done = await import_orders(
        shop.resources, shop.account.id, history(ITEM).replace('"vcuAmount": 20', f'"vcuAmount": {number}')
    )

    assert [(fault.row, fault.column) for fault in done.faults] == [("item 1", "vcuAmount")]
    assert await shop.everything() == before


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (1430, None),
        ("1430.00", None),
        (1430.004, None),
        (None, None),
        (1430.01, "1430.01"),
        (1287, "1287"),
        ("1.287e3", "1.287e3"),
        (-1430, "-1430"),
        ("R$ 1.430,00", "R$ 1.430,00"),
        ([1430], "no number"),
        ("9" * 60, "9" * 40),
    ],
)
@pytest.mark.parametrize("rehearse", [True, False])
async def test_a_total_that_differs_from_ours_is_told(shop: Shop, stated: object, told: str | None, rehearse: bool):
    text = history(ITEM | {"totalPrice": stated})

    done = await import_orders(shop.resources, shop.account.id, text, rehearse=rehearse)

    differing = () if told is None else (TotalDifference("item 1", told, "1430.00"),)
    assert done == ImportedOrders(1, 1, 0, (), differing)
    assert [order.total_cost_minor for order in await orders_of(shop)] == ([] if rehearse else [143_000])


async def test_a_total_of_a_currency_without_decimals_is_compared_in_its_units(shop: Shop):
    other = "11c3d119-433d-49c8-a7d3-d471a6473669"
    yen = {**ITEM, "targetCurrency": "JPY", "vcuUnitPrice": 71.525}
    items = [{**yen, "totalPrice": 1430.5}, {**yen, "id": other, "totalPrice": 1430.4}]

    done = await import_orders(shop.resources, shop.account.id, history(*items))

    assert done.differing_totals == (TotalDifference("item 2", "1430.4", "1431"),)


async def test_a_file_is_the_same_file_with_or_without_its_totals(shop: Shop):
    await import_orders(shop.resources, shop.account.id, history(ITEM))

    done = await import_orders(shop.resources, shop.account.id, history(ITEM | {"totalPrice": 7}))

    assert done == ImportedOrders(1, 0, 1, (), (TotalDifference("item 1", "7", "1430.00"),))


async def test_an_account_that_is_not_there_is_refused(shop: Shop):
    with pytest.raises(Refused) as refusal:
        await import_orders(shop.resources, uuid7(), SEED)
    assert refusal.value.code is Code.NOT_FOUND
