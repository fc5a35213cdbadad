"""Entries of registries: validated against our retirements, recorded once, and certified once they cover an order.

Planted defects that were seen to fail here: the credits of another order accepted, a retry that records again, an
entry that overlaps another one, a certificate before all credits are covered, none when the order is completed after
its credits were recorded, a correction that leaves the old entry valid.
"""

import csv
import hashlib
import json
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest
from pypdf import PdfReader

from service.domain.certificate import Interval
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, Order, OrderRequest
from service.domain.registry_evidence import StatedRetirement
from service.errors import Code, Refused
from service.kit.clock import system_clock, utc_date
from service.kit.ids import uuid7
from service.operations.issue_certificates import issue_certificates
from service.operations.read_certificates import certificates_of_orders
from service.operations.read_registry_retirements import certified_of_orders, public_evidence, retirement_file
from service.operations.record_registry_retirement import import_retirements, record_registry_retirement
from service.operations.retire_orders import retire_order
from service.operations.steps.draw_statement import statement_file
from service.storage import batches
from tests.makers import TONNE_G
from tests.shop import Shop

ADDRESS = "https://orders.test"
DAY = date(2026, 11, 3)


async def complete(shop: Shop, mass_g: int, *, keep: int = 0) -> Order:
    """A complete order of forest alone: at first of the credits of the older vintage, VCS-OLD-1."""
    order = await shop.place(OrderRequest(ask=ByBundleMasses(((shop.forest.id, mass_g),))))
    await retire_order(shop.resources, order.account_id, order.id, keep=keep, actor="test")
    return order


def stated(reference: str = "r-1", serials: str | None = "VCS-OLD-1 to VCS-OLD-1", **facts) -> StatedRetirement:
    return StatedRetirement(**{"reference": reference, "retired_on": DAY, "serial_range": serials, **facts})


async def record(shop: Shop, batch, entry: StatedRetirement, order: Order | None = None):
    named = {} if order is None else {"account_id": order.account_id, "order": OrderRef(id=order.id)}
    return await record_registry_retirement(shop.resources, shop.caller, batch.id, entry, **named)


async def refusal(shop: Shop, batch, entry: StatedRetirement, order: Order | None = None) -> Refused:
    before = await shop.everything()
    with pytest.raises(Refused) as refused:
        await record(shop, batch, entry, order)
    assert await shop.everything() == before
    return refused.value


async def certified(shop: Shop, order: Order):
    (found,) = await certified_of_orders(shop.resources, shop.caller, [order.id])
    return found


async def events_of(shop: Shop, order: Order) -> list[str]:
    rows = await shop.database.reader.fetch("SELECT event_type FROM events WHERE order_id = $1 ORDER BY seq", order.id)
    return [row["event_type"] for row in rows]


async def test_a_covered_order_gets_a_retirement_certificate_beside_the_first_one(shop: Shop):
    order = await complete(shop, TONNE_G)
    (first,) = await certificates_of_orders(shop.resources, shop.caller, [order.id])
    entry = stated(retirement_id="R-77", url="https://registry.example/77", beneficiary="Ocean & Sons")

    recorded = await record(shop, shop.old, entry)

    assert not recorded.replayed
    (after,) = await certificates_of_orders(shop.resources, shop.caller, [order.id])
    assert after == first
    found = await certified(shop, order)
    assert found.certificate is not None
    assert found.certificate.number.startswith("RT-")
    assert found.certificate.sha256 == hashlib.sha256(found.certificate.facts.encode()).hexdigest()
    facts = json.loads(found.certificate.facts)
    assert facts["kind"] == "retirement"
    assert facts["certificate"] == {"number": first.number, "sha256": first.sha256}
    assert facts["batches"] == json.loads(first.facts)["batches"]
    assert facts["registry_retirements"] == [
        {
            "id": str(recorded.entry.id),
            "batch_id": str(shop.old.id),
            "retired_on": "2026-11-03",
            "retirement_id": "R-77",
            "url": "https://registry.example/77",
            "beneficiary": "Ocean & Sons",
            "serials": ["VCS-OLD-1"],
            "mass_g": TONNE_G,
        }
    ]
    assert await events_of(shop, order) == [
        *("order.placed", "order.fulfilled", "order.retiring", "order.completed", "order.retirement_recorded")
    ]


async def test_its_pdf_is_drawn_once_by_the_worker_or_the_first_request(shop: Shop):
    order = await complete(shop, TONNE_G)
    await record(shop, shop.old, stated(retirement_id="R-77", url="https://registry.example/77"))
    found = await certified(shop, order)

    assert await issue_certificates(shop.resources, public_address=ADDRESS) == 2
    file = await retirement_file(shop.resources, shop.caller, order.id, public_address=ADDRESS)

    assert file is not None
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages)
    for part in ("Retirement certificate", found.certificate.number, "R-77", "VCS-OLD-1", "3 November 2026"):
        assert part in text
    assert await issue_certificates(shop.resources, public_address=ADDRESS) == 0
    again = await retirement_file(shop.resources, shop.caller, order.id, public_address="https://else.test")
    assert again == file


async def test_a_part_of_the_credits_is_shown_and_certifies_nothing(shop: Shop):
    order = await complete(shop, 3 * TONNE_G)
    await record(shop, shop.young, stated(serials="VCS-YOUNG-1 to VCS-YOUNG-1"))
    found = await certified(shop, order)
    assert [each.covered[0].mass_g for each in found.evidence] == [TONNE_G]
    assert found.certificate is None
    await record(shop, shop.old, stated("r-2"))
    assert (await certified(shop, order)).certificate is None
    await record(shop, shop.young, stated("r-3", "VCS-YOUNG-2 to VCS-YOUNG-2"))
    assert (await certified(shop, order)).certificate is not None


async def test_an_entry_may_contain_a_credit_of_which_a_part_is_retired(shop: Shop):
    order = await complete(shop, 3 * TONNE_G + 500_000)
    await record(shop, shop.old, stated())
    none_of_it = await refusal(shop, shop.young, stated("r-2", "VCS-YOUNG-1 to VCS-YOUNG-4"))
    assert "Retired are VCS-YOUNG-1 to VCS-YOUNG-3." in none_of_it.message

    recorded = await record(shop, shop.young, stated("r-2", "VCS-YOUNG-1 to VCS-YOUNG-3"))

    assert (recorded.entry.start_g, recorded.entry.end_g) == (0, 3 * TONNE_G)
    (_, of_young) = (await certified(shop, order)).evidence
    assert [each.mass_g for each in of_young.covered] == [2_500_000]
    rest = await complete(shop, 500_000)
    found = await certified(shop, rest)
    assert [each.covered for each in found.evidence] == [(Interval(2_500_000, 3 * TONNE_G),)]
    assert found.certificate is not None


async def test_the_statement_of_the_year_says_how_much_the_registries_show(shop: Shop):
    await complete(shop, 600_000)
    other = await complete(shop, 1_400_000)  # the rest of VCS-OLD-1, and VCS-YOUNG-1
    year = shop.resources.clock().year

    async def stated_shares() -> list[str]:
        file = await statement_file(shop.resources, shop.account, year, as_csv=True)
        return [row["registryRetiredTonnes"] for row in csv.DictReader(StringIO(file.decode()))]

    assert await stated_shares() == ["0", "0", "0"]
    await record(shop, shop.old, stated(), other)
    assert await stated_shares() == ["0", "0.4", "0"]
    await record(shop, shop.young, stated("r-2", "VCS-YOUNG-1 to VCS-YOUNG-1"))
    assert await stated_shares() == ["0", "0.4", "1"]
    pdf = await statement_file(shop.resources, shop.account, year, as_csv=False)
    text = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())
    assert "Shown as retired by a recorded entry of the registry 1.4 t 70.0 %" in text


async def test_one_entry_covers_every_order_that_has_some_of_its_credits(shop: Shop):
    orders = [await complete(shop, mass_g) for mass_g in (400_000, 500_000, 100_000)]
    await record(shop, shop.old, stated())
    for order in orders:
        found = await certified(shop, order)
        assert found.certificate is not None
        assert found.evidence[0].written(shop.old) == ["VCS-OLD-1"]


async def test_an_entry_for_one_order_covers_no_other_one(shop: Shop):
    one, other = await complete(shop, 400_000), await complete(shop, 600_000)
    await record(shop, shop.old, stated(), one)
    assert (await certified(shop, one)).certificate is not None
    assert (await certified(shop, other)).evidence == []
    await record(shop, shop.old, stated("r-2"), other)
    assert (await certified(shop, other)).certificate is not None


async def test_an_order_that_is_completed_later_finds_its_entries(shop: Shop):
    first = await complete(shop, 400_000)
    await record(shop, shop.old, stated())
    order = await complete(shop, 600_000)
    assert (await certified(shop, first)).certificate is not None
    assert (await certified(shop, order)).certificate is not None
    assert (await events_of(shop, order))[-2:] == ["order.completed", "order.retirement_recorded"]


async def test_a_retry_replays_whatever_the_rules_are_now(shop: Shop):
    await complete(shop, TONNE_G)
    first = await record(shop, shop.old, stated(" r-1 "))
    before = await shop.everything()
    await shop.execute("UPDATE credit_batches SET serial_prefix = 'OTHER-' WHERE id = $1", shop.old.id)
    again = await record(shop, shop.old, stated())
    await shop.execute("UPDATE credit_batches SET serial_prefix = 'VCS-OLD-' WHERE id = $1", shop.old.id)
    assert (again.entry, again.replayed) == (first.entry, True)
    assert await shop.everything() == before
    other = await refusal(shop, shop.old, stated(beneficiary="Somebody"))
    assert (other.code, other.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("reference",))


CASES = [
    (stated(serials="VCS-OLD-2 to VCS-OLD-2"), ("serial_range",), "not of the batch"),
    (stated(serials="VCS-DEEP-1 to VCS-DEEP-1"), ("serial_range",), "not of the batch"),
    (stated(serials=None, first_serial="X-1", last_serial="X-1"), ("first_serial",), "not of the batch"),
    (stated(serials=None), ("serial_range",), "Give the serial range"),
    (stated(retired_on=date(1989, 1, 1)), ("retired_on",), "Give a day"),
    (stated(retired_on=utc_date(system_clock()) + timedelta(days=2)),
     ("retired_on",), "Give a day"),
    (stated(url="http://registry.example"), ("url",), "https"),
    (stated(beneficiary="ᏣᎳᎩ"), ("beneficiary",), "No font"),
    (stated(retirement_id=""), ("retirement_id",), "Give 1 to"),
    (stated(corrects="r-0"), ("corrects",), "No entry"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "path", "message"), CASES)
async def test_what_an_entry_may_not_say(shop: Shop, entry: StatedRetirement, path: tuple[str], message: str):
    await complete(shop, TONNE_G)
    refused = await refusal(shop, shop.old, entry)
    assert refused.path == path
    assert message in refused.message


async def test_credits_of_others_or_of_nobody_are_refused(shop: Shop):
    one = await complete(shop, 3 * TONNE_G)
    other = await complete(shop, 2 * TONNE_G)
    of_other = stated(serials="VCS-YOUNG-3 to VCS-YOUNG-4")
    assert (await refusal(shop, shop.young, of_other, one)).path == ("serial_range",)
    unsold = await refusal(shop, shop.young, stated(serials="VCS-YOUNG-4 to VCS-YOUNG-5"))
    assert "Retired are VCS-YOUNG-1 to VCS-YOUNG-4" in unsold.message
    await record(shop, shop.young, of_other, other)
    overlap = await refusal(shop, shop.young, stated("r-2", "VCS-YOUNG-1 to VCS-YOUNG-3"))
    assert "r-1" in overlap.message


async def test_unknown_things_are_not_found(shop: Shop):
    order = await complete(shop, TONNE_G)
    with pytest.raises(Refused) as refused:
        await record_registry_retirement(shop.resources, shop.caller, uuid7(), stated())
    assert (refused.value.code, refused.value.path) == (Code.NOT_FOUND, ("credit_batch_id",))
    for named, path in (
        ({"account_id": order.account_id, "order": OrderRef(id=uuid7())}, ("order",)),
        ({"account_id": order.account_id}, ("order",)),
        ({"order": OrderRef(id=order.id)}, ("account_id",)),
    ):
        with pytest.raises(Refused) as refused:
            await record_registry_retirement(shop.resources, shop.caller, shop.old.id, stated(), **named)
        assert refused.value.path == path


async def test_a_registry_without_numbers_needs_the_order_and_no_serials(shop: Shop):
    await shop.execute(
        "UPDATE credit_batches SET serial_form = 'none', serial_prefix = '', serial_start = 0,"
        " registry_reference = 'iss_1' WHERE id = $1",
        shop.old.id,
    )
    order = await complete(shop, 400_000)
    await complete(shop, 600_000)
    assert (await refusal(shop, shop.old, stated(serials=None))).path == ("order",)
    assert (await refusal(shop, shop.old, stated(), order)).path == ("serial_range",)
    await record(shop, shop.old, stated(serials=None), order)
    found = await certified(shop, order)
    batch = (await batches.of_any_mode(shop.database.reader, [shop.old.id]))[shop.old.id]
    assert found.certificate is not None
    assert found.evidence[0].written(batch) == ["iss_1"]
    assert (await refusal(shop, shop.old, stated("r-2", None), order)).path == ("order",)


async def test_a_correction_makes_another_version_and_the_first_one_stays(shop: Shop):
    order = await complete(shop, TONNE_G)
    await record(shop, shop.old, stated(retirement_id="R-7"))
    first = (await certified(shop, order)).certificate

    await record(shop, shop.old, stated("r-2", retirement_id="R-77", corrects="r-1"))

    found = await certified(shop, order)
    assert [each.entry.retirement_id for each in found.evidence] == ["R-77"]
    assert (found.certificate.version, found.certificate.number) != (first.version, first.number)
    rows = await shop.database.reader.fetch("SELECT facts FROM retirement_certificates ORDER BY version")
    assert [row["facts"] for row in rows] == [first.facts, found.certificate.facts]
    twice = await refusal(shop, shop.old, stated("r-3", corrects="r-1"))
    assert twice.path == ("corrects",)


async def test_a_correction_that_uncovers_an_order_takes_its_certificate_from_view(shop: Shop):
    order = await complete(shop, 3 * TONNE_G)
    await record(shop, shop.old, stated())
    await record(shop, shop.young, stated("r-2", "VCS-YOUNG-1 to VCS-YOUNG-2"))
    assert (await certified(shop, order)).certificate is not None
    await record(shop, shop.young, stated("r-3", "VCS-YOUNG-1 to VCS-YOUNG-1", corrects="r-2"))
    assert (await certified(shop, order)).certificate is None
    (first,) = await certificates_of_orders(shop.resources, shop.caller, [order.id])
    shown = await public_evidence(shop.resources, first.token)
    assert shown is not None
    assert shown.certified.certificate is None


@pytest.mark.parametrize("table", ["registry_retirements", "retirement_certificates"])
@pytest.mark.parametrize("change", ["UPDATE {} SET reference = 'x'", "DELETE FROM {}", "UPDATE {} SET pdf = NULL"])
async def test_the_database_itself_refuses_to_edit_them(shop: Shop, table: str, change: str):
    column = {"registry_retirements": "reference", "retirement_certificates": "number"}[table]
    await complete(shop, TONNE_G)
    await record(shop, shop.old, stated())
    if table == "registry_retirements" and "pdf" in change:
        return
    before = await shop.everything()
    with pytest.raises(Exception, match="append-only"):
        await shop.execute(change.format(table).replace("reference", column))
    assert await shop.everything() == before


FILE = """reference,batch,serial_range,account,order,retired_on,retirement_id,url,beneficiary
e-1,{batch},VCS-OLD-1 to VCS-OLD-1,{account},{order},2026-11-03,R-1,https://registry.example/1,Ocean
"""


async def test_a_file_is_imported_once_or_not_at_all(shop: Shop):
    order = await complete(shop, TONNE_G)
    text = FILE.format(batch=shop.old.id, account=order.account_id, order=order.number)
    before = await shop.everything()
    rehearsed = await import_retirements(shop.resources, text, is_csv=True, rehearse=True)
    assert (rehearsed.added, rehearsed.faults, await shop.everything()) == (1, (), before)
    wrong = text + f"e-2,{shop.young.id},VCS-YOUNG-1 to VCS-YOUNG-2,,,2026-11-03,,,\nx,nothing,,,,2026-11-03,,,\n"
    refused = await import_retirements(shop.resources, wrong, is_csv=True)
    assert [(fault.row, fault.column) for fault in refused.faults] == [("line 4", "batch"), ("line 3", "serial_range")]
    assert (refused.added, await shop.everything()) == (0, before)
    done = await import_retirements(shop.resources, text, is_csv=True)
    assert (done.rows, done.added, done.existing, done.faults) == (1, 1, 0, ())
    again = await import_retirements(shop.resources, text, is_csv=True)
    assert (again.added, again.existing) == (0, 1)
    assert (await certified(shop, order)).certificate is not None
