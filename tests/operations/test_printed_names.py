"""Names that documents print: a new one that no font shows is refused and changes nothing; a stored one stays.

Seen to fail when: orders are not checked; the check comes before the idempotency key; a refused order fails its group;
a stored name is refused when it is repeated; the account's own name is refused; the seller's address is not checked;
billing details are not checked; a repeated tax profile is.
"""

import json
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.domain.order import ByMass, FromQuote, OrderRequest, Placed, PlaceOrder
from service.domain.parties import PAYER_FACTS, SELLER_FACTS, TaxCategory, TaxProfile
from service.errors import MESSAGE_MAX, Code, Refused
from service.kit.canonical_json import fingerprint
from service.kit.ids import uuid7
from service.operations.import_orders import import_orders
from service.operations.manage_accounts import create_account
from service.operations.manage_clients import create_client, update_client
from service.operations.place_orders import place_alone
from service.operations.quote_order import quote_order
from service.operations.set_billing import (
    enter_billing_details,
    enter_tax_profile,
    read_billing,
    set_tax_profile,
    update_billing_details,
)
from service.operations.set_seller import set_seller, update_seller
from service.operations.steps.printed_names import refuse_unshown, unshown_among
from service.operations.update_account import update_account
from tests.documents.names import REFUSED, SHOWN
from tests.shop import Shop

CHEROKEE = "Acme \u13e3\u13b3"


async def assert_refused(shop: Shop, work: Awaitable[Any], *path: str) -> None:
    before = await shop.everything()
    with pytest.raises(Refused) as caught:
        await work
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, path)
    assert await shop.everything() == before


def named(name: str, role: str = "recipient") -> dict[str, dict[str, str]]:
    return {role: {"name": name}}


async def store_as_before(shop: Shop, command: PlaceOrder) -> None:
    """Store the command's order as a release stored it that did not check names."""
    order = await shop.place(command.request, idempotency_key=command.idempotency_key)
    await shop.execute(
        "UPDATE orders SET beneficiary = $1, fingerprint = $2 WHERE id = $3",
        json.dumps(command.beneficiary),
        command.fingerprint("USD"),
        order.id,
    )


async def test_a_beneficiary_in_every_script_is_accepted_or_refused_whole(shop: Shop):
    names = [*SHOWN.values(), *REFUSED.values()]
    commands = [shop.command(beneficiary=named(name)) for name in names]
    answers = await shop.place_all(*commands)

    placed = answers[: len(SHOWN)]
    assert [answer.order.beneficiary for answer in placed if isinstance(answer, Placed)] == [
        named(name) for name in SHOWN.values()
    ]
    for name, answer in zip(REFUSED.values(), answers[len(SHOWN) :], strict=True):
        assert isinstance(answer, Refused), name
        assert (answer.code, answer.path) == (Code.BAD_USER_INPUT, ("beneficiary", "recipient", "name"))
        for letter in name.replace(" ", ""):
            assert f"U+{ord(letter):04X}" in answer.message


async def test_the_message_names_the_characters_and_their_code_points(shop: Shop):
    refusal = await shop.refusal(beneficiary=named("\u13e3\ue000 Ltd", "retirement"))
    assert refusal.path == ("beneficiary", "retirement", "name")
    assert refusal.message == (
        "No font of the documents shows these characters: \u13e3 (U+13E3), U+E000. "
        "Leave them out, or use another script."
    )


async def test_the_message_names_eight_of_many_characters():
    name = "".join(map(chr, range(0x13A0, 0x13D0)))
    with pytest.raises(Refused) as caught:
        refuse_unshown(await unshown_among([name]), name, "name")
    assert "U+13A7) and 40 more. " in caught.value.message
    assert "U+13A8" not in caught.value.message
    assert len(caught.value.message) < MESSAGE_MAX


async def test_an_order_that_is_placed_alone_is_refused_too(shop: Shop):
    before = await shop.everything()
    answer = await place_alone(shop.resources, shop.command(beneficiary=named(CHEROKEE)))
    assert isinstance(answer, Refused)
    assert (answer.code, await shop.everything()) == (Code.BAD_USER_INPUT, before)


async def test_an_order_from_a_quote_is_refused_and_leaves_the_quote_open(shop: Shop):
    quoted = await quote_order(shop.resources, shop.caller, OrderRequest(ask=ByMass(1_000)), valid_ms=60_000)
    request = FromQuote(quoted.quote.id)
    assert (await shop.refusal(request, beneficiary=named(CHEROKEE))).path == ("beneficiary", "recipient", "name")
    assert (await shop.place(request)).quote_id == quoted.quote.id


async def test_the_retry_of_a_stored_order_replays(shop: Shop):
    command = shop.command(beneficiary=named(CHEROKEE))
    await store_as_before(shop, command)
    before = await shop.everything()
    (answer,) = await shop.place_all(replace(command, order_id=uuid7()))
    assert isinstance(answer, Placed)
    assert (answer.replayed, answer.order.beneficiary) == (True, named(CHEROKEE))
    assert await shop.everything() == before


async def test_a_refused_name_leaves_its_neighbours_and_its_key(shop: Shop):
    refused = shop.command(beneficiary=named(CHEROKEE))
    fine = replace(refused, order_id=uuid7(), beneficiary=named("Acme"))
    answers = await shop.place_all(refused, fine, shop.command())
    assert [type(answer) for answer in answers] == [Refused, Placed, Placed]


async def test_the_name_of_the_account_itself_is_accepted(shop: Shop):
    await shop.execute("UPDATE accounts SET beneficiary_name = $1", CHEROKEE)
    order = await shop.place(beneficiary=named(CHEROKEE))
    assert order.beneficiary == named(CHEROKEE)


async def test_texts_that_no_document_prints_are_accepted(shop: Shop):
    order = await shop.place(customer=CHEROKEE, description=CHEROKEE, metadata={"note": CHEROKEE})
    assert (order.customer, order.description, order.metadata) == (CHEROKEE, CHEROKEE, {"note": CHEROKEE})


async def test_an_import_is_not_refused(shop: Shop):
    item = {
        "id": "10c3d119-433d-49c8-a7d3-d471a6473669",
        "vcuAmount": 20,
        "vcuUnitPrice": 71.5,
        "targetCurrency": "BRL",
        "status": "Issued",
        "createdAt": "20/10/2021 20:39:35",
        "certificateRecipientInfo": {"name": CHEROKEE},
        "metaData": CHEROKEE,
    }
    imported = await import_orders(shop.resources, shop.account.id, json.dumps([item]))
    assert imported.added == 1


async def test_an_account_is_not_created_with_such_a_name(shop: Shop):
    facts: dict[str, Any] = {"name": "Orrin Mills", "contract": "lune", "currency": "USD", "portfolio": "mix"}
    await assert_refused(shop, create_account(shop.resources, **facts | {"name": CHEROKEE}), "name")
    with_beneficiary = create_account(shop.resources, **facts, beneficiary_name=CHEROKEE)
    await assert_refused(shop, with_beneficiary, "beneficiary")


async def test_the_retry_of_the_creation_of_a_stored_account_replays(shop: Shop):
    terms: dict[str, Any] = {"contract": "lune", "currency": "USD", "portfolio": "mix"}
    made = await create_account(shop.resources, name="Orrin", reference="orrin", **terms)
    told = {"name": CHEROKEE, **terms, "commission_hundredths": 0, "beneficiary_name": None, "seller": None}
    await shop.execute("UPDATE organisations SET fingerprint = $1 WHERE reference = 'orrin'", fingerprint(told))

    assert await create_account(shop.resources, name=CHEROKEE, reference="orrin", **terms) == made


async def test_new_names_of_an_account_are_refused_and_stored_ones_stay(shop: Shop):
    account_id = shop.account.id
    await assert_refused(
        shop, update_account(shop.resources, shop.caller, account_id, {"beneficiary_name": CHEROKEE}), "beneficiary"
    )
    await assert_refused(shop, update_account(shop.resources, shop.caller, account_id, {"name": CHEROKEE}), "name")
    await shop.execute("UPDATE accounts SET name = $1", CHEROKEE)
    changes = {"name": CHEROKEE, "beneficiary_name": "Acme"}
    changed = await update_account(shop.resources, shop.caller, account_id, changes)
    assert (changed.name, changed.beneficiary_name) == (CHEROKEE, "Acme")


async def test_new_names_of_a_client_are_refused_and_stored_ones_stay(shop: Shop):
    facts: dict[str, Any] = {"name": "Client", "currency": "USD", "handle": "client"}
    await assert_refused(shop, create_client(shop.resources, shop.caller, **facts | {"name": CHEROKEE}), "name")
    named_so = {"beneficiary_name": CHEROKEE}
    await assert_refused(shop, create_client(shop.resources, shop.caller, **facts, **named_so), "beneficiary")
    client = await create_client(shop.resources, shop.caller, **facts)
    await assert_refused(shop, update_client(shop.resources, shop.caller, client.id, named_so), "beneficiary")

    await shop.execute("UPDATE accounts SET beneficiary_name = $1 WHERE id = $2", CHEROKEE, client.id)
    again = await create_client(shop.resources, shop.caller, **facts, **named_so)
    changed = await update_client(shop.resources, shop.caller, client.id, {**named_so, "handle": "other"})
    assert (again.id, changed.handle, changed.beneficiary_name) == (client.id, "other", CHEROKEE)


async def test_texts_of_a_seller_that_documents_print_are_refused_unless_they_are_stored(shop: Shop):
    text = "1 Main Street\n" + CHEROKEE
    await update_seller(shop.resources, shop.caller, "default", {"legal_name": "Seller"})
    for fact in sorted(SELLER_FACTS - {"country", "payment_days"}):
        await assert_refused(shop, update_seller(shop.resources, shop.caller, "default", {fact: text}), fact)
        await assert_refused(shop, set_seller(shop.resources, "second", {fact: text}), fact)

        await shop.execute(f"UPDATE sellers SET {fact} = $1", text)
        seller = await update_seller(shop.resources, shop.caller, "default", {fact: text, "country": "DE"})
        assert (getattr(seller, fact), seller.country) == (text, "DE")
        await update_seller(shop.resources, shop.caller, "default", {"country": "GB"})


async def test_billing_details_that_documents_print_are_refused_unless_they_are_stored(shop: Shop):
    account_id = shop.account.id
    await enter_billing_details(shop.resources, account_id, {"legal_name": "Payer", "country": "GB"})
    for fact in sorted(PAYER_FACTS - {"country"}):
        changes = {fact: CHEROKEE}
        await assert_refused(shop, update_billing_details(shop.resources, shop.caller, account_id, changes), fact)
        await assert_refused(shop, enter_billing_details(shop.resources, account_id, changes), fact)

        await shop.execute(f"UPDATE billing_details SET {fact} = $1", CHEROKEE)
        await enter_billing_details(shop.resources, account_id, {**changes, "country": "DE"})
        billing = await read_billing(shop.resources, account_id)
        assert (getattr(billing.details, fact), billing.details.country) == (CHEROKEE, "DE")


async def test_the_reason_of_a_tax_profile_is_refused_unless_it_is_stored(shop: Shop):
    profile = TaxProfile(
        account_id=shop.account.id,
        valid_from=date(2026, 1, 1),
        category=TaxCategory.EXEMPT,
        rate_hundredths=0,
        reason="Article 132",
    )
    unshown = replace(profile, reason=CHEROKEE)
    await set_tax_profile(shop.resources, shop.caller, profile)
    await assert_refused(shop, set_tax_profile(shop.resources, shop.caller, unshown), "reason")
    coded = replace(profile, reason_code=CHEROKEE)
    await assert_refused(shop, enter_tax_profile(shop.resources, coded), "reason_code")

    await shop.execute("UPDATE tax_profiles SET reason = $1", CHEROKEE)
    await set_tax_profile(shop.resources, shop.caller, unshown)


async def test_a_text_longer_than_any_name_is_checked_too():
    text = "\u00e9" * 10_000 + "\u13e3"
    assert await unshown_among([text, "Acme", None]) == {text: ["\u13e3"]}


async def test_plain_names_read_no_fonts(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    def read() -> None:
        raise AssertionError("fonts were read")

    monkeypatch.setattr("service.operations.steps.printed_names.are_read", read)
    await shop.place(beneficiary=named("Marram Books Ltd"))
    await set_seller(shop.resources, "default", {"legal_name": "Seller", "address": "1 Main Street\r\nLondon"})
