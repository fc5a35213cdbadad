"""Numbered pages of orders: exact counters, every documented filter and sort, and a history that comes back as it was.

Seen to fail when: a page begins one order late; the counters forget the filter; a bound of a range is on the wrong
side; a sort by status goes by what it is called inside; a number beyond 64 bits reaches the database.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.domain.catalogue import Weight
from service.domain.listing import OrderRef
from service.operations.bill_orders import bill_orders
from service.operations.import_orders import import_orders
from tests.api.rest.client import Rest
from tests.makers import TONNE_G, make_order_request, make_price, store

SEED = json.loads((Path(__file__).parents[3] / "operations/seed_orders.json").read_text())
FIRST_SIX = ["id", "vcuAmount", "vcuUnitPrice", "targetCurrency", "status", "createdAt"]
COUNTERS = ["pageIndex", "totalPages", "totalCount", "hasPreviousPage", "hasNextPage"]
LIFE = ["Issued", "Billed", "Paid", "Cancelled", "Refunded"]


@pytest.fixture
async def past(carbonext: Rest) -> Rest:
    """The contract over an account with the documented list."""
    shop = carbonext.shop
    told = await import_orders(shop.resources, shop.account.id, json.dumps(SEED))
    assert (told.added, told.faults) == (36, ())
    return carbonext


def created(order: dict[str, Any]) -> datetime:
    return datetime.strptime(order["createdAt"], "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)


def expected(fits: Any = lambda _: True) -> list[str]:
    """Ids of the documented orders that fit, newest first."""
    return [
        each["id"] for each in sorted(SEED["items"], key=lambda each: (created(each), each["id"]))[::-1] if fits(each)
    ]


async def ids(rest: Rest, **query: str) -> list[str]:
    page = await rest.get("/orders", params={"page-size": "100", **query})
    assert page["totalCount"] == len(page["items"])
    return [each["id"] for each in page["items"]]


async def test_the_documented_list_comes_back_as_it_was(past: Rest):
    page = await past.get("/orders?page=1&page-size=100")

    shown = [{name: each[name] for name in FIRST_SIX} for each in page["items"]]
    assert all(list(each)[:6] == FIRST_SIX for each in page["items"])
    assert sorted(shown, key=lambda each: each["id"]) == sorted(SEED["items"], key=lambda each: each["id"])
    assert [each["id"] for each in shown] == expected()
    assert {name: page[name] for name in COUNTERS} == {name: SEED[name] for name in COUNTERS}
    assert list(page) == ["items", *COUNTERS, "aggregations"]


async def test_pages_are_numbered_and_leave_nothing_out(past: Rest):
    whole, seen = expected(), []
    for number in (1, 2, 3, 4):
        page = await past.get(f"/orders?page={number}&page-size=10")
        seen += [each["id"] for each in page["items"]]
        assert [page[name] for name in COUNTERS] == [number, 4, 36, number > 1, number < 4]
    assert seen == whole
    usual = await past.get("/orders")
    assert ([each["id"] for each in usual["items"]], usual["totalPages"]) == (whole[:20], 2)


async def test_a_page_beyond_the_end_is_empty_and_counts(past: Rest):
    page = await past.get("/orders?page=5&page-size=10")
    assert (page["items"], [page[name] for name in COUNTERS]) == ([], [5, 4, 36, True, False])
    assert (await past.get("/orders?page=1000000&page-size=100"))["items"] == []


async def test_an_account_without_orders_has_an_empty_page(carbonext: Rest):
    page = await carbonext.get("/orders")
    assert (page["items"], [page[name] for name in COUNTERS]) == ([], [1, 0, 0, False, False])


async def test_a_page_number_that_does_not_exist_is_400(carbonext: Rest):
    for query in ("page=0", "page=-1", "page=x", "page=1.5", "page-size=0", "page-size=101", "page=1000001"):
        assert (await carbonext.ask("GET", f"/orders?{query}")).status_code == 400, query


async def test_names_in_the_address_have_any_case(past: Rest):
    page = await past.get("/orders?Page=2&PAGE-SIZE=30&Filter-By=STATUS_NE:none&Sort-By=CREATEDAT_ASC")
    assert [each["id"] for each in page["items"]] == expected()[::-1][30:]


FILTERS: list[tuple[str, Any]] = [
    ("status_eq:Paid", lambda each: each["status"] == "Paid"),
    ("STATUS_EQ:paid", lambda each: each["status"] == "Paid"),
    ("status_ne:Paid", lambda each: each["status"] != "Paid"),
    ("status_in:Issued-Refunded", lambda each: each["status"] in {"Issued", "Refunded"}),
    ("status_in:cancelled-Nothing", lambda each: each["status"] == "Cancelled"),
    ("status_eq:Nothing", lambda _: False),
    ("vcuUnitPrice_ge:71.5", lambda each: each["vcuUnitPrice"] >= 71.5),
    ("vcuUnitPrice_gt:71.5", lambda each: each["vcuUnitPrice"] > 71.5),
    ("vcuUnitPrice_le:13", lambda each: each["vcuUnitPrice"] <= 13),
    ("vcuUnitPrice_lt:13", lambda each: each["vcuUnitPrice"] < 13),
    ("vcuAmount_eq:20", lambda each: each["vcuAmount"] == 20),
    ("vcuAmount_eq:0.2", lambda each: each["vcuAmount"] == 0.2),
    ("vcuAmount_eq:0.2000001", lambda _: False),
    ("vcuAmount_ge:20", lambda each: each["vcuAmount"] >= 20),
    ("vcuAmount_gt:20", lambda each: each["vcuAmount"] > 20),
    ("vcuAmount_le:0.2", lambda each: each["vcuAmount"] <= 0.2),
    ("vcuAmount_lt:0.2", lambda each: each["vcuAmount"] < 0.2),
    ("createdAt_eq:2021-10-26", lambda each: created(each).day == 26),
    ("createdAt_ge:2021-10-26", lambda each: created(each) >= datetime(2021, 10, 26, tzinfo=UTC)),
    ("createdAt_gt:2021-10-26", lambda each: created(each) >= datetime(2021, 10, 27, tzinfo=UTC)),
    ("createdAt_le:2021-10-20", lambda each: created(each) < datetime(2021, 10, 21, tzinfo=UTC)),
    ("createdAt_lt:2021-10-26", lambda each: created(each) < datetime(2021, 10, 26, tzinfo=UTC)),
    ("totalPrice_eq:1430", lambda each: each["vcuAmount"] * each["vcuUnitPrice"] == 1430),
    ("totalPrice_ge:1430", lambda each: each["vcuAmount"] * each["vcuUnitPrice"] >= 1430),
    ("totalPrice_gt:1430.00", lambda each: each["vcuAmount"] * each["vcuUnitPrice"] > 1430),
    ("totalPrice_le:14", lambda each: each["vcuAmount"] * each["vcuUnitPrice"] <= 14),
    ("totalPrice_lt:14", lambda each: each["vcuAmount"] * each["vcuUnitPrice"] < 14),
    ("vcuAmount_ge:20~status_eq:Issued~vcuAmount_lt:200",
     lambda each: each["status"] == "Issued" and 20 <= each["vcuAmount"] < 200),
    ("vcuAmount_ge:20~vcuAmount_ge:2", lambda each: each["vcuAmount"] >= 20),
    ("status_in:Issued-Paid~status_ne:Paid", lambda each: each["status"] == "Issued"),
    ("colour_eq:red~status_eq:Paid~~x~vcuAmount_in:1-2~vcuUnitPrice_eq:77", lambda each: each["status"] == "Paid"),
    ("vcuAmount_ge:99999999999999999999999", lambda _: False),
    ("vcuAmount_lt:99999999999999999999999", lambda _: True),
    ("totalPrice_ge:99999999999999999999999", lambda _: False),
    ("vcuUnitPrice_ge:99999999999999999999999", lambda _: False),
    ("createdAt_le:9999-12-31", lambda _: True),
    ("createdAt_gt:9999-12-31", lambda _: False),
    ("createdAt_eq:0001-01-01", lambda _: False),
    ("", lambda _: True),
]  # fmt: skip


async def test_every_filter_lets_through_what_it_says(past: Rest):
    for term, fits in FILTERS:
        assert await ids(past, **{"filter-by": term}) == expected(fits), term


async def test_every_operator_that_is_allowed_is_tried_here(carbonext: Rest):
    told = await carbonext.get("/allowed-filters/orders", key="")
    tried = {term.partition(":")[0] for term, _ in FILTERS}
    assert set(told["filters"]) - tried == {"invoiceId_eq"}
    assert (told["filters"][:4], len(told["filters"])) == (
        ["status_eq", "status_ne", "status_in", "vcuUnitPrice_ge"],
        23,
    )
    assert told["aggregate"] == {"columns": [], "operations": []}
    assert await carbonext.get("/resources", key="") == {"entities": ["orders"]}
    assert (await carbonext.ask("GET", "/allowed-filters/projects")).status_code == 404


async def test_a_value_that_its_field_cannot_have_is_400(carbonext: Rest):
    for term in ("vcuAmount_ge:x", "totalPrice_lt:1e5", "vcuAmount_eq:-1", "createdAt_ge:26/10/2021", "invoiceId_eq:x"):
        assert (await carbonext.ask("GET", "/orders", params={"filter-by": term})).status_code == 400, term


async def test_the_orders_of_an_invoice_are_found(past: Rest):
    shop, wanted = past.shop, expected(lambda each: each["status"] == "Issued" and each["targetCurrency"] == "BRL")[:2]
    refs = [OrderRef(id=UUID(each)) for each in wanted]
    billed = await bill_orders(shop.resources, shop.caller, shop.account.id, "march", refs)

    assert await ids(past, **{"filter-by": f"invoiceId_eq:{billed.invoice.id}"}) == wanted
    assert await ids(past, **{"filter-by": f"invoiceId_eq:{UUID(int=7)}"}) == []


async def test_every_sort_goes_both_ways(past: Rest):
    keys = {
        "createdAt": created,
        "vcuAmount": lambda each: each["vcuAmount"],
        "status": lambda each: LIFE.index(each["status"]),
        "vcuUnitPrice": lambda each: each["vcuUnitPrice"],
    }
    assert list(keys) == (await past.get("/allowed-filters/orders"))["sort"]
    for name, key in keys.items():
        upwards = [each["id"] for each in sorted(SEED["items"], key=lambda each: (key(each), each["id"]))]
        assert await ids(past, **{"sort-by": f"{name}_asc"}) == upwards
        assert await ids(past, **{"sort-by": f"{name}_desc"}) == upwards[::-1]
    for unknown in ("colour_asc", "createdAt", "status_up", ""):
        assert await ids(past, **{"sort-by": unknown}) == expected()


async def test_orders_of_different_states_that_are_shown_as_one_stand_together(past: Rest):
    served = await past.shop.place(make_order_request(1_000, currency="BRL"))
    waiting = await past.shop.place(make_order_request(5_000_000_000, currency="BRL"))
    assert waiting.status != served.status

    page = await past.get("/orders?page-size=100&sort-by=status_asc")

    shown = [LIFE.index(each["status"]) for each in page["items"]]
    assert shown == sorted(shown)


async def test_the_price_of_a_mixed_order_is_sorted_and_filtered_as_it_is_shown(carbonext: Rest):
    await carbonext.shop.execute(
        "UPDATE prices SET unit_price_micros = 250000000 WHERE bundle_id = $1", carbonext.shop.ocean.id
    )
    order = await carbonext.post("/orders", {"vcuAmount": 0.333333, "targetCurrency": "BRL"})
    assert order["vcuUnitPrice"] == 85.65
    for term, found in (("ge:85.65", 1), ("gt:85.65", 0), ("le:85.65", 1), ("lt:85.65", 0), ("ge:85.66", 0)):
        assert len(await ids(carbonext, **{"filter-by": f"vcuUnitPrice_{term}"})) == found, term


async def test_dates_are_told_in_utc_to_the_second(carbonext: Rest):
    order = await carbonext.post("/orders", {"vcuAmount": 1, "targetCurrency": "BRL"})
    (listed,) = (await carbonext.get("/orders"))["items"]
    assert listed == {**order, "invoices": [], "subscriptions": []}
    assert timedelta(0) <= datetime.now(UTC) - created(listed) < timedelta(minutes=1)


IN_UNITS = [("USD", "19.99"), ("USD", "20.01"), ("JPY", "19"), ("JPY", "20"), ("KWD", "19.999"), ("KWD", "20.001")]


@pytest.fixture
async def mixed(carbonext: Rest) -> Rest:
    """The contract over an account with an order of a tonne for each of these totals."""
    shop = carbonext.shop
    forest = (Weight(shop.forest.id, 10_000),)
    for currency, price in IN_UNITS:
        await shop.execute("DELETE FROM prices WHERE currency = $1", currency)
        await store(shop.database, make_price(shop.forest, price, currency))
        await shop.place(make_order_request(TONNE_G, currency=currency, selection=forest))
    return carbonext


@pytest.mark.parametrize(
    ("operator", "found"),
    [
        ("ge:20", {"20.01", "20", "20.001"}),
        ("gt:20", {"20.01", "20.001"}),
        ("le:20", {"19.99", "19", "20", "19.999"}),
        ("lt:20", {"19.99", "19", "19.999"}),
        ("lt:19.9995", {"19.99", "19", "19.999"}),
        ("ge:19.9995", {"20.01", "20", "20.001"}),
        ("le:19.999", {"19.99", "19", "19.999"}),
        ("gt:19.99", {"20.01", "20", "19.999", "20.001"}),
        ("ge:1900", set()),
    ],
)
async def test_amounts_are_compared_in_the_units_of_each_orders_currency(mixed: Rest, operator: str, found: set[str]):
    for name in ("totalPrice", "vcuUnitPrice"):
        page = await mixed.get("/orders", params={"filter-by": f"{name}_{operator}"})
        shown = {format(Decimal(str(each["totalPrice"])).normalize(), "f") for each in page["items"]}
        assert shown == found, name
        assert {format(Decimal(str(each["vcuUnitPrice"])).normalize(), "f") for each in page["items"]} == found


async def test_a_total_equals_the_amount_that_is_shown(mixed: Rest):
    for amount, count in (
        ("20", 1),
        ("20.00", 1),
        ("20.001", 1),
        ("19.99", 1),
        ("2000", 0),
        ("0.20", 0),
        ("19.9900001", 0),
    ):
        page = await mixed.get("/orders", params={"filter-by": f"totalPrice_eq:{amount}"})
        assert page["totalCount"] == count, amount
    both = await mixed.get("/orders", params={"filter-by": "totalPrice_ge:20~totalPrice_lt:20.005~totalPrice_ge:1"})
    assert {each["totalPrice"] for each in both["items"]} == {20, 20.001}


async def test_prices_are_sorted_in_the_units_of_each_orders_currency(mixed: Rest):
    page = await mixed.get("/orders", params={"sort-by": "vcuUnitPrice_asc"})
    assert [each["vcuUnitPrice"] for each in page["items"]] == sorted(float(total) for _, total in IN_UNITS)
