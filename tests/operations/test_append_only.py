"""What happened is never edited: the database itself refuses, whoever asks.

Seen to fail when a trigger of either dialect is left out of the migration.
"""

import pytest

from service.domain.listing import OrderRef
from service.operations.cancel_orders import cancel_orders
from service.operations.seal_events import seal_events
from tests.shop import Shop

TABLES = {"credit_entries": "mass_g", "event_seals": "last_seq", "events": "actor", "ledger_entries": "amount_minor"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
async def test_the_past_is_append_only(shop: Shop, table: str, statement: str):
    order = await shop.place()
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])
    assert await seal_events(shop.resources)
    before = await shop.everything()
    assert before[table]
    with pytest.raises(Exception, match=f"{table} is append-only"):
        await shop.execute(statement.format(table=table, column=TABLES[table]))
    assert await shop.everything() == before


@pytest.mark.parametrize("part", ["available_g", "held_g", "allocated_g", "retired_g"])
async def test_grams_are_neither_made_nor_lost(shop: Shop, part: str):
    await shop.place()
    for change in ("+ 1", "- 1"):
        with pytest.raises(Exception, match=r"(?i)check"):
            await shop.execute(f"UPDATE credit_batches SET {part} = {part} {change}")


@pytest.mark.parametrize("table", ["orders", "order_lines", "accounts", "credit_batches", "bundles", "quotes"])
async def test_nothing_that_something_rests_on_is_deleted(shop: Shop, table: str):
    from service.operations.quote_order import quote_order
    from tests.makers import make_order_request

    await shop.place()
    await quote_order(shop.resources, shop.caller, make_order_request(), valid_ms=60_000)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await shop.execute(f"DELETE FROM {table}")
