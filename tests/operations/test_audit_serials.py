"""Audit of serial numbers: what was received before serials had forms, and what certificates say of them.

Seen to fail when: only the claims of batches are compared, and not their serials; a certificate is compared with its
own batch's serials, but not with the grams that were retired; the earlier of two double retirements is left out.
"""

import json
from typing import Any

import pytest

from service.domain.catalogue import CreditBatch, Mode
from service.domain.order import ByBundleMasses, Order, OrderRequest
from service.domain.serials.block import Layout
from service.domain.serials.forms import SerialForm
from service.operations.audit import audit
from service.operations.issue_certificates import issue_certificates
from service.operations.retire_orders import retire_orders
from service.storage import serials
from service.storage.audit import Finding
from service.storage.batches import BATCHES
from tests.makers import TONNE_G, make_batch, make_project, store
from tests.operations.test_audit import plant, postgresql_url, shop  # noqa: F401 - fixtures
from tests.shop import Shop

GOLD = "GS1-1-KE-GS98-16-2019-778-"
MEETS = "every batch: no serial of it is another batch's"
READS = "every batch: no serial of it reads as a range of another's"
CLEAR = "every batch: its serials can be read in one way only"
CLAIMS = "every batch: claims its serials and no others"
CERTIFIED = "every certificate: states the serials that its order retired"
FACTS = "every certificate: its hash is that of its facts, and these are of its order and what that retired"
ONCE = "every order: its serials were retired from one batch"


async def found(shop: Shop) -> dict[str, Finding]:  # noqa: F811
    return {finding.name: finding for finding in await audit(shop.resources) if finding.deviating}


async def received_before(shop: Shop, *batches: CreditBatch) -> None:  # noqa: F811
    """Store batches as a release without rules for serials left them, with the claims that the migration wrote."""
    async with shop.database.transaction() as statements:
        if statements.dialect == "sqlite":
            await statements.execute("DROP TRIGGER serial_claims_once")
        else:
            await statements.execute("DROP TRIGGER serial_claims_once ON serial_claims")
        assert await BATCHES.insert(statements, batches) == len(batches)
        await serials.claim(statements, batches)


async def certified(shop: Shop, mass_g: int) -> Order:  # noqa: F811
    """An order of the forest alone, retired and certified."""
    order = await shop.place(OrderRequest(ask=ByBundleMasses(((shop.forest.id, mass_g),))))
    await retire_orders(shop.resources, after_ms=0, unpaid=True)
    assert await issue_certificates(shop.resources, public_address="https://example.org") == 1
    return order


async def facts_of(shop: Shop, order: Order) -> dict[str, Any]:  # noqa: F811
    (row,) = await shop.database.reader.fetch("SELECT facts FROM certificates WHERE order_id = $1", order.id)
    return json.loads(row["facts"])


async def state(shop: Shop, order: Order, facts: dict[str, Any]) -> None:  # noqa: F811
    text = json.dumps(facts).replace("'", "''")
    await plant(shop, f"UPDATE certificates SET facts = '{text}' WHERE order_id = '{order.id}'")


async def test_a_credit_that_two_batches_of_before_sold_is_named_on_either_side(shop: Shop):  # noqa: F811
    """Credit 1 behind 778-100 is credit 1001 behind 778-: two customers bought it, and each has a certificate."""
    whole = make_batch(shop.forest_project, TONNE_G, serial_prefix=GOLD, serial_start=1001, vintage=2001)
    cut = make_batch(shop.forest_project, TONNE_G, serial_prefix=f"{GOLD}100", serial_start=1, vintage=2002)
    await received_before(shop, whole, cut)

    orders = [await certified(shop, TONNE_G), await certified(shop, TONNE_G)]

    stated = [(await facts_of(shop, order))["batches"][0]["serials"] for order in orders]
    assert stated == [[[f"{GOLD}1001"] * 2]] * 2
    findings = await found(shop)
    assert set(findings) == {MEETS, CLEAR, ONCE}
    assert findings[MEETS].first == (str(cut.id),)
    assert findings[CLEAR].first == (str(cut.id),)
    assert set(findings[ONCE].first) == {f"{shop.account.id} {order.id}" for order in orders}


async def test_batches_that_meet_are_no_double_sale_while_one_credit_of_them_is_retired(shop: Shop):  # noqa: F811
    one = make_batch(shop.forest_project, 2 * TONNE_G, serial_prefix=GOLD, serial_start=1001, vintage=2001)
    two = make_batch(shop.forest_project, 2 * TONNE_G, serial_prefix=GOLD, serial_start=1002, vintage=2002)
    await received_before(shop, one, two)

    await certified(shop, TONNE_G)
    await certified(shop, TONNE_G)
    assert set(await found(shop)) == {MEETS}

    third = await certified(shop, 500_000)  # of the other batch, which begins with the credit 1002
    findings = await found(shop)
    assert set(findings) == {MEETS, ONCE}
    assert findings[ONCE].deviating == 2
    assert f"{shop.account.id} {third.id}" in findings[ONCE].first


async def test_grams_of_one_serial_on_two_certificates_are_no_finding(shop: Shop):  # noqa: F811
    orders = [await certified(shop, mass_g) for mass_g in (400_000, 400_000, 700_000)]

    facts = [(await facts_of(shop, order))["batches"] for order in orders]
    assert [[batch["intervals"] for batch in batches] for batches in facts] == [
        [[[0, 400_000]]],
        [[[400_000, 800_000]]],
        [[[800_000, 1_000_000]], [[0, 500_000]]],
    ]
    assert [batches[0]["serials"] for batches in facts] == [[["VCS-OLD-1", "VCS-OLD-1"]]] * 3
    assert await found(shop) == {}


@pytest.mark.parametrize(
    "planted",
    [
        {"serials": [["VCS-YOUNG-1", "VCS-YOUNG-1"]]},
        {"serials": [["VCS-OLD-1", "VCS-OLD-2"]]},
        {"serials": []},
        {"intervals": [[0, 400_001]]},
        {"intervals": [[100_000, 500_000]]},
        {"written": ["VCS-OLD-1"]},
        {"batch_id": "019b8d62-7a80-700b-847c-481a2cc85dc0"},
    ],
)
async def test_a_certificate_that_states_other_serials_is_named(shop: Shop, planted: dict[str, Any]):  # noqa: F811
    order = await certified(shop, 400_000)
    await certified(shop, 400_000)
    facts = await facts_of(shop, order)
    await state(shop, order, {**facts, "batches": [{**facts["batches"][0], **planted}]})

    findings = await found(shop)

    assert set(findings) == {CERTIFIED, FACTS}
    assert findings[CERTIFIED].first == (f"{shop.account.id} {order.id}",)


@pytest.mark.parametrize("batches", [[], None])
async def test_a_certificate_that_leaves_out_or_adds_a_batch_is_named(shop: Shop, batches: list[Any] | None):  # noqa: F811
    order = await certified(shop, 400_000)
    facts = await facts_of(shop, order)
    added = [*facts["batches"], {**facts["batches"][0], "batch_id": str(shop.young.id)}]
    await state(shop, order, {**facts, "batches": added if batches is None else batches})

    assert set(await found(shop)) == {CERTIFIED, FACTS}


@pytest.mark.parametrize(
    ("prefix", "is_clear"),
    [
        (f"{GOLD}100", False),
        ("643002406555908611", False),
        ("VCS-9", False),
        ("---", False),
        ("WCC-77-1-WCC-77-", False),
        ("CDC_8_1_1_321_14_CO_1_1, ", False),
        (GOLD, True),
        ("WCC-77-", True),
        ("DEMO-VCS-9114-2019-", True),
        ("A", True),
    ],
)
async def test_serials_of_before_that_read_in_two_ways_are_named(shop: Shop, prefix: str, is_clear: bool):  # noqa: F811
    batch = make_batch(shop.forest_project, TONNE_G, serial_prefix=prefix, serial_start=1)
    await received_before(shop, batch)

    findings = await found(shop)

    assert {name: finding.first for name, finding in findings.items()} == (
        {} if is_clear else {CLEAR: (str(batch.id),)}
    )


async def test_a_serial_of_before_that_reads_as_a_range_of_another_batch_is_named(shop: Shop):  # noqa: F811
    """Credit 9 behind "OAK-5-" is printed as OAK-5-9, and so are the credits 5 to 9 of OAK-1-100."""
    many = {"serial_form": SerialForm.PLAIN, "serial_layout": Layout.RANGE, "serial_joiner": "-"}
    oaks = make_batch(shop.forest_project, 100 * TONNE_G, serial_prefix="OAK-", **many)
    elms = make_batch(shop.forest_project, 100 * TONNE_G, serial_prefix="ELM-", **many)
    single = make_batch(shop.forest_project, TONNE_G, serial_prefix="OAK-5-", serial_start=9)
    above = make_batch(shop.forest_project, TONNE_G, serial_prefix="OAK-101-", serial_start=109)
    await received_before(shop, oaks, elms, single, above)

    assert {name: finding.first for name, finding in (await found(shop)).items()} == {READS: (str(single.id),)}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit_batches SET serial_prefix = 'VCS-YOUNG-' WHERE id = '{old}'",
        "UPDATE credit_batches SET serial_start = 2 WHERE id = '{old}'",
        "UPDATE credit_batches SET serial_suffix = '-2019' WHERE id = '{old}'",
        "UPDATE credit_batches SET issued_g = 2000000, available_g = available_g + 1000000 WHERE id = '{old}'",
        "UPDATE credit_batches SET mode = 'test' WHERE id = '{old}'",
        "DELETE FROM serial_claims WHERE batch_id = '{old}'",
        "UPDATE serial_claims SET first_number = 0 WHERE batch_id = '{old}'",
        "UPDATE serial_claims SET is_reading = NOT is_reading WHERE batch_id = '{old}'",
    ],
)
async def test_serials_that_are_not_those_claimed_are_named(shop: Shop, change: str):  # noqa: F811
    await plant(shop, change.format(old=shop.old.id))

    assert (await found(shop))[CLAIMS].first == (str(shop.old.id),)


async def test_pages_of_batches_are_gone_through_to_the_end(shop: Shop):  # noqa: F811
    registry = make_project()
    many = [make_batch(registry, TONNE_G, mode=Mode.TEST, serial_prefix=f"P{n}") for n in range(1_003)]
    await store(shop.database, registry, *many)

    finding = (await found(shop))[CLEAR]

    assert (finding.rows, finding.deviating) == (1_006, 1_003)
    assert list(finding.first) == sorted(str(batch.id) for batch in many)[:10]
