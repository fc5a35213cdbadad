"""A certificate as the world sees it: told by GraphQL to who owns it, shown to whoever has its address, never logged.

Planted defects that were seen to fail here: the PDF may be cached for a day only, a word that is no token reaches the
database, the token is logged, the page's digest is the stored one, HTML in a name is not escaped.
"""

import hashlib
import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from service.api.pages.certificate import page_of
from service.domain.catalogue import Mode
from service.operations.read_certificates import public_certificate
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi
from tests.makers import make_batch, store

SIMULATE = """mutation ($id: ID!, $outcome: SimulationOutcome!) {
    simulateOrder(input: {order: {id: $id}, outcome: $outcome}) {
        order { id status paymentStatus retiredMass { grams }
            certificate { number url pdfUrl sha256 issuedAt }
            retirements { mass { grams } start { grams } batch { vintage } }
            timeline { sequence type actor occurredAt mass { grams } fulfilledMass { grams } retiredMass { grams }
                totalCost { amount currency } paid { amount } amount { amount } } }
        userErrors { code message path } } }"""
ORDER = """mutation { createOrderByMass(input: {mass: {amount: "10", unit: KILOGRAM}, idempotencyKey: "k",
    beneficiary: {recipient: {name: "Ana <b>& Söhne</b>", taxId: "7"}, retirement: {name: "Bo"}}})
    { order { id beneficiary { recipient { name email taxId } retirement { name } } } userErrors { code message } } }"""
OTHER = "A" * 43


@pytest.fixture
async def trial(api: GraphQLApi, database: Database) -> GraphQLApi:
    """The api of a test account."""
    account = await api.shop.another_account(mode=Mode.TEST)
    await store(database, make_batch(api.shop.forest_project, mode=Mode.TEST, serial_prefix="T-"))
    api.key = await api.new_key(account=account)
    return api


async def completed(api: GraphQLApi) -> dict:
    """A complete order as GraphQL tells of it."""
    ordered = (await api.data(ORDER))["createOrderByMass"]
    assert ordered["userErrors"] == []
    assert ordered["order"]["beneficiary"] == {
        "recipient": {"name": "Ana <b>& Söhne</b>", "email": None, "taxId": "7"},
        "retirement": {"name": "Bo"},
    }
    answer = await api.data(SIMULATE, {"id": ordered["order"]["id"], "outcome": "COMPLETE"})
    assert answer["simulateOrder"]["userErrors"] == []
    return answer["simulateOrder"]["order"]


def path_of(url: str) -> str:
    return urlsplit(url).path


async def test_graphql_shows_certificate_retirements_and_timeline(trial: GraphQLApi):
    order = await completed(trial)

    assert (order["status"], order["paymentStatus"]) == ("COMPLETE", "PAID")
    assert re.fullmatch(r"CR(-[0-9A-Z]{4}){3}", order["certificate"]["number"])
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/certificates/[\w-]{43}", order["certificate"]["url"])
    assert order["certificate"]["pdfUrl"] == order["certificate"]["url"] + ".pdf"
    assert [(each["mass"]["grams"], each["start"]["grams"]) for each in order["retirements"]] == [
        ("9500", "0"),
        ("500", "0"),
    ]
    assert [(each["sequence"], each["type"]) for each in order["timeline"]] == [
        ("1", "order.placed"),
        ("2", "order.fulfilled"),
        ("3", "payment.recorded"),
        ("4", "order.paid"),
        ("5", "order.retiring"),
        ("6", "order.completed"),
    ]
    placed, _, received, *_, last = order["timeline"]
    assert (placed["mass"]["grams"], placed["fulfilledMass"]["grams"]) == ("10000", "10000")
    assert received["amount"] == last["paid"]
    assert {each["actor"] for each in order["timeline"]} == {trial.key.split("_")[2]}


async def test_its_addresses_need_no_key_and_show_what_was_issued(trial: GraphQLApi):
    certificate = (await completed(trial))["certificate"]
    path = path_of(certificate["url"])

    page = await trial.client.get(path)
    pdf = await trial.client.get(f"{path}.pdf")
    facts = await trial.client.get(f"{path}.json")

    assert [page.status_code, pdf.status_code, facts.status_code] == [200, 200, 200]
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.content == (await trial.client.get(f"{path}.pdf")).content
    for answer in (pdf, facts):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashlib.sha256(facts.content).hexdigest() == certificate["sha256"]
    assert certificate["sha256"] in page.text
    assert "Ana &lt;b&gt;&amp; Söhne&lt;/b&gt;" in page.text
    assert "Made in test mode" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_an_address_of_no_certificate_is_absent(trial: GraphQLApi):
    await completed(trial)

    for word in (OTHER, "short", "x" * 10_000, "%00" * 20, "..%2F..%2Fetc", "é", f"{OTHER}x"):
        for suffix in ("", ".pdf", ".json"):
            answer = await trial.client.get(f"/certificates/{word}{suffix}")
            assert (answer.status_code, OTHER in answer.text) == (404, False), word + suffix


async def test_the_token_is_in_no_log_line(trial: GraphQLApi):
    path = path_of((await completed(trial))["certificate"]["url"])
    with capture_logs() as logs:
        for spelling in (path, f"{path}.pdf", f"{path}.json", f"http://service.test/{path}", f"{path}/more"):
            await trial.client.get(spelling)
        await trial.client.get("/health/live")

    logged = [entry["path"] for entry in logs if entry["event"] == "request"]
    assert logged == [*["/certificates/..."] * 5, "/health/live"]
    assert path.removeprefix("/certificates/") not in json.dumps(logs, default=str)


async def test_a_change_of_the_stored_facts_is_visible_on_the_page(trial: GraphQLApi):
    certificate = (await completed(trial))["certificate"]
    found = await public_certificate(trial.shop.resources, path_of(certificate["url"]).removeprefix("/certificates/"))
    assert found is not None
    forged = replace(found, facts=found.facts.replace('"mass_g":10000', '"mass_g":99999'))

    assert certificate["sha256"] in page_of(found)
    assert certificate["sha256"] not in page_of(forged)


async def test_a_live_account_is_told_that_it_cannot_simulate(api: GraphQLApi):
    order = await api.shop.place()
    query = "query ($n: String!) { order(by: {number: $n}) { id certificate { number } retirements { batch { id } } } }"
    told = (await api.data(query, {"n": order.number}))["order"]
    assert (told["certificate"], told["retirements"]) == (None, [])
    before = await api.shop.everything()

    answer = (await api.data(SIMULATE, {"id": told["id"], "outcome": "COMPLETE"}))["simulateOrder"]

    assert answer["order"] is None
    assert [error["code"] for error in answer["userErrors"]] == ["TEST_ACCOUNT_REQUIRED"]
    assert await api.shop.everything() == before


@pytest.mark.parametrize("suffix", ["", ".pdf", ".json"])
async def test_a_hidden_accounts_certificate_answers_404_until_it_is_public_again(trial: GraphQLApi, suffix: str):
    path = path_of((await completed(trial))["certificate"]["url"]) + suffix
    shown = await trial.client.get(path)
    assert shown.status_code == 200

    await set_visibility(trial, "hidden")
    hidden, absent = await trial.client.get(path), await trial.client.get(f"/certificates/{OTHER}{suffix}")

    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (404, absent.content)
    assert hidden.headers.get("cache-control") == absent.headers.get("cache-control")
    await set_visibility(trial, "public")
    assert (await trial.client.get(path)).content == shown.content


async def test_a_hidden_account_reads_its_own_certificate(trial: GraphQLApi):
    order = await completed(trial)
    await set_visibility(trial, "hidden")

    found = await trial.data(f'{{ order(by: {{id: "{order["id"]}"}}) {{ certificate {{ number sha256 url }} }} }}')

    assert found["order"]["certificate"] == {key: order["certificate"][key] for key in ("number", "sha256", "url")}


async def test_another_accounts_certificate_stays_public(trial: GraphQLApi):
    path = path_of((await completed(trial))["certificate"]["url"])
    await trial.shop.execute(
        "UPDATE accounts SET external_pages_visibility = 'hidden' WHERE id = $1", trial.shop.account.id
    )

    assert (await trial.client.get(path)).status_code == 200


async def set_visibility(api: GraphQLApi, visibility: str) -> None:
    """The accounts of the test mode are so; as a parent does it for a client."""
    await api.shop.execute("UPDATE accounts SET external_pages_visibility = $1 WHERE mode = 'test'", visibility)
