"""Certificates: one for each complete order, from its facts as they were, and never another byte of them.

Planted defects that were seen to fail here: a certificate issued again, the trigger that guards it left out, the
recipient taken from the account, intervals of a batch not put together, one that cannot be drawn stops the others, a
certificate due before COMPLETE, the account left out of the look-up, a token compared without its case.
"""

import asyncio
import hashlib
import json
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from service.domain.order import ByBundleMasses, Order
from service.kit.ids import uuid7
from service.operations import issue_certificates as module
from service.operations.issue_certificates import certificate_address, issue_certificates
from service.operations.read_certificates import (
    certificate_file,
    certificates_of_orders,
    public_certificate,
    public_certificate_file,
)
from service.operations.retire_orders import retire_order, retire_orders
from service.storage import certificates
from service.storage.database import Database
from tests.makers import TONNE_G, make_caller, make_order_request
from tests.shop import Shop

ADDRESS = "https://orders.test/base"


async def complete(shop: Shop, mass_g: int = 1_000, **facts) -> Order:
    order = await shop.place(make_order_request(mass_g), **facts)
    await retire_order(shop.resources, order.account_id, order.id, keep=0, actor="test")
    return order


async def issue(shop: Shop) -> int:
    return await issue_certificates(shop.resources, public_address=ADDRESS)


async def certificate_of(shop: Shop, order: Order):
    (found,) = await certificates_of_orders(shop.resources, shop.caller, [order.id])
    assert found is not None
    return found


async def test_a_complete_order_has_a_certificate_that_states_its_grams(shop: Shop):
    first = await complete(shop, 2 * TONNE_G)
    assert await issue(shop) == 1

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


async def test_the_page_is_ascii_and_says_where_to_verify_it(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    found = await certificate_of(shop, order)

    file = await certificate_file(shop.resources, shop.caller, order.id)

    assert file is not None
    assert file.isascii()
    assert file == await public_certificate_file(shop.resources, found.token)
    (page,) = PdfReader(BytesIO(file)).pages
    links = {annotation.get_object()["/A"]["/URI"] for annotation in page["/Annots"]}
    assert links == {certificate_address(ADDRESS, found.token)}
    assert found.number in page.extract_text()


async def test_it_never_changes_whatever_is_edited_or_restarted(shop: Shop, database_url: str):
    order = await complete(shop)
    await issue(shop)
    before = await certificate_of(shop, order), await certificate_file(shop.resources, shop.caller, order.id)

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
        file = await certificate_file(resources, shop.caller, order.id)
    finally:
        await restarted.close()

    assert (after, file) == before


async def test_whoever_comes_second_with_the_same_certificate_changes_nothing(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    late = replace(await certificate_of(shop, order), token="B" * 43)
    before = await shop.everything()

    async with shop.database.transaction() as statements:
        assert not await certificates.issue(statements, late, b"%PDF-")

    assert await shop.everything() == before


@pytest.mark.parametrize("change", ["UPDATE certificates SET facts = '{}'", "DELETE FROM certificates"])
async def test_the_database_itself_refuses_to_edit_one(shop: Shop, change: str):
    await complete(shop)
    await issue(shop)
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


async def test_what_a_killed_process_left_is_issued_by_the_next_run(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    order = await complete(shop)

    async def killed(*_args) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(module.asyncio, "to_thread", killed)
        with pytest.raises(asyncio.CancelledError):
            await issue(shop)
    assert await certificates_of_orders(shop.resources, shop.caller, [order.id]) == [None]

    assert await issue(shop) == 1
    assert await certificate_of(shop, order)


async def test_one_that_cannot_be_drawn_does_not_stop_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    bad, good = await complete(shop), await complete(shop)
    draw = module.certificate_pdf

    def fails(certificate, address: str) -> bytes:
        if certificate.order_id == bad.id:
            raise ValueError("no such glyph")
        return draw(certificate, address)

    monkeypatch.setattr(module, "certificate_pdf", fails)
    with capture_logs() as logs:
        assert await issue(shop) == 1

    assert [entry["event"] for entry in logs] == ["item_failed", "certificate_failed"]
    assert await certificates_of_orders(shop.resources, shop.caller, [bad.id, good.id]) == [
        None,
        await certificate_of(shop, good),
    ]


@pytest.mark.parametrize("keep", [1, 2])
async def test_before_it_is_complete_an_order_has_none(shop: Shop, keep: int):
    order = await shop.place()
    await retire_order(shop.resources, order.account_id, order.id, keep=keep, actor="test")

    assert await issue(shop) == 0
    assert await certificates_of_orders(shop.resources, shop.caller, [order.id]) == [None]
    assert await certificate_file(shop.resources, shop.caller, order.id) is None


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
    assert await certificate_file(shop.resources, stranger, order.id) is None


async def test_a_token_opens_its_certificate_and_no_other_word_does(shop: Shop):
    order = await complete(shop)
    await issue(shop)
    found = await certificate_of(shop, order)

    assert await public_certificate(shop.resources, found.token) == found
    for word in ("", found.number, found.token[:-1], found.token.swapcase(), str(uuid7())):
        assert await public_certificate(shop.resources, word) is None
        assert await public_certificate_file(shop.resources, word) is None
