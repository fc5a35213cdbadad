"""Quote an order: its price is stored and guaranteed until it expires. Nothing is owed; credits are held only on
request.

Locks, when credits are held: the heads of the account and its payer in id order, so that concurrent quotes of one payer
cannot exceed a limit; then batches by vintage and id. Promise: P7.
"""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account, Caller, payer_of, refuse_if_suspended
from service.domain.allocation import AllocationPlan
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode
from service.domain.holds import HoldLimits, refuse_large_holds, refuse_many_holds
from service.domain.made_up_credits import plan_in_mode, within_bound
from service.domain.offers import portfolio_of, price_request
from service.domain.order import OrderRequest, requested_of
from service.domain.pricing import Pricing
from service.domain.quote import Quote, QuoteHold, QuoteLine
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.make_up_credits import add_used, lock_test_stock
from service.storage import accounts, batches, catalogue, holds, quotes, stock_locks
from service.storage.database import Statements

DEFAULT_LIMITS = HoldLimits()


@dataclass(frozen=True, slots=True)
class Quoted:
    """A stored quote and its lines."""

    quote: Quote
    lines: tuple[QuoteLine, ...]


async def quote_order(
    resources: Resources,
    caller: Caller,
    order_request: OrderRequest,
    *,
    valid_ms: int,
    hold: bool = False,
    hold_limits: HoldLimits = DEFAULT_LIMITS,
) -> Quoted:
    """Store the order request's price. One order can be placed at this price within `valid_ms`, by the database's
    clock.

    With `hold` the credits are reserved until then. Refuses `INSUFFICIENT_CREDITS` if stock is short, and
    `HOLD_LIMIT_EXCEEDED` if a live payer would exceed its own limits or `hold_limits`.
    """
    caller.require(Scope.ORDERS_WRITE)
    quote_id = resources.new_id()

    async def work(statements: Statements) -> Quoted:
        account, limits = await _fresh_account(statements, caller, hold_limits, lock=hold)
        # An attempt whose answer was lost may have stored the quote, which would count against the limits.
        if hold and (existing := await _stored(statements, account.id, quote_id)):
            return existing
        refuse_if_suspended(account)
        offers = await catalogue.read_offers(statements, [(account, order_request)])
        pricing = price_request(order_request, account, offers)
        plan = await _plan_hold(resources, statements, account, pricing, limits) if hold else None
        created_at, expires_at = await quotes.validity(statements, valid_ms)
        quote = Quote(
            account_id=account.id,
            id=quote_id,
            **requested_of(order_request),
            step=order_request.step,
            currency=pricing.currency,
            portfolio_id=portfolio_of(order_request, account),
            mass_g=pricing.mass_g,
            offset_cost_minor=pricing.offset_cost_minor,
            commission_minor=pricing.commission_minor,
            total_cost_minor=pricing.total_cost_minor,
            commission_hundredths=account.commission_hundredths,
            holds_credits=hold,
            released_at=None,
            order_id=None,
            created_at=created_at,
            expires_at=expires_at,
        )
        lines, held = _lines_of(quote, pricing), _holds_of(quote, plan)
        if not await quotes.add(statements, quote, lines, held):
            existing = await _stored(statements, account.id, quote_id)
            if existing is None:
                raise RuntimeError("the quote's id is that of another account's quote")
            return existing
        await batches.hold(statements, _grams_of(held))
        return Quoted(quote, lines)

    return await resources.transact(work)


async def _stored(statements: Statements, account_id: UUID, quote_id: UUID) -> Quoted | None:
    """Return the quote that an earlier attempt stored, with its expiry."""
    found = (await quotes.find(statements, [account_id], [quote_id])).get((account_id, quote_id))
    return Quoted(found.quote, found.lines) if found else None


async def _fresh_account(
    statements: Statements, caller: Caller, hold_limits: HoldLimits, *, lock: bool
) -> tuple[Account, HoldLimits | None]:
    """Return the account in its present state, because the caller's comes from a cache, and the hold limits of its
    payer; None instead of limits without `lock` and in test mode. With `lock` the heads of both are locked.
    """
    account_id, payer_id = caller.account.id, payer_of(caller.account)
    if lock:
        heads = await accounts.lock_heads(statements, {account_id, payer_id})
        account = heads[account_id].account
        return account, hold_limits.for_payer(heads[payer_id].account) if account.mode is Mode.LIVE else None
    return await accounts.existing(statements, account_id), None


async def _plan_hold(
    resources: Resources, statements: Statements, account: Account, pricing: Pricing, limits: HoldLimits | None
) -> AllocationPlan:
    if limits is not None:
        refuse_many_holds(await holds.count_open(statements, payer_of(account)), limits)
    wanted = [(line.bundle_id, line.mass_g) for line in pricing.lines]
    wanted_g: Counter[UUID] = Counter()
    for bundle_id, mass_g in within_bound(account.mode, wanted):
        wanted_g[bundle_id] += mass_g
    now, mode = resources.clock(), account.mode
    today = utc_date(now)
    made: list[CreditBatch] = []
    if mode is Mode.TEST:
        stock, made = await lock_test_stock(resources, statements, wanted_g)
    else:
        stock = await stock_locks.lock_stock(statements, mode, wanted_g, today=today, awaited_at=now)
    plan = plan_in_mode(mode, wanted, stock, {})
    if not plan.is_full:
        raise Refused(
            Code.INSUFFICIENT_CREDITS,
            "Too few credits are in stock to set aside. Quote less, or quote without a hold.",
            ("hold",),
            available_g=pricing.mass_g - sum(plan.short_g),
        )
    await add_used(statements, made, {take.batch_id for take in plan.takes})
    if limits is not None:
        project_of = {
            each.batch_id: each.project_id for bundle_stock in stock.batches.values() for each in bundle_stock
        }
        taken_g: Counter[UUID] = Counter()
        for take in plan.takes:
            taken_g[project_of[take.batch_id]] += take.mass_g
        refuse_large_holds(await holds.of_bundles(statements, payer_of(account), mode, taken_g, today=today), limits)
    return plan


def _lines_of(quote: Quote, pricing: Pricing) -> tuple[QuoteLine, ...]:
    return tuple(
        QuoteLine(
            account_id=quote.account_id,
            quote_id=quote.id,
            position=position,
            bundle_id=line.bundle_id,
            mass_g=line.mass_g,
            unit_price_micros=line.unit_price_micros,
            gross_unit_price_micros=line.gross_unit_price_micros,
            offset_cost_minor=line.offset_cost_minor,
        )
        for position, line in enumerate(pricing.lines)
    )


def _holds_of(quote: Quote, plan: AllocationPlan | None) -> tuple[QuoteHold, ...]:
    return tuple(
        QuoteHold(
            account_id=quote.account_id,
            quote_id=quote.id,
            position=take.line,
            batch_id=take.batch_id,
            mass_g=take.mass_g,
        )
        for take in (plan.takes if plan else ())
    )


def _grams_of(held: tuple[QuoteHold, ...]) -> dict[UUID, int]:
    grams: dict[UUID, int] = {}
    for hold in held:
        grams[hold.batch_id] = grams.get(hold.batch_id, 0) + hold.mass_g
    return grams
