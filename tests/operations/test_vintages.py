"""Vintages whose time is not over are refused at receipt, never sold and never retired, and block nobody.

Seen to fail when: the statement that finds due orders, or the check under the lock, leaves the rule out.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.domain.order import OrderStatus
from service.domain.serials.facts import CreditStatus
from service.domain.serials.forms import SerialForm
from service.domain.vintages import VintageFault
from service.errors import Code, Refused
from service.operations.audit import audit
from service.operations.fail_order import fail_order
from service.operations.match_backorders import match_backorders
from service.operations.read_certificates import retirement_refusals_of_orders
from service.operations.record_payment import record_payment
from service.operations.retire_order_now import retire_order_now
from service.operations.retire_orders import retire_order, retire_orders
from tests.makers import TONNE_G, make_batch, make_caller, make_order_request, store
from tests.operations.test_receive_serials import VERRA, imported, received, refused
from tests.shop import Shop

TODAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
MARKIT = "CFS-VER-AR-100000000000391-01012017-31122017-1028-1127-MER-1-"


@pytest.fixture
async def dated(shop: Shop) -> Shop:
    """Return the shop with its clock set to a day."""
    return replace(shop, resources=replace(shop.resources, clock=lambda: TODAY))


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"vintage": 2031}, "vintage"),
        ({"vintage": 2026}, "vintage"),
        ({"vintage": 2026, "period_end": date(2026, 11, 30)}, "period_end"),
        ({"vintage": 2025, "period_end": date(2027, 1, 1)}, "period_end"),
        ({"vintage": 2027, "period_end": date(2026, 6, 30)}, "vintage"),
        ({"vintage": 2026, "serial_range": VERRA.replace("01012019-31122019", "01012026-31122026")}, "period_end"),
        ({"vintage": 2017, "serial_form": SerialForm.MARKIT, "serial_range": f"{MARKIT}A"}, "serial_range"),
        (
            {"vintage": 2017, "serial_form": SerialForm.MARKIT, "serial_range": f"{MARKIT}P".replace("VER", "PIU")},
            "serial_range",
        ),
    ],
)
async def test_credits_whose_time_is_not_over_are_refused_at_receipt(
    dated: Shop,
    operator: Any,
    facts: dict[str, Any],
    member: str,
):
    if "serial_range" not in facts:
        facts = {**facts, "serial_form": SerialForm.PLAIN, "serial_range": "OAK-1-100"}
    refusal = await refused(dated, operator, "r", **facts)

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, (member,))


@pytest.mark.parametrize(
    ("vintage", "period_end"), [(2025, None), (2026, date(2026, 11, 29)), (2024, date(2026, 1, 1))]
)
async def test_credits_whose_time_is_over_are_received(
    dated: Shop,
    operator: Any,
    vintage: int,
    period_end: date | None,
):
    stated = {"serial_form": SerialForm.PLAIN, "serial_range": "OAK-1-100"}
    batch = await received(dated, operator, "r", vintage=vintage, period_end=period_end, **stated)

    assert (batch.vintage, batch.period_end) == (vintage, period_end)


async def test_an_import_names_the_rows_of_future_vintages(dated: Shop):
    row = {"serial_form": "plain", "serial_range": "OAK-1-100"}
    done = await imported(
        dated,
        {**row, "reference": "a", "vintage": "2031"},
        {**row, "reference": "b", "vintage": "2026", "period_end": "2026-12-31", "serial_range": "ELM-1-100"},
        {**row, "reference": "c", "vintage": "2026", "period_end": "31.12.2025", "serial_range": "ASH-1-100"},
    )

    assert [(fault.row, fault.column) for fault in done.faults] == [
        ("item 3", "period_end"),
        ("item 1", "vintage"),
        ("item 2", "period_end"),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"vintage": 2031},
        {"vintage": 2026},
        {"vintage": 2020, "period_end": date(2026, 11, 30)},
        {"vintage": 2017, "credit_status": CreditStatus.EX_ANTE},
        {"vintage": 2017, "credit_status": CreditStatus.PENDING},
    ],
)
async def test_stock_whose_time_is_not_over_is_not_sold(dated: Shop, facts: dict[str, Any]):
    future = make_batch(dated.forest_project, 50 * TONNE_G, **facts)
    await store(dated.database, future)

    order = await dated.place(make_order_request(60 * TONNE_G))
    await match_backorders(dated.resources)

    assert await dated.available_g(future) == 50 * TONNE_G
    found = await dated.order(order.id)
    assert found is not None
    assert found.status is OrderStatus.PLACED


async def test_an_order_that_holds_refused_credits_is_skipped_blocks_nobody_and_can_be_failed(dated: Shop):
    """Sixty such orders are older than one of sound credits: more than a run looks at."""
    held = [await dated.place(make_order_request(1_000)) for _ in range(60)]
    await dated.execute("UPDATE credit_batches SET vintage = 2031 WHERE id = $1", dated.old.id)
    sound = await dated.place(make_order_request(1_000))

    assert await retire_orders(dated.resources, after_ms=0, unpaid=True) == 2

    found = [await dated.order(each.id) for each in (held[0], held[-1], sound)]
    assert [each.status for each in found if each is not None] == [
        OrderStatus.FULFILLED,
        OrderStatus.FULFILLED,
        OrderStatus.COMPLETE,
    ]
    assert await retire_order(dated.resources, dated.account.id, held[0].id, keep=0, actor="test") == 0
    seller = make_caller(dated.account)
    ref, owed = OrderRef(id=held[1].id), Money(held[1].total_cost_minor, held[1].currency)
    await record_payment(dated.resources, seller, dated.account.id, "wire", owed, ref)
    with pytest.raises(Refused) as refusal:
        await retire_order_now(dated.resources, seller, dated.account.id, ref)
    assert (refusal.value.code, "may not be retired yet" in refusal.value.message) == (Code.ORDER_STATE, True)
    held_g = dated.old.issued_g - await dated.available_g(dated.old)
    failed = await fail_order(dated.resources, seller, dated.account.id, OrderRef(id=held[0].id))
    assert failed.status is OrderStatus.FAILED
    assert dated.old.issued_g - await dated.available_g(dated.old) == held_g - 950


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"vintage": 2031}, VintageFault.YEAR_NOT_OVER),
        ({"vintage": 2026}, VintageFault.YEAR_NOT_OVER),
        ({"period_end": date(2026, 11, 30)}, VintageFault.PERIOD_NOT_OVER),
        ({"credit_status": CreditStatus.EX_ANTE}, VintageFault.EX_ANTE),
        ({"credit_status": CreditStatus.PENDING}, VintageFault.PENDING),
    ],
)
async def test_an_order_that_holds_refused_credits_shows_why_and_is_reported_until_it_fails(
    dated: Shop, changes: dict[str, Any], fault: VintageFault
):
    held = await dated.place(make_order_request(1_000))
    ((column, value),) = changes.items()
    await dated.execute(f"UPDATE credit_batches SET {column} = $2 WHERE id = $1", dated.deep.id, value)

    ids = [held.id]
    assert await retirement_refusals_of_orders(dated.resources, dated.caller, ids) == [fault]

    await fail_order(dated.resources, make_caller(dated.account), dated.account.id, OrderRef(id=held.id))
    assert await retirement_refusals_of_orders(dated.resources, dated.caller, ids) == [None]


async def test_audit_reports_each_order_that_holds_refused_credits_until_it_fails(dated: Shop):
    name = "every order: the credits that it holds may be retired"

    async def reported() -> set[str]:
        return {key for finding in await audit(dated.resources) if finding.name == name for key in finding.first}

    held = [await dated.place(make_order_request(1_000)) for _ in range(2)]
    done = await dated.place(make_order_request(1_000))
    await retire_order(dated.resources, dated.account.id, done.id, keep=0, actor="test")
    assert await reported() == set()
    await dated.execute("UPDATE credit_batches SET vintage = 2190 WHERE id = $1", dated.old.id)
    assert await reported() == {f"{dated.account.id} {order.id}" for order in held}

    await fail_order(dated.resources, make_caller(dated.account), dated.account.id, OrderRef(id=held[0].id))

    assert await reported() == {f"{dated.account.id} {held[1].id}"}
