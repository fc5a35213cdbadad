"""Follow the events of an account's orders: those after a number, and then each new one as it comes."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.events import Event, EventType
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import events as event_log
from service.storage import orders

REPLAY_REST_S = 0.02
"""Seconds between two pages of past events if a page has no event that is wanted, so that other reads get their
turn.
"""


async def follow_order_events(
    resources: Resources,
    caller: Caller,
    *,
    after: int | None = None,
    order_id: UUID | None = None,
    event_types: Collection[str] = (),
) -> AsyncGenerator[Event, None]:
    """Return an iterator of the events of the account's orders after the event number, or without it from now on; only
    those of one order and of some types if these are given. The events come in order, each once; it never ends.

    Refuses `FORBIDDEN`; `ACCOUNT_SUSPENDED`; `BAD_USER_INPUT` for a number that the account has not reached and for an
    unknown type; `NOT_FOUND` for an order that is not the account's.
    """
    caller.require(Scope.ORDERS_READ)
    caller.refuse_change_if_suspended(caller.account)
    reader, account_id = resources.database.reader, caller.account.id
    wanted = _types(event_types)
    last_seq = (await event_log.last_seqs(reader, [account_id]))[account_id]
    if after is not None and not 0 <= after <= last_seq:
        message = f"Give the sequence of an event of the account: its last one is {last_seq}. 0 stands for all events."
        raise Refused(Code.BAD_USER_INPUT, message, ("after",))
    if order_id is not None and not await orders.of_ids(reader, account_id, [order_id]):
        raise Refused(Code.NOT_FOUND, "The account has no such order.", ("order_id",))

    async def following() -> AsyncGenerator[Event, None]:
        begin = last_seq if after is None else after
        if order_id is not None and begin < last_seq:
            for event in await event_log.of_orders(reader, account_id, [order_id]):
                if begin < event.seq <= last_seq and event.event_type in wanted:
                    yield event
            begin = last_seq
        async with aclosing(resources.event_feed.events(reader, account_id, begin, last_seq)) as pages:
            async for page in pages:
                found = [
                    event
                    for event in page
                    if event.event_type in wanted
                    and (event.order_id is not None if order_id is None else event.order_id == order_id)
                ]
                for event in found:
                    yield event
                if not found:
                    await asyncio.sleep(REPLAY_REST_S)

    return following()


def _types(names: Collection[str]) -> frozenset[EventType]:
    known = {each.value: each for each in EventType}
    for index, name in enumerate(names):
        if name not in known:
            raise Refused(
                Code.BAD_USER_INPUT,
                "There is no such type of event. Types are listed in the documentation of events.",
                ("types", index),
            )
    return frozenset(known[name] for name in names) or frozenset(EventType)
