"""Simulate the course of a test account's order: the same verbs that move a live order, called on request.

This is the only operation that calls others, so that a simulated order takes the same steps as a live one. Only the
credits are made up: an order that waits gets a batch of its own, so that stock and queue of other test accounts do not
change. Promise: P24.
"""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import partial

from service.domain.accounts import Caller
from service.domain.allocation import Take
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.billing import owed_minor
from service.domain.cancelling import refuse_imported, run_short, waits_out_of_line
from service.domain.catalogue import Mode
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.domain.made_up_credits import made_up_batch
from service.domain.matching import Filled
from service.domain.order import Order, OrderStatus, PaymentStatus, Source, refuse_unless_allowed
from service.domain.worker_failures import ItemKey, WorkerStep
from service.errors import Code, Refused
from service.operations.fail_order import fail_order
from service.operations.match_backorders import ACTOR as MATCHER
from service.operations.match_backorders import deliver
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.resources import Resources
from service.operations.retire_orders import retire_order
from service.operations.steps.isolate import do_item, failed_before, forget
from service.operations.steps.lock_payer import lock_order, lock_payer, write_events
from service.operations.steps.reversal import entries_by_order, reverse_orders
from service.storage import accounts, backorders, catalogue, events, orders, sandbox_orders, serials
from service.storage.database import Statements

ACTOR = "worker:advance"
STEP = WorkerStep.ADVANCE_TEST_ORDERS
ORDERS_AT_ONCE = 20


class Outcome(StrEnum):
    """Target state of a simulation; all steps that lead to it are taken."""

    PAY = "PAY"
    REFUSE_PAYMENT = "REFUSE_PAYMENT"
    RUN_SHORT = "RUN_SHORT"
    FULFIL = "FULFIL"
    RETIRE = "RETIRE"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"
    REFUND = "REFUND"


async def simulate_order(resources: Resources, caller: Caller, ref: OrderRef, outcome: Outcome) -> Order:
    """Move the order to the outcome. An order that already has it stays unchanged, so a retry changes nothing.

    Refuses `TEST_ACCOUNT_REQUIRED` on a live account, `NOT_FOUND`, and `ORDER_STATE` or `PAYMENT_STATE` for an order
    that can no longer reach the outcome. A refused payment is recorded in the order's timeline, once for each debt, and
    then answered `PAYMENT_REFUSED`.
    """
    caller.require(Scope.ORDERS_WRITE)
    if caller.account.mode is not Mode.TEST:
        raise Refused(Code.TEST_ACCOUNT_REQUIRED, "Only the orders of a test account can be simulated.")
    order = await _simulated(resources, caller, ref, outcome)
    seller = replace(caller, scopes=caller.scopes | {Scope.OPERATOR})
    match outcome:
        case Outcome.PAY:
            await _pay(resources, seller, order)
        case Outcome.REFUSE_PAYMENT:
            await _refuse_payment(resources, seller, order)
        case Outcome.RUN_SHORT:
            await _run_short(resources, seller, order)
        case Outcome.FULFIL:
            await _fulfil(resources, caller, order)
        case Outcome.RETIRE | Outcome.COMPLETE:
            await _retire(resources, seller, order, outcome)
        case Outcome.FAIL:
            await fail_order(resources, seller, order.account_id, OrderRef(id=order.id))
        case Outcome.REFUND:
            await refund_order(resources, seller, order.account_id, OrderRef(id=order.id))
    return (await orders.of_ids(resources.database.reader, order.account_id, [order.id]))[order.id]


async def advance_test_orders(resources: Resources, *, after_ms: int) -> int:
    """Complete a page of test orders that came through the Lune API at least `after_ms` milliseconds ago, as that API's
    sandbox does. Orders that anybody but a worker has moved since are left out. Return the number completed.
    """
    before, now = await failed_before(resources, STEP), resources.clock()
    due = await sandbox_orders.left_alone(
        resources.database.reader,
        Source.LUNE,
        placed_until=now - timedelta(milliseconds=after_ms),
        workers={ACTOR, MATCHER},
        limit=ORDERS_AT_ONCE,
        now=now,
    )
    keys = [ItemKey(account_id, order_id) for account_id, order_id in due]
    advanced = sum([await do_item(resources, STEP, key, partial(_advance, resources, key)) for key in keys])
    await forget(resources, STEP, before, keys, all_due_at=now if len(due) < ORDERS_AT_ONCE else None)
    return advanced


async def _advance(resources: Resources, key: ItemKey) -> int:
    reader = resources.database.reader
    account = await accounts.existing(reader, key.account_id)
    order = (await orders.of_ids(reader, account.id, [key.item_id]))[key.item_id]
    try:
        worker = Caller(account=account, key_id=ACTOR, scopes=frozenset({Scope.OPERATOR}))
        await _retire(resources, worker, order, Outcome.COMPLETE)
    except Refused as refusal:
        if refusal.code not in {Code.ORDER_STATE, Code.PAYMENT_STATE}:
            raise
        return 0  # it was changed meanwhile, so it is left out from now on
    return 1


async def _simulated(resources: Resources, caller: Caller, ref: OrderRef, outcome: Outcome) -> Order:
    """Return the caller's order; refuse `NOT_FOUND`, and `ORDER_STATE` if imported history would be undone."""
    order = await orders.find(resources.database.reader, caller.account.id, ref)
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order.", ("order",))
    if outcome in {Outcome.FAIL, Outcome.REFUND}:
        refuse_imported(order)
    return order


async def _pay(resources: Resources, seller: Caller, order: Order) -> None:
    """Pay the order's debt with a payment whose reference is derived from the order."""
    if order.payment_status is PaymentStatus.PAID:
        return
    owed = _owed(order)
    await record_payment(
        resources, seller, order.account_id, _reference(order), Money(owed, order.currency), OrderRef(id=order.id)
    )


async def _refuse_payment(resources: Resources, seller: Caller, order: Order) -> None:
    """Record that a payment of the order's debt failed, book nothing, and raise the refusal."""

    async def work(statements: Statements) -> None:
        locked = await lock_payer(statements, order.account_id)
        stands = await lock_order(statements, order.account_id, OrderRef(id=order.id))
        owed, reference = _owed(stands), _reference(stands)
        before = await events.of_orders(statements, stands.account_id, [stands.id])
        refused = [each.payload for each in before if each.event_type is EventType.PAYMENT_REFUSED]
        # Compared by the amount, because the reference of an older event may contain the amount in former decimals of
        # the currency.
        if any(payload["amount_minor"] == owed for payload in refused):
            return
        recorder = locked.recorder(resources, seller)
        told = {"reference": reference, "currency": stands.currency, "amount_minor": owed}
        recorder.record(stands.account_id, EventType.PAYMENT_REFUSED, stands.id, **told)
        await write_events(statements, recorder)

    await resources.transact(work)
    # Raised after the commit, because within the transaction it would roll the event back.
    raise Refused(Code.PAYMENT_REFUSED, "The payment was refused. The order and its debt did not change.", ("order",))


async def _run_short(resources: Resources, seller: Caller, order: Order) -> None:
    """Return the order's credits, so that it waits, outside of the queue."""

    async def work(statements: Statements) -> None:
        locked = await lock_payer(statements, order.account_id)
        stands = await lock_order(statements, order.account_id, OrderRef(id=order.id))
        entries = (await entries_by_order(statements, stands.account_id, [stands.id])).get(stands.id, ())
        reversal = run_short(stands, entries, now=resources.clock(), new_id=resources.new_id)
        if reversal is None:
            return
        lines = await orders.lines(statements, stands.account_id, [stands.id])
        await reverse_orders(resources, statements, seller, locked, stands.account_id, [reversal])
        if stands.payment_status is not PaymentStatus.REFUNDED:
            await backorders.BACKORDERS.insert(statements, waits_out_of_line(lines, seller.account.mode))

    await resources.transact(work)


def _owed(order: Order) -> int:
    if not (owed := owed_minor(order)):
        status = order.payment_status.value
        raise Refused(Code.PAYMENT_STATE, "Nothing is owed for this order.", ("order",), payment_status=status)
    return owed


def _reference(order: Order) -> str:
    # The reference contains the amount as well, so that an order that was partly paid before can be paid for the rest.
    return f"simulated:{order.id}:{owed_minor(order)}"


async def _retire(resources: Resources, seller: Caller, order: Order, outcome: Outcome) -> None:
    """Retire the order, after supplying its credits and its payment. The outcome RETIRE stops before the last share."""
    wanted = OrderStatus.RETIRING if outcome is Outcome.RETIRE else OrderStatus.COMPLETE
    if order.status in {OrderStatus.PLACED, OrderStatus.FULFILLED}:
        if order.total_cost_minor:
            await _pay(resources, seller, order)
        await _fulfil(resources, seller, order)
    elif order.status is not wanted:
        refuse_unless_allowed(order.status, wanted)
    keep = 1 if outcome is Outcome.RETIRE else 0
    while await retire_order(resources, order.account_id, order.id, keep=keep, actor=seller.key_id):
        continue
    stands = (await orders.of_ids(resources.database.reader, order.account_id, [order.id]))[order.id]
    if stands.status is not wanted:
        refuse_unless_allowed(stands.status, wanted)  # the order was cancelled meanwhile


async def _fulfil(resources: Resources, caller: Caller, order: Order) -> None:
    """Create the credits that the order waits for and give them to it, without regard to the queue."""
    if order.status is OrderStatus.FULFILLED:
        return
    refuse_unless_allowed(order.status, OrderStatus.FULFILLED)
    if order.payment_status is PaymentStatus.REFUNDED:
        message = "A refunded order waits for no credits any more."
        raise Refused(Code.PAYMENT_STATE, message, ("order",), payment_status=order.payment_status.value)

    async def work(statements: Statements) -> None:
        heads = await accounts.lock_heads(statements, [order.account_id])
        waiting = await backorders.of_order(statements, order.account_id, order.id)
        bundle_ids = {each.bundle_id for each in waiting}
        projects = {each.bundle_id: each.project_id for each in await catalogue.projects_in(statements, bundle_ids)}
        if missing := bundle_ids - projects.keys():
            raise Refused(
                Code.BUNDLE_UNAVAILABLE,
                "A bundle of the order contains no project, so no credits can be created for it.",
                bundle_ids=sorted(missing),
            )
        now = resources.clock()
        made = [
            (
                each,
                made_up_batch(projects[each.bundle_id], each.waiting_g, resources.new_id(), now, owner=order.number),
            )
            for each in waiting
        ]
        await serials.add(statements, [batch for _, batch in made])
        filled = [Filled(each, (Take(0, batch.id, each.waiting_g),), 0) for each, batch in made]
        if filled:
            await deliver(resources, statements, heads, filled, actor=caller.key_id)

    await resources.transact(work)
