"""Place orders: the whole group in one transaction, each command with its own answer.

Locks: account heads in id order, the payers' balances, then batches by mode, vintage and id. Everything is decided in
memory by domain/placing.py between the reads and the writes. Promises: P1, P2, P3, P4, P5.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from service.domain.allocation import Stock
from service.domain.catalogue import CreditBatch, Mode
from service.domain.new_order import Priced
from service.domain.order import FromQuote, OrderRequest, Placed, PlaceOrder, estimate_of
from service.domain.placing import Changes, OrderPlacer, needs_by_mode, payer_balances_of
from service.domain.webhooks import is_called_back
from service.errors import Refused
from service.kit.clock import utc_date
from service.kit.group_commit import GroupCommit
from service.operations.resources import TRANSACTION_DEADLINE_MS, Resources
from service.operations.steps.make_up_credits import add_used, lock_test_stock
from service.operations.steps.printed_names import Unshown, refuse_unshown, unshown_among
from service.storage import (
    accounts,
    backorders,
    balances,
    batches,
    catalogue,
    estimates,
    ledger,
    orders,
    quotes,
    stock_locks,
    webhooks,
)
from service.storage.database import Statements
from service.storage.events import EVENTS

Placement = GroupCommit[PlaceOrder, Placed]


def placement(
    resources: Resources, *, group_lock_timeout_ms: int, size_max: int, writers: int, answer_within_ms: int = 10_000
) -> Placement:
    """Return the queue to which APIs pass commands with `submit(command)`; commands that wait at the same time are
    placed together.

    `answer_within_ms` is the deadline of the requests that wait for it.
    """
    return GroupCommit(
        partial(place_group, resources, lock_timeout_ms=group_lock_timeout_ms),
        partial(place_alone, resources),
        size_max=size_max,
        writers=writers,
        answer_within_ms=answer_within_ms,
    )


async def place_group(
    resources: Resources, commands: Sequence[PlaceOrder], *, lock_timeout_ms: int
) -> list[Placed | Refused]:
    """Answer every command with its order, its replay or its refusal, and commit all of it; or change nothing."""
    unshown = await _unshown_names(commands)
    async with resources.database.transaction(lock_timeout_ms=lock_timeout_ms) as statements:
        return await _place(resources, statements, commands, unshown)


async def place_alone(
    resources: Resources, command: PlaceOrder, left_ms: int = TRANSACTION_DEADLINE_MS
) -> Placed | Refused:
    """Place a single command. Temporary failures of the database are retried within `left_ms`. If the answer to a
    commit is lost, the retry finds the order by its id.
    """
    unshown = await _unshown_names([command])
    try:
        (answer,) = await resources.transact(
            lambda statements: _place(resources, statements, [command], unshown),
            deadline_ms=min(left_ms, TRANSACTION_DEADLINE_MS),
        )
    except Refused as refusal:
        return refusal
    return answer


async def _place(
    resources: Resources, statements: Statements, commands: Sequence[PlaceOrder], unshown: Unshown
) -> list[Placed | Refused]:
    account_ids = sorted({command.account_id for command in commands})
    heads = await accounts.lock_heads(statements, account_ids)
    existing = await orders.existing(
        statements,
        account_ids,
        {command.idempotency_key for command in commands if command.idempotency_key is not None},
        {command.order_id for command in commands},
    )
    quote_ids = {command.request.quote_id for command in commands if isinstance(command.request, FromQuote)}
    quoted = await quotes.find(statements, account_ids, quote_ids)
    estimates_named = [estimate_of(command.request) for command in commands]
    estimates_quoted = [quote_now.quote.estimate_id for quote_now in quoted.values()]
    estimate_ids = {each for each in (*estimates_named, *estimates_quoted) if each is not None}
    placer = OrderPlacer(
        now=resources.clock(),
        heads=heads,
        existing=existing,
        used_estimates=await estimates.orders_of(statements, account_ids, estimate_ids),
        new_id=resources.new_id,
        new_number=resources.new_order_number,
    )
    fresh = [command for command in commands if placer.replay(command) is None]
    order_requests = [
        (heads[each.account_id].account, each.request) for each in fresh if isinstance(each.request, OrderRequest)
    ]
    offers = await catalogue.read_offers(statements, order_requests)
    answers = [_if_shown(placer.price(command, offers, quoted), unshown) for command in commands]
    priced = [answer for answer in answers if isinstance(answer, Priced)]
    placer.fund(await balances.lock(statements, payer_balances_of(priced)))
    stocks, made = await _lock_stock(resources, statements, priced, placer.now)
    for stock in stocks.values():
        placer.stock_up(stock)
    placed = [
        placer.place(answer, stocks[answer.account.mode]) if isinstance(answer, Priced) else answer
        for answer in answers
    ]
    await add_used(statements, made, placer.changes.taken_g)
    await _write(resources, statements, placer.changes)
    return placed


async def _unshown_names(commands: Sequence[PlaceOrder]) -> Unshown:
    return await unshown_among(party["name"] for each in commands for party in (each.beneficiary or {}).values())


def _if_shown(answer: Priced | Placed | Refused, unshown: Unshown) -> Priced | Placed | Refused:
    """Return the answer; for a new order whose certificate would name a party with characters that no font has, a
    refusal. The account's own stored names are accepted, because some APIs fill them in.
    """
    if not unshown or not isinstance(answer, Priced):
        return answer
    own = {answer.account.name, answer.account.beneficiary_name}
    try:
        for role, party in (answer.command.beneficiary or {}).items():
            if party["name"] not in own:
                refuse_unshown(unshown, party["name"], "beneficiary", role, "name")
    except Refused as refusal:
        return refusal
    return answer


async def _lock_stock(
    resources: Resources, statements: Statements, priced: Sequence[Priced], now: datetime
) -> tuple[dict[Mode, Stock], list[CreditBatch]]:
    """Lock the stock of each mode. Return it, and those of its batches that are new, which only test mode has."""
    stocks: dict[Mode, Stock] = {}
    made: list[CreditBatch] = []
    today = utc_date(now)
    for mode, needs in sorted(needs_by_mode(priced).items()):
        if mode is Mode.TEST:
            stocks[mode], made = await lock_test_stock(resources, statements, needs.wanted_g, needs.held_ids)
            continue
        stocks[mode] = await stock_locks.lock_stock(
            statements, mode, needs.wanted_g, needs.held_ids, today=today, awaited_at=now
        )
    return stocks, made


async def _write(resources: Resources, statements: Statements, changes: Changes) -> None:
    if not changes.orders:
        return
    if await orders.ORDERS.insert(statements, changes.orders) != len(changes.orders):
        raise RuntimeError("an idempotency key or order number was taken under its account's lock")
    await orders.LINES.insert(statements, changes.lines)
    await orders.ENTRIES.insert(statements, changes.entries)
    await backorders.BACKORDERS.insert(statements, changes.backorders)
    await quotes.use(statements, changes.used_quotes)
    await estimates.use(statements, changes.used_estimates)
    await ledger.book(
        statements,
        [
            ledger.Booking(payer_id, resources.new_id(), order, journal, order.created_at)
            for payer_id, order, journal in changes.journals
        ],
        within_limits=True,
    )
    if followed := {order.account_id for order in changes.orders if is_called_back(order)}:
        await webhooks.follow_callbacks(statements, followed, changes.orders[0].created_at)
    await EVENTS.insert(statements, changes.events)
    await batches.take(statements, changes.taken_g)
    await batches.take_held(statements, changes.taken_held_g)
    await accounts.raise_heads(statements, changes.event_seqs)
