"""A step that verbs share: registry entries are stored, and the orders that they cover get retirement certificates.

Locks: the heads of the acting account and of every account whose orders have the credits, in id order, then the
batches. Credits of a batch are retired only under its lock, so no order is missed: one that is completed later finds
the entries itself.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Head
from service.domain.catalogue import CreditBatch
from service.domain.certificate import Interval
from service.domain.events import EventRecorder, EventType
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderStatus
from service.domain.registry_evidence import RegistryRetirement, StatedRetirement, written_credits
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.issue_retirement_certificates import issue_retirement_certificates
from service.operations.steps.printed_names import Unshown, refuse_unshown
from service.storage import accounts, batches, certificates, orders, registry_retirements, retirements
from service.storage.database import Statements
from service.storage.events import EVENTS

ORDERS_MAX = 500
"""Maximum number of orders that one entry may cover, because each gets its event and certificate in the same
transaction.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry to record: for the batch, or only for one order if account and order are given."""

    stated: StatedRetirement
    batch_id: UUID
    account_id: UUID | None = None
    order: OrderRef | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """Actor of the change: an API key and its account, or a command, which has no account."""

    actor: str
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its batch; `replayed` is True if it was recorded before."""

    entry: RegistryRetirement
    batch: CreditBatch
    replayed: bool

    @property
    def written(self) -> list[str]:
        """Return the credits that the entry covers as the registry writes them."""
        return written_credits(self.batch, [Interval(self.entry.start_g, self.entry.end_g)])


@dataclass(slots=True)
class _Ready:
    """A new entry before it is stored, the order that it is for, and the member that states its serials."""

    entry: RegistryRetirement
    batch: CreditBatch
    member: str
    corrected: RegistryRetirement | None


async def record_entries(
    resources: Resources, statements: Statements, wanted: Sequence[Wanted], acting: Acting, unshown: Unshown
) -> list[Recorded | Refused]:
    """Store the entries; return each as it is stored, or its refusal. For all or nothing, the caller rolls back if
    there is a refusal.

    Refuses `NOT_FOUND`, `IDEMPOTENCY_KEY_REUSED` for a reference of another entry, and `BAD_USER_INPUT` as
    `StatedRetirement` does, for credits that another entry covers, and for a correction of a corrected entry.
    """
    known = await registry_retirements.of_references(statements, _references(wanted))
    answers = [await _answer(resources, statements, each, known, unshown) for each in wanted]
    ready = [each for each in answers if isinstance(each, _Ready)]
    if not ready:
        return [each for each in answers if not isinstance(each, _Ready)]
    touched = await _touched(statements, ready)
    wide = {id(each): _too_wide(each) for each, orders_of in zip(ready, touched, strict=True) if orders_of is None}
    account_ids = {account_id for orders_of in touched for account_id, _ in orders_of or ()}
    if acting.account_id is not None:
        account_ids.add(acting.account_id)
    heads = await accounts.lock_heads(statements, account_ids)
    await batches.lock(statements, {each.batch.id for each in ready} | _corrected_batches(ready))
    if (await registry_retirements.of_references(statements, _references(wanted))).keys() != known.keys():
        raise Refused(Code.UNAVAILABLE, "The same reference is being recorded by another request. Try again.")
    kept = await _without_overlaps(statements, ready, wide)
    entries = [each.entry for each in kept]
    if await registry_retirements.ENTRIES.insert(statements, entries) != len(entries):
        raise Refused(Code.UNAVAILABLE, "The same reference is being recorded by another request. Try again.")
    await _write(resources, statements, kept, heads, acting)
    return [
        each if not isinstance(each, _Ready) else wide.get(id(each)) or Recorded(each.entry, each.batch, replayed=False)
        for each in answers
    ]


def _references(wanted: Sequence[Wanted]) -> set[str]:
    own = {each.stated.reference for each in wanted}
    return own | {each.stated.corrects for each in wanted if each.stated.corrects is not None}


async def _answer(
    resources: Resources,
    statements: Statements,
    wanted: Wanted,
    known: Mapping[str, RegistryRetirement],
    unshown: Unshown,
) -> Recorded | _Ready | Refused:
    try:
        return await _read(resources, statements, wanted, known, unshown)
    except Refused as refusal:
        if refusal.code is Code.UNAVAILABLE:
            raise
        return refusal


async def _read(
    resources: Resources,
    statements: Statements,
    wanted: Wanted,
    known: Mapping[str, RegistryRetirement],
    unshown: Unshown,
) -> Recorded | _Ready:
    """Return the entry that was recorded before, or a new one, as far as its batch and order determine it."""
    stated = wanted.stated
    batch = (await batches.of_any_mode(statements, [wanted.batch_id])).get(wanted.batch_id)
    if batch is None:
        raise Refused(Code.NOT_FOUND, "There is no such credit batch.", ("credit_batch_id",))
    order = await _order(statements, wanted)
    order_id = None if order is None else order.id
    digest = stated.fingerprint(batch.id, order_id)
    existing = known.get(stated.reference)
    if existing is not None:
        if existing.fingerprint != digest:
            message = "This reference was used with another input. Nothing was changed. Use a new reference."
            raise Refused(Code.IDEMPOTENCY_KEY_REUSED, message, ("reference",))
        return Recorded(existing, batch, replayed=True)
    now = resources.clock()
    stated.check(utc_date(now))
    for name in ("retirement_id", "beneficiary"):
        refuse_unshown(unshown, getattr(stated, name), name)
    corrected = await _corrected(statements, stated, known)
    assigned = await _assigned(statements, batch, order)
    covered = stated.credits_of(batch, assigned, of_order=order is not None)
    entry = RegistryRetirement(
        id=resources.new_id(),
        reference=stated.reference,
        fingerprint=digest,
        batch_id=batch.id,
        account_id=None if order is None else order.account_id,
        order_id=order_id,
        start_g=covered.start_g,
        end_g=covered.end_g,
        retired_on=stated.retired_on,
        retirement_id=stated.retirement_id,
        url=stated.url,
        beneficiary_name=stated.beneficiary,
        corrects_id=None if corrected is None else corrected.id,
        created_at=now,
    )
    return _Ready(entry, batch, stated.member, corrected)


async def _order(statements: Statements, wanted: Wanted) -> Order | None:
    if wanted.order is None and wanted.account_id is None:
        return None
    if wanted.order is None:
        raise Refused(Code.BAD_USER_INPUT, "Name the order of the account, or no account.", ("order",))
    if wanted.account_id is None:
        raise Refused(Code.BAD_USER_INPUT, "Name the account of the order.", ("account_id",))
    order = await orders.find(statements, wanted.account_id, wanted.order)
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order in this account.", ("order",))
    return order


async def _corrected(
    statements: Statements, stated: StatedRetirement, known: Mapping[str, RegistryRetirement]
) -> RegistryRetirement | None:
    if stated.corrects is None:
        return None
    found = known.get(stated.corrects)
    if found is None:
        raise Refused(Code.NOT_FOUND, "No entry is recorded under this reference.", ("corrects",))
    if await registry_retirements.corrected(statements, [found.id]):
        message = "This entry is corrected already. Name the entry that corrects it."
        raise Refused(Code.BAD_USER_INPUT, message, ("corrects",))
    return found


async def _assigned(statements: Statements, batch: CreditBatch, order: Order | None) -> list[Interval]:
    """Return the grams of the batch that are retired in our records, of one order or of all."""
    if order is None:
        return [Interval(0, batch.retired_g)] if batch.retired_g else []
    rows = await retirements.of_orders(statements, order.account_id, [order.id])
    return [Interval(each.start_g, each.end_g) for each in rows if each.batch_id == batch.id]


async def _touched(statements: Statements, ready: Sequence[_Ready]) -> list[set[tuple[UUID, UUID]] | None]:
    """Return the orders that have credits of each entry or of the one that it corrects, as pairs of account and order;
    None for too many.
    """
    found: list[set[tuple[UUID, UUID]] | None] = []
    for each in ready:
        orders_of: set[tuple[UUID, UUID]] | None = set()
        for entry in (each.entry, each.corrected):
            more = set() if entry is None else await _orders_of(statements, entry)
            orders_of = None if more is None or orders_of is None else orders_of | more
        found.append(orders_of)
    return found


async def _orders_of(statements: Statements, entry: RegistryRetirement) -> set[tuple[UUID, UUID]] | None:
    if entry.account_id is not None and entry.order_id is not None:
        return {(entry.account_id, entry.order_id)}
    part = Interval(entry.start_g, entry.end_g)
    rows = await registry_retirements.retirements_within(statements, entry.batch_id, part, ORDERS_MAX + 1)
    return None if len(rows) > ORDERS_MAX else {(each.account_id, each.order_id) for each in rows}


def _too_wide(ready: _Ready) -> Refused:
    message = f"More than {ORDERS_MAX} orders have some of these credits. Record smaller ranges."
    return Refused(Code.BAD_USER_INPUT, message, (ready.member,))


def _corrected_batches(ready: Sequence[_Ready]) -> set[UUID]:
    return {each.corrected.batch_id for each in ready if each.corrected is not None}


async def _without_overlaps(
    statements: Statements, ready: Sequence[_Ready], refused: dict[int, Refused]
) -> list[_Ready]:
    """Return the entries that do not overlap a stored entry or one earlier in the list; refusals of the others are
    added. Corrected entries are ignored.
    """
    parts: dict[UUID, list[Interval]] = defaultdict(list)
    for each in ready:
        parts[each.batch.id].append(Interval(each.entry.start_g, each.entry.end_g))
    gone = {each.corrected.id for each in ready if each.corrected is not None}
    others = [each for each in await registry_retirements.valid_of_batches(statements, parts) if each.id not in gone]
    already = await registry_retirements.corrected(statements, gone)
    kept: list[_Ready] = []
    for each in ready:
        if id(each) in refused:
            continue
        other = next((entry for entry in others if entry.meets(each.entry)), None)
        if other is not None:
            message = f"The entry {other.reference} covers some of these credits already."
            refused[id(each)] = Refused(Code.BAD_USER_INPUT, message, (each.member,))
        elif each.corrected is not None and each.corrected.id in already:
            message = "This entry is corrected already. Name the entry that corrects it."
            refused[id(each)] = Refused(Code.BAD_USER_INPUT, message, ("corrects",))
        else:
            others.append(each.entry)
            if each.corrected is not None:
                already.add(each.corrected.id)
            kept.append(each)
    return kept


async def _write(
    resources: Resources, statements: Statements, kept: Sequence[_Ready], heads: Mapping[UUID, Head], acting: Acting
) -> None:
    """Store the events of the entries, and the certificates of the orders that they cover, with their events."""
    seqs = {account_id: head.event_seq for account_id, head in heads.items()}
    now = resources.clock()
    recorder = EventRecorder(seqs, actor=acting.actor, now=now, new_id=resources.new_id)
    for each in kept:
        if acting.account_id is not None:
            recorder.record(
                acting.account_id,
                EventType.BATCH_RETIREMENT_RECORDED,
                batch_id=str(each.batch.id),
                reference=each.entry.reference,
                mass_g=each.entry.end_g - each.entry.start_g,
            )
    by_account: dict[UUID, set[UUID]] = defaultdict(set)
    touched = await _touched(statements, kept)
    for orders_of in touched:
        for account_id, order_id in orders_of or ():
            by_account[account_id].add(order_id)
    if None in touched or not by_account.keys() <= heads.keys():
        raise Refused(Code.UNAVAILABLE, "Credits of this range are being retired at this moment. Try again.")
    for account_id, order_ids in sorted(by_account.items()):
        found = await orders.of_ids(statements, account_id, order_ids)
        complete = {order.id: order for order in found.values() if order.status is OrderStatus.COMPLETE}
        issued = await certificates.of_orders(statements, account_id, list(complete))
        if issued:
            await issue_retirement_certificates(statements, recorder, complete, list(issued.values()), now=now)
    await EVENTS.insert(statements, recorder.events)
    await accounts.raise_heads(statements, recorder.event_seqs)
