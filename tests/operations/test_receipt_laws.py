"""Random receipts of serial numbers, half of them hostile: other spellings, forms and cuts of credits in stock.

`SERIAL_RECEIPTS` receipts on each database, four at a time by four operators for four projects, so that nothing but the
serials makes them meet. Seen to fail when: overlaps are not looked for; leading zeros are part of a key; series are not
locked.
"""

import asyncio
import os
from collections import Counter
from random import Random
from typing import Any

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode, Project
from service.domain.serials.block import Layout, SerialBlock
from service.domain.serials.facts import facts_of
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.supply import block_of
from service.errors import Code, Refused
from service.operations.audit import audit
from service.operations.receive_batch import receive_batch
from service.storage.batches import BATCHES
from tests.books import rows_of
from tests.domain.test_serial_laws import FORMS, REWRITES, SERIES_A_FORM, printed, read, series_of, texts_of
from tests.makers import TONNE_G, make_caller, make_project, store
from tests.shop import Shop

RECEIPTS = int(os.environ.get("SERIAL_RECEIPTS", "200"))
AT_ONCE = 4


def stated_of(block: SerialBlock, random: Random) -> StatedSerials:
    """The block as an operator may state it."""
    written = block.written()
    is_prefix = (block.form, block.layout, block.joiner, block.width) == (SerialForm.PLAIN, Layout.PAIR, "", 1)
    if is_prefix and random.random() < 0.5:
        return StatedSerials(serial_prefix=block.prefix, serial_start=block.first)
    if len(written) == 1:
        return StatedSerials(serial_form=block.form, serial_range=written[0])
    return StatedSerials(serial_form=block.form, first_serial=written[0], last_serial=written[1])


async def received(
    shop: Shop, caller: Caller, project: Project, reference: str, block: SerialBlock, stated: StatedSerials
) -> CreditBatch | Refused:
    facts = facts_of(block)
    vintage = facts.vintage or (facts.period_to.year if facts.period_to else 2019)
    try:
        return await receive_batch(
            shop.resources,
            caller,
            project_id=project.id,
            reference=reference,
            mode=Mode.LIVE,
            vintage=vintage,
            issued_g=block.tonnes * TONNE_G,
            stated=stated,
        )
    except Refused as refusal:
        return refusal


def next_block(known: list[tuple[SerialForm, Any]], stock: list[SerialBlock], random: Random) -> SerialBlock | None:
    """A random range of a known series, or a hostile rewriting of one in stock; None if that is no serial."""
    if stock and random.random() < 0.5:
        try:
            return random.choice(REWRITES)(random.choice(stock), random)
        except Refused:
            return None
    form, series = random.choice(known)
    first = random.randint(1, 2_000)
    return read(form, texts_of(series, first, first + random.randint(0, 7), 1))


async def test_no_text_stands_for_credits_of_two_batches_in_the_database(shop: Shop):
    random = Random("receipts in a database")
    projects = [make_project(registry_name="A registry of no form") for _ in range(AT_ONCE)]
    await store(shop.database, *projects)
    scopes = frozenset({Scope.OPERATOR, Scope.CATALOGUE_READ})
    callers = [make_caller(await shop.another_account(), scopes) for _ in range(AT_ONCE)]
    series = [(form, series_of(form, random)) for form in FORMS for _ in range(SERIES_A_FORM // 4)]
    stock: list[SerialBlock] = []
    outcomes: Counter[str] = Counter()
    for number in range(0, RECEIPTS, AT_ONCE):
        blocks: list[SerialBlock] = []
        for _ in range(AT_ONCE):
            # As many rewrite what is being received at the same moment as what is in stock.
            block = next_block(series, blocks if random.random() < 0.5 else stock, random)
            blocks += [] if block is None else [block]
        outcomes["unreadable"] += AT_ONCE - len(blocks)
        answers = await asyncio.gather(
            *(
                received(shop, callers[place], projects[place], f"r-{number + place}", block, stated_of(block, random))
                for place, block in enumerate(blocks)
            )
        )
        for answer in answers:
            if isinstance(answer, Refused):
                assert answer.code is Code.BAD_USER_INPUT, answer.message
                outcomes["taken" if "some of these serials" in answer.message else "refused"] += 1
                continue
            outcomes["received"] += 1
            kept = block_of(answer)
            assert isinstance(kept, SerialBlock)
            stock.append(kept)

    owners: dict[str, str] = {}
    for batch in await rows_of(shop.database, BATCHES):
        owned = block_of(batch)
        assert isinstance(owned, SerialBlock)
        for text in printed(owned) if batch.reference else ():
            assert owners.setdefault(text, batch.reference or "") == batch.reference, text
    assert sum(outcomes.values()) == RECEIPTS
    assert outcomes["received"] == len(stock) > RECEIPTS // 10
    assert outcomes["taken"] > RECEIPTS // 10
    assert [finding.name for finding in await audit(shop.resources) if finding.deviating] == []
