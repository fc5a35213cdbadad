"""Certificates: one for each complete order, from its facts as they were, and never another byte of them.

Planted defects that were seen to fail here: a certificate issued again, the trigger that guards it left out, the
recipient taken from the account, intervals of a batch not put together, one that cannot be drawn stops the others, a
certificate before COMPLETE, the account left out of the look-up, a token compared without its case, facts written after
the transaction of COMPLETE, a PDF drawn again over the stored one.
"""

import asyncio
import hashlib
import json
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from service.documents.drawer import Drawer
from service.domain.accounts import Caller
from service.domain.order import ByBundleMasses, Order
from service.kit.ids import uuid7
from service.operations import issue_certificates as module
from service.operations.issue_certificates import issue_certificates
from service.operations.read_certificates import (
    certificate_file,
    certificates_of_orders,
    public_certificate,
    public_certificate_file,
)
from service.operations.resources import Resources
from service.operations.retire_orders import retire_order, retire_orders
from service.operations.set_seller import set_seller
from service.operations.steps.draw_certificate import certificate_address
from service.storage import certificates
from service.storage.database import Database
from tests.makers import TONNE_G, make_caller, make_order_request
from tests.shop import Shop

ADDRESS = "https://orders.test/base"
TRIGGER = {"sqlite": "no_update", "postgresql": "issued_once ON certificates"}


async def complete(shop: Shop, mass_g: int = 1_000, **facts) -> Order:
    order = await shop.place(make_order_request(mass_g), **facts)
    await retire_order(shop.resources, order.account_id, order.id, keep=0, actor="test")
    return order


async def issue(shop: Shop, resources: Resources | None = None) -> int:
    return await issue_certificates(resources or shop.resources, public_address=ADDRESS)


async def file_of(shop: Shop, order: Order, caller: Caller | None = None) -> bytes | None:
    return await certificate_file(shop.resources, caller or shop.caller, order.id, public_address=ADDRESS)


async def stored_pdf(shop: Shop, order: Order) -> bytes | None:
    return await certificates.pdf_of_order(shop.database.reader, order.account_id, order.id)


async def certificate_of(shop: Shop, order: Order):
    (found,) = await certificates_of_orders(shop.resources, shop.caller, [order.id])
    assert found is not None
    return found


async def test_a_complete_order_has_a_certificate_that_states_its_grams(shop: Shop):
    first = await complete(shop, 2 * TONNE_G)

    found = await certificate_of(shop, first)

    facts = json.loads(found.facts)
    assert (facts["number"], facts["order_number"], facts["mass_g"]) == (found.number, first.number, 2 * TONNE_G)
    stated = {(each["batch_id"], each["mass_g"], *each["intervals"][0]) for each in facts["batches"]}
    assert stated == {
        (str(shop.old.id), TONNE_G, 0, TONNE_G),
        (str(shop.young.id), 900_000, 0, 900_000),
        (str(shop.deep.id), 100_000, 0, 100_000),
    }
    assert found.sha256 == hashlib.sha256(found.facts.encode()).hexdigest()
    assert len(found.token) == 43


async def test_it_states_its_issuer_and_what_is_known_of_project_and_batch(shop: Shop):
    await set_seller(
        shop.resources, "default", {"legal_name": "Meridian GmbH", "address": "Kai 1\nHamburg", "country": "DE"}
    )
    await shop.execute("UPDATE projects SET registry_project_id = 'VCS674', methodology = 'VM0004', storage_years = 40")
    await shop.execute("UPDATE credit_batches SET period_start = '2017-01-01', period_end = '2017-12-31'")
    facts = json.loads((await certificate_of(shop, await complete(shop))).facts)

    assert facts["kind"] == "assignment"
    assert facts["seller"] == {
        "legal_name": "Meridian GmbH",
        "address": "Kai 1\nHamburg",
        "country": "DE",
        "tax_number": None,
        "registration_number": None,
        "retirement_statement": None,
    }
    details = ("registry_project_id", "methodology", "storage_years", "period_start", "period_end", "labels")
    assert [[batch[name] for name in details] for batch in facts["batches"]] == [
        ["VCS674", "VM0004", 40, "2017-01-01", "2017-12-31", []]
    ] * 2


async def test_the_pdf_says_where_to_verify_it_and_has_a_copy_in_ascii(shop: Shop):
    order = await complete(shop)
    found = await certificate_of(shop, order)

    file = await file_of(shop, order)
    ascii_file = await certificate_file(shop.resources, shop.caller, order.id, public_address=ADDRESS, ascii_only=True)

    assert file is not None
    assert ascii_file is not None
    assert ascii_file.isascii()
    for each in (file, ascii_file):
        (page,) = PdfReader(BytesIO(each)).pages
        links = {annotation.get_object()["/A"]["/URI"] for annotation in page["/Annots"]}
        assert links == {certificate_address(ADDRESS, found.token)}
        assert found.number in page.extract_text()


async def test_the_first_request_draws_it_if_no_worker_did(shop: Shop):
    order = await complete(shop)
    found = await certificate_of(shop, order)
    assert await stored_pdf(shop, order) is None

    first = await public_certificate_file(shop.resources, found.token, public_address=ADDRESS)

    assert first is not None
    assert await stored_pdf(shop, order) == first
    assert await issue(shop) == 0
    assert await file_of(shop, order) == first


async def test_it_never_changes_whatever_is_edited_or_restarted(shop: Shop, database_url: str):
    order = await complete(shop)
    await issue(shop)
    before = await certificate_of(shop, order), await file_of(shop, order)

    await shop.execute("UPDATE projects SET name = 'Renamed', country = 'KEN', registry_name = 'Other'")
    await shop.execute("UPDATE accounts SET name = 'Renamed', beneficiary_name = 'Renamed'")
    await shop.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 2")
    assert await issue(shop) == 0
    assert not await module.issue_certificate(
        shop.resources, order.account_id, order.id, public_address="https://x.test"
    )
    restarted = await Database.open(database_url)
    try:
        resources = replace(shop.resources, database=restarted)
        (after,) = await certificates_of_orders(resources, shop.caller, [order.id])
        file = await certificate_file(resources, shop.caller, order.id, public_address="https://x.test")
    finally:
        await restarted.close()

    assert (after, file) == before


async def test_whoever_comes_second_with_the_same_certificate_changes_nothing(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    late = replace(await certificate_of(shop, order), token="B" * 43)
    before = await shop.everything(), await stored_pdf(shop, order)

    async with shop.database.transaction() as statements:
        assert not await certificates.issue(statements, late)
        assert not await certificates.keep_pdf(statements, order.account_id, order.id, b"%PDF-")

    assert (await shop.everything(), await stored_pdf(shop, order)) == before


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE certificates SET facts = '{}'",
        "UPDATE certificates SET pdf = NULL",
        "UPDATE certificates SET pdf = facts, facts = '{}'",
        "UPDATE certificates SET pdf = token, due_at = issued_at, issued_at = NULL",
        "DELETE FROM certificates",
    ],
)
async def test_the_database_itself_refuses_to_edit_one(shop: Shop, change: str, drawn: bool):
    await complete(shop)
    if drawn:
        await issue(shop)
    if shop.database.dialect == "postgresql":
        change = change.replace("= facts,", "= facts::bytea,").replace("= token,", "= token::bytea,")
    before = await shop.everything()

    with pytest.raises(Exception, match="append-only"):
        await shop.execute(change)

    assert await shop.everything() == before


async def test_two_workers_issue_one(shop: Shop, database_url: str):
    orders = [await complete(shop) for _ in range(3)]
    other = await Database.open(database_url)
    try:
        resources = replace(shop.resources, database=other)
        counts = await asyncio.gather(issue(shop), issue_certificates(resources, public_address=ADDRESS))
    finally:
        await other.close()

    assert sum(counts) == 3
    assert len({(await certificate_of(shop, order)).token for order in orders}) == 3


class Killed(Drawer):
    """A drawer whose processes draw nothing any more."""

    async def draw(self, template: str, facts: str) -> bytes:
        raise asyncio.CancelledError


class Failing(Drawer):
    """A drawer that cannot draw one order's certificate."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._number = order.number

    async def draw(self, template: str, facts: str) -> bytes:
        if self._number in facts:
            raise ValueError("no such glyph")
        return await super().draw(template, facts)


async def test_one_whose_drawing_was_killed_is_drawn_by_the_next_run(shop: Shop):
    order = await complete(shop)
    found = await certificate_of(shop, order)

    with pytest.raises(asyncio.CancelledError):
        await issue(shop, replace(shop.resources, drawer=Killed()))
    assert await stored_pdf(shop, order) is None

    assert await issue(shop) == 1
    assert await stored_pdf(shop, order)
    assert await certificate_of(shop, order) == found


async def test_one_that_cannot_be_drawn_does_not_stop_the_others(shop: Shop):
    bad, good = await complete(shop), await complete(shop)

    with capture_logs() as logs:
        assert await issue(shop, replace(shop.resources, drawer=Failing(bad))) == 1

    assert [entry["event"] for entry in logs] == ["item_failed", "certificate_failed"]
    assert await stored_pdf(shop, bad) is None
    assert await stored_pdf(shop, good)


async def test_an_order_that_an_earlier_release_completed_is_issued_by_the_worker(shop: Shop):
    order = await complete(shop)
    expected = json.loads((await certificate_of(shop, order)).facts)
    # The row that such a release has left.
    await shop.execute("DROP TRIGGER certificates_" + TRIGGER[shop.database.dialect])
    await shop.execute(
        "UPDATE certificates SET number = NULL, token = NULL, facts = NULL, sha256 = NULL, issued_at = NULL"
    )
    assert await file_of(shop, order) is None

    assert await issue(shop) == 1

    facts = json.loads((await certificate_of(shop, order)).facts)
    assert {**facts, "issued_at": None} == {**expected, "issued_at": None}
    assert await stored_pdf(shop, order) == await file_of(shop, order)


@pytest.mark.parametrize("keep", [1, 2])
async def test_before_it_is_complete_an_order_has_none(shop: Shop, keep: int):
    order = await shop.place()
    await retire_order(shop.resources, order.account_id, order.id, keep=keep, actor="test")

    assert await issue(shop) == 0
    assert await certificates_of_orders(shop.resources, shop.caller, [order.id]) == [None]
    assert await file_of(shop, order) is None


@pytest.mark.parametrize(
    ("told", "recipient", "beneficiary"),
    [
        (None, "Own", "Own"),
        ({"recipient": {"name": "Ana"}}, "Ana", "Own"),
        ({"retirement": {"name": "Bo"}}, "Own", "Bo"),
        ({"recipient": {"name": "Ana"}, "retirement": {"name": "Bo"}}, "Ana", "Bo"),
    ],
)
async def test_it_is_made_out_to_the_recipient_and_counts_for_whom_it_is_retired(
    shop: Shop, told, recipient: str, beneficiary: str
):
    await shop.execute("UPDATE accounts SET beneficiary_name = 'Own'")
    order = await complete(shop, beneficiary=told)
    await issue(shop)

    facts = json.loads((await certificate_of(shop, order)).facts)

    assert (facts["recipient"], facts["beneficiary"]) == (recipient, beneficiary)


async def test_what_two_lines_took_of_a_batch_is_stated_as_one(shop: Shop):
    # Both bundles sell the same project here.
    await shop.execute("INSERT INTO bundle_projects VALUES ($1, $2)", shop.ocean.id, shop.forest_project.id)
    await shop.execute("UPDATE credit_batches SET vintage = 2030 WHERE id = $1", shop.deep.id)
    order_request = make_order_request(ask=ByBundleMasses(((shop.forest.id, 3_000), (shop.ocean.id, 2_000))))
    order = await shop.place(order_request)
    await retire_orders(shop.resources, after_ms=0, unpaid=True)
    await issue(shop)

    facts = json.loads((await certificate_of(shop, order)).facts)

    assert [(each["batch_id"], each["intervals"]) for each in facts["batches"]] == [(str(shop.old.id), [[0, 5_000]])]


async def test_another_account_sees_none(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    stranger = make_caller(await shop.another_account())

    assert await certificates_of_orders(shop.resources, stranger, [order.id]) == [None]
    assert await file_of(shop, order, stranger) is None


async def test_a_token_opens_its_certificate_and_no_other_word_does(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    found = await certificate_of(shop, order)

    assert await public_certificate(shop.resources, found.token) == found
    for word in ("", found.number, found.token[:-1], found.token.swapcase(), str(uuid7())):
        assert await public_certificate(shop.resources, word) is None
        assert await public_certificate_file(shop.resources, word, public_address=ADDRESS) is None
