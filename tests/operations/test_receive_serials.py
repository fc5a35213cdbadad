"""Receipts of serial numbers: each credit is received once, however its serial is written, by mutation or import.

Seen to fail when: series are not locked (both receipts of a race are kept); claims are compared as printed text; an
import compares its rows with stock alone.
"""

import asyncio
import json
import os
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest

from service.domain.accounts import Caller
from service.domain.catalogue import CreditBatch, Mode, Project
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.supply import block_of
from service.errors import Code, Refused
from service.operations.import_catalogue import ImportedCatalogue, import_catalogue
from service.operations.receive_batch import receive_batch
from service.storage import serials
from service.storage.batches import BATCHES
from tests.books import rows_of
from tests.makers import TONNE_G, make_batch, make_caller, make_project, store
from tests.shop import Shop

TRIALS = int(os.environ.get("SERIAL_TRIALS", "20"))
VERRA = "9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0"
GOLD = "GS1-1-KE-GS98-16-2019-778-"


@pytest.fixture
async def other_project(shop: Shop) -> Project:
    project = make_project(registry_name="A registry of no form")
    await store(shop.database, project)
    return project


async def received(
    shop: Shop, caller: Caller, reference: str, *, tonnes: int = 100, project_id: UUID | None = None, **stated: Any
) -> CreditBatch:
    facts = {"mode": Mode.LIVE, "vintage": 2019}
    facts |= {name: stated.pop(name) for name in ("mode", "vintage", "period_end") if name in stated}
    return await receive_batch(
        shop.resources,
        caller,
        project_id=project_id or shop.forest_project.id,
        reference=reference,
        issued_g=tonnes * TONNE_G,
        stated=StatedSerials(**stated),
        **facts,
    )


async def refused(shop: Shop, caller: Caller, reference: str, **facts: Any) -> Refused:
    """Why a batch is refused; nothing changed."""
    before, claims = await shop.everything(), await rows_of(shop.database, serials.CLAIMS)
    with pytest.raises(Refused) as refusal:
        await received(shop, caller, reference, **facts)
    assert await shop.everything() == before
    assert await rows_of(shop.database, serials.CLAIMS) == claims
    return refusal.value


async def answer_of(work: Awaitable[CreditBatch]) -> CreditBatch | Refused:
    try:
        return await work
    except Refused as refusal:
        return refusal


async def imported(shop: Shop, *rows: dict[str, str]) -> ImportedCatalogue:
    batch = {"record": "batch", "project": "trees", "mode": "live", "vintage": "2019", "tonnes": "100"}
    return await import_catalogue(shop.resources, json.dumps([{**batch, **row} for row in rows]), is_csv=False)


async def test_a_verra_range_is_received_and_prints_as_it_came(shop: Shop, operator: Caller):
    batch = await received(shop, operator, "r", serial_range=VERRA)

    kept = (await rows_of(shop.database, BATCHES))[-1]
    assert block_of(batch).written() == (VERRA,)
    assert block_of(batch) == block_of(
        next(each for each in await rows_of(shop.database, BATCHES) if each.id == batch.id)
    )
    assert kept.serial_form in SerialForm
    assert (batch.serial_form, str(batch.period_end)) == (SerialForm.VERRA, "2019-12-31")


async def test_padded_numbers_keep_their_zeros(shop: Shop, operator: Caller):
    batch = await received(
        shop, operator, "r", vintage=2020, serial_range="0001-000001-000100-VCS-VCU-003-VER-US-0003-01012020-31122020-1"
    )

    assert block_of(batch).touched(99 * TONNE_G, 100 * TONNE_G).written() == (
        "0001-000100-000100-VCS-VCU-003-VER-US-0003-01012020-31122020-1",
    )


@pytest.mark.parametrize(
    "stated",
    [
        {"serial_range": VERRA.lower().replace("-", "\u2013") + " "},
        {"serial_range": VERRA.replace("VCS-", "").removesuffix("-0") + "-1"},
        {"serial_range": VERRA.replace("122000101-122000200", "122000200-122000299")},
        {
            "serial_range": VERRA.replace("122000101-122000200", "122000001-122000101").replace("-1491-", "-01491-"),
            "tonnes": 101,
        },
        {"serial_range": VERRA.replace("122000101-122000200", "1-300000000"), "tonnes": 300_000_000},
        {"serial_range": VERRA.replace("9801", "009801")},
    ],
)
async def test_another_text_of_a_received_credit_is_refused(
    shop: Shop, operator: Caller, other_project: Project, stated: dict[str, Any]
):
    await received(shop, operator, "first", serial_range=VERRA)

    refusal = await refused(
        shop, operator, "second", project_id=other_project.id, serial_form=SerialForm.VERRA, **stated
    )

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("serial_range",))
    assert "The batch first contains" in refusal.message


async def test_a_prefix_that_ends_in_a_digit_cannot_hide_a_credit(shop: Shop, operator: Caller):
    """Credit 1 behind 778-100 is credit 1001 behind 778-."""
    before = make_batch(shop.forest_project, 1_000 * TONNE_G, serial_prefix=GOLD, serial_start=1001)
    await store(shop.database, before)

    hidden = {"serial_prefix": f"{GOLD}100", "serial_start": 1}
    assert (await refused(shop, operator, "hidden", **hidden)).path == ("serial_prefix",)
    whole = {"serial_range": f"{GOLD}1001-1100", "serial_form": SerialForm.GOLD_STANDARD}
    assert (await refused(shop, operator, "whole", **whole)).path == ("serial_range",)
    beside = {"serial_range": f"{GOLD}2001-2100", "serial_form": SerialForm.GOLD_STANDARD}
    assert block_of(await received(shop, operator, "beside", **beside)).tonnes == 100


async def test_a_batch_of_before_whose_prefix_ends_in_a_digit_keeps_its_credits(shop: Shop, operator: Caller):
    old = make_batch(shop.forest_project, 100 * TONNE_G, serial_prefix=f"{GOLD}100", serial_start=1)
    await store(shop.database, old)  # 1001 to 1009, 10010 to 10099, 100100

    for number, is_taken in (
        (1000, False),
        (1005, True),
        (1010, False),
        (10050, True),
        (100100, True),
        (100101, False),
    ):
        text = {"serial_range": f"{GOLD}{number}-{number}", "serial_form": SerialForm.GOLD_STANDARD, "tonnes": 1}
        if is_taken:
            assert (await refused(shop, operator, f"r-{number}", **text)).code is Code.BAD_USER_INPUT
        else:
            await received(shop, operator, f"r-{number}", **text)


async def test_single_credits_that_read_as_a_range_of_another_batch_are_refused(
    shop: Shop, operator: Caller, other_project: Project
):
    """Credit 9 behind "OAK-5-" is printed as OAK-5-9, as are credits 5 to 9 of OAK-1-100."""
    plain = {"serial_form": SerialForm.PLAIN, "project_id": other_project.id}
    await received(shop, operator, "range", serial_range="OAK-1-100", **plain)
    assert (await refused(shop, operator, "pair", first_serial="OAK-5-9", last_serial="OAK-5-108", **plain)).path == (
        "first_serial",
    )

    await received(shop, operator, "elm", first_serial="ELM-5-9", last_serial="ELM-5-108", **plain)
    assert (await refused(shop, operator, "elms", serial_range="ELM-1-100", **plain)).path == ("serial_range",)


async def test_serials_must_be_as_many_as_the_tonnes(shop: Shop, operator: Caller):
    refusal = await refused(shop, operator, "r", serial_range=VERRA, tonnes=99)

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("mass",))


@pytest.mark.parametrize(
    ("stated", "member"),
    [
        ({}, "serial_range"),
        ({"first_serial": "OAK-1"}, "last_serial"),
        ({"serial_prefix": "OAK-"}, "serial_start"),
        ({"serial_start": 1}, "serial_prefix"),
        ({"serial_prefix": "OAK-", "serial_start": 1, "serial_range": VERRA}, "serial_range"),
        ({"serial_prefix": "OAK-", "serial_start": 1, "serial_form": SerialForm.VERRA}, "serial_prefix"),
        ({"serial_range": VERRA, "registry_reference": "x"}, "registry_reference"),
        ({"registry_reference": "iss_1"}, "serial_range"),
        ({"serial_range": GOLD + "1-100"}, "serial_range"),
        ({"serial_range": "9801-\u0661-\u0662-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0"}, "serial_range"),
        ({"serial_range": VERRA, "vintage": 2018}, "vintage"),
    ],
)
async def test_serials_that_are_none_are_refused(shop: Shop, operator: Caller, stated: dict[str, Any], member: str):
    refusal = await refused(shop, operator, "r", **stated)

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, (member,))


async def test_a_form_that_the_registry_does_not_imply_is_required(
    shop: Shop, operator: Caller, other_project: Project
):
    refusal = await refused(shop, operator, "r", serial_range=VERRA, project_id=other_project.id)

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("serial_form",))


async def test_a_batch_without_serials_has_a_reference_that_is_received_once(shop: Shop, operator: Caller):
    isometric = make_project(registry_name="Isometric")
    await store(shop.database, isometric)
    one = {"registry_reference": "iss_1ABC", "project_id": isometric.id}

    batch = await received(shop, operator, "one", **one)

    assert (batch.serial_form, batch.registry_reference, batch.issued_g) == (SerialForm.NONE, "iss_1ABC", 100 * TONNE_G)
    assert (await received(shop, operator, "one", **one)).id == batch.id
    twice = {"registry_reference": "ISS_1abc ", "project_id": isometric.id}
    assert (await refused(shop, operator, "two", **twice)).path == ("registry_reference",)


async def test_a_retry_replays_though_its_text_would_be_refused_today(shop: Shop, operator: Caller):
    old = make_batch(
        shop.forest_project, 100 * TONNE_G, serial_prefix="X1", serial_start=1, reference="old", vintage=2035
    )
    await store(shop.database, old)

    same = {"serial_prefix": "X1", "serial_start": 1, "vintage": 2035}
    assert (await received(shop, operator, "old", **same)).id == old.id
    assert (await refused(shop, operator, "old", **{**same, "serial_start": 2})).code is Code.IDEMPOTENCY_KEY_REUSED
    assert (await refused(shop, operator, "new", **same)).code is Code.BAD_USER_INPUT


async def test_a_retry_of_a_range_replays_and_another_range_is_refused(shop: Shop, operator: Caller):
    batch = await received(shop, operator, "r", serial_range=VERRA)

    assert (await received(shop, operator, "r", serial_range=f" {VERRA}\n")).id == batch.id
    other = VERRA.replace("122000101-122000200", "122000201-122000300")
    assert (await refused(shop, operator, "r", serial_range=other)).code is Code.IDEMPOTENCY_KEY_REUSED


async def test_an_import_receives_ranges_pairs_columns_and_references(shop: Shop):
    isometric = make_project(registry_name="Isometric", slug="stone")
    await store(shop.database, isometric)

    done = await imported(
        shop,
        {"reference": "a", "serial_range": VERRA},
        {"reference": "b", "serial_form": "plain", "first_serial": "OAK-1", "last_serial": "OAK-100"},
        {
            "reference": "c",
            "serial_form": "cercarbono",
            "serial_range": "CDC_8_1_1_321_14_CO_1_1",
            "first_serial": "294000",
            "last_serial": "294099",
        },
        {"reference": "d", "project": "stone", "registry_reference": "iss_1", "tonnes": "0.5"},
        {"reference": "e", "serial_prefix": "ELM-", "serial_start": "1"},
    )

    assert (done.added, done.faults) == (5, ())
    written = {
        batch.reference: block_of(batch).written()
        for batch in await rows_of(shop.database, BATCHES)
        if batch.reference and batch.serial_form is not SerialForm.NONE
    }
    assert written == {
        "a": (VERRA,),
        "b": ("OAK-1", "OAK-100"),
        "c": ("CDC_8_1_1_321_14_CO_1_1, 294000, 294099",),
        "e": ("ELM-1", "ELM-100"),
    }


async def test_an_import_names_each_row_whose_serials_are_taken(shop: Shop, operator: Caller):
    await received(shop, operator, "first", serial_range=VERRA)
    before = await shop.everything()

    done = await imported(
        shop,
        {"reference": "a", "serial_range": VERRA.lower()},
        {"reference": "b", "serial_form": "plain", "serial_range": "OAK-1-100"},
        {"reference": "c", "serial_form": "plain", "first_serial": "oak-100", "last_serial": "oak-199"},
        {"reference": "d", "serial_range": GOLD + "1-100"},
        {"reference": "e", "serial_range": VERRA, "tonnes": "7"},
        {"reference": "f", "project": "nowhere", "serial_range": VERRA},
    )

    assert sorted((fault.row, fault.column) for fault in done.faults) == [
        ("item 1", "serial_range"),
        ("item 3", "first_serial"),
        ("item 4", "serial_range"),
        ("item 5", "tonnes"),
        ("item 6", "project"),
    ]
    assert await shop.everything() == before


@pytest.mark.parametrize("kind", ["receipt and receipt", "import and receipt", "import and import"])
async def test_of_two_receipts_of_one_credit_at_once_one_is_kept(
    shop: Shop, operator: Caller, other_project: Project, kind: str
):
    """The two are of two projects and two operators, so that nothing but the serials makes them meet."""
    another = make_caller(await shop.another_account(), operator.scopes)

    async def by_receipt(number: int, caller: Caller, text: str, project: Project) -> bool:
        facts = {"serial_range": text, "serial_form": SerialForm.PLAIN, "project_id": project.id}
        answer = await answer_of(received(shop, caller, f"r-{number}-{project.slug}", **facts))
        assert isinstance(answer, CreditBatch) or answer.code is Code.BAD_USER_INPUT, answer
        return isinstance(answer, CreditBatch)

    async def by_import(number: int, text: str, project: Project) -> bool:
        row = {"reference": f"i-{number}-{project.slug}", "project": project.slug, "serial_form": "plain"}
        done = await imported(shop, {**row, "serial_range": text})
        assert (done.added, len(done.faults)) in {(1, 0), (0, 1)}
        return not done.faults

    for number in range(TRIALS):
        one, two = f"TREE-{number}-A1-100", f"tree-{number}-a50-149"
        if kind == "receipt and receipt":
            work = (
                by_receipt(number, operator, one, shop.forest_project),
                by_receipt(number, another, two, other_project),
            )
        elif kind == "import and receipt":
            work = (by_import(number, one, shop.forest_project), by_receipt(number, another, two, other_project))
        else:
            work = (by_import(number, one, shop.forest_project), by_import(number, two, other_project))
        assert sorted(await asyncio.gather(*work)) == [False, True]
    kept = [batch for batch in await rows_of(shop.database, BATCHES) if batch.reference]
    assert len(kept) == TRIALS


async def test_imports_of_many_series_at_once_wait_for_one_another_in_one_order(shop: Shop, other_project: Project):
    """Each file has the series of the others in another order; none is broken off by a deadlock, one is kept."""

    async def attempt(number: int) -> ImportedCatalogue:
        names = list(range(30))
        names = names[number * 7 :] + names[: number * 7]
        rows = [
            {"reference": f"{number}-{n}", "serial_form": "plain", "serial_range": f"S{n}-A1-100", "project": project}
            for n, project in zip(names, ["trees", other_project.slug] * 15, strict=True)
        ]
        return await imported(shop, *(rows if number % 2 else reversed(rows)))

    done = await asyncio.gather(*(attempt(number) for number in range(4)))

    assert sorted((each.added, len(each.faults)) for each in done) == [(0, 30), (0, 30), (0, 30), (30, 0)]


async def test_the_database_refuses_claims_that_meet_whatever_was_decided(shop: Shop):
    first = make_batch(shop.forest_project, 10 * TONNE_G, serial_prefix="ASH-")
    second = make_batch(shop.forest_project, 10 * TONNE_G, serial_prefix="ash-", serial_start=10)
    await store(shop.database, first)

    with pytest.raises(Exception, match="claimed by another batch"):
        await store(shop.database, second)

    assert [batch for batch in await rows_of(shop.database, BATCHES) if batch.id == second.id] == []


@pytest.mark.parametrize("retry", ["2026-7 ", " 2026-7", "2026-7\t\n"])
async def test_blanks_around_a_reference_are_ignored(shop: Shop, operator: Caller, retry: str):
    batch = await received(shop, operator, "2026-7", vintage=2019, serial_range=VERRA)

    assert await received(shop, operator, retry, vintage=2019, serial_range=VERRA) == batch
    assert batch.reference == "2026-7"
    refusal = await refused(shop, operator, retry, vintage=2018, serial_range=VERRA)
    assert refusal.code is Code.IDEMPOTENCY_KEY_REUSED
