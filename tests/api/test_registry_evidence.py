"""Entries of registries through GraphQL and on the public pages: the page, the PDF and the JSON say the same.

Planted defects that were seen to fail here: entries of another order shown, the retirement certificate cached for ever,
the list without the retirements that are covered in part.
"""

import hashlib
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader

from service.domain.order import ByBundleMasses, OrderRequest
from service.operations.retire_orders import retire_order
from tests.api.graphql_api import GraphQLApi
from tests.makers import TONNE_G

RECORD = """mutation ($input: RecordRegistryRetirementInput!) { recordRegistryRetirement(input: $input) {
    registryRetirement { reference retiredOn retirementId url beneficiary serials mass { tonnes } recordedAt }
    replayed userErrors { code message path } } }"""
CERTIFICATE = """query ($id: ID!) { order(by: {id: $id}) { certificate { url
    registryRetirements { reference serials mass { tonnes } beneficiary }
    retirementCertificate { number version pdfUrl sha256 issuedAt } } } }"""
MISSING = """query ($first: Int, $after: String) { retirementsWithoutEvidence(first: $first, after: $after) {
    nodes { serials missingMass { grams } order { number } retirement { mass { grams } batch { reference } } }
    pageInfo { hasNextPage endCursor } totalCount } }"""


async def complete(api: GraphQLApi, mass_g: int):
    order = await api.shop.place(OrderRequest(ask=ByBundleMasses(((api.shop.forest.id, mass_g),))))
    await retire_order(api.shop.resources, order.account_id, order.id, keep=0, actor="test")
    return order


def entry(api: GraphQLApi, **facts) -> dict:
    given = {
        "reference": "e-1",
        "creditBatchId": str(api.shop.old.id),
        "retiredOn": "2026-11-03",
        "serialRange": "VCS-OLD-1 to VCS-OLD-1",
        "retirementId": "R-7 <b>",
        "url": "https://registry.example/7?a=1&b=2",
        "beneficiary": "Ocean & Sons",
    }
    return {"input": {**given, **facts}}


async def get(api: GraphQLApi, url: str, behind: str = ""):
    return await api.client.get(urlsplit(url).path + behind)


async def test_an_entry_is_recorded_shown_and_certified(api: GraphQLApi):
    order = await complete(api, TONNE_G)
    shown = (await api.data(CERTIFICATE, {"id": str(order.id)}))["order"]["certificate"]
    assert (shown["registryRetirements"], shown["retirementCertificate"]) == ([], None)
    url = shown["url"]
    first = (await get(api, url, ".json")).content
    assert "Not yet recorded" in (await get(api, url)).text
    assert (await get(api, url, "/retirement.pdf")).status_code == 404
    assert (await get(api, url, "/retirement.json")).status_code == 404

    done = (await api.data(RECORD, entry(api)))["recordRegistryRetirement"]

    recorded = done["registryRetirement"]
    assert (done["userErrors"], done["replayed"]) == ([], False)
    assert (recorded["serials"], recorded["mass"]["tonnes"], recorded["retiredOn"]) == (
        ["VCS-OLD-1"],
        "1",
        "2026-11-03",
    )
    again = (await api.data(RECORD, entry(api)))["recordRegistryRetirement"]
    assert (again["registryRetirement"], again["replayed"]) == (recorded, True)
    shown = (await api.data(CERTIFICATE, {"id": str(order.id)}))["order"]["certificate"]
    assert shown["registryRetirements"] == [
        {"reference": "e-1", "serials": ["VCS-OLD-1"], "mass": {"tonnes": "1"}, "beneficiary": "Ocean & Sons"}
    ]
    certificate = shown["retirementCertificate"]
    assert certificate["pdfUrl"] == f"{url}/retirement.pdf"
    assert (await get(api, url, ".json")).content == first
    facts = await get(api, url, "/retirement.json")
    assert hashlib.sha256(facts.content).hexdigest() == certificate["sha256"]
    assert (facts.headers["cache-control"], facts.json()["number"]) == ("no-cache", certificate["number"])
    page = (await get(api, url)).text
    for part in (certificate["number"], certificate["sha256"], "R-7 &lt;b&gt;", "3 November 2026", "Ocean &amp; Sons"):
        assert part in page
    assert 'href="https://registry.example/7?a=1&amp;b=2"' in page
    pdf = await get(api, url, "/retirement.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    text = "".join(each.extract_text() for each in PdfReader(BytesIO(pdf.content)).pages)
    for part in (certificate["number"], certificate["sha256"], "R-7 <b>", "3 November 2026", "VCS-OLD-1"):
        assert part in text


async def test_hidden_pages_hide_the_retirement_certificate(api: GraphQLApi):
    order = await complete(api, TONNE_G)
    await api.data(RECORD, entry(api))
    url = (await api.data(CERTIFICATE, {"id": str(order.id)}))["order"]["certificate"]["url"]
    assert (await get(api, url, "/retirement.json")).status_code == 200
    await api.shop.execute("UPDATE accounts SET external_pages_visibility = 'hidden'")
    for behind in ("", "/retirement.json", "/retirement.pdf"):
        assert (await get(api, url, behind)).status_code == 404
        assert (await api.client.get(f"/certificates/{'A' * 43}{behind}")).status_code == 404


async def test_an_entry_for_one_order_is_on_no_other_certificate(api: GraphQLApi):
    one, other = await complete(api, 400_000), await complete(api, 600_000)
    given = entry(api, accountId=str(one.account_id), order={"number": one.number})
    assert (await api.data(RECORD, given))["recordRegistryRetirement"]["userErrors"] == []

    shown = [(await api.data(CERTIFICATE, {"id": str(each.id)}))["order"]["certificate"] for each in (one, other)]

    assert [[each["reference"] for each in found["registryRetirements"]] for found in shown] == [["e-1"], []]


async def test_a_partly_covered_order_is_shown_as_such(api: GraphQLApi):
    order = await complete(api, 3 * TONNE_G)
    young = entry(api, creditBatchId=str(api.shop.young.id), serialRange="VCS-YOUNG-2 to VCS-YOUNG-2", url=None)
    assert (await api.data(RECORD, young))["recordRegistryRetirement"]["userErrors"] == []
    shown = (await api.data(CERTIFICATE, {"id": str(order.id)}))["order"]["certificate"]
    assert shown["retirementCertificate"] is None
    page = (await get(api, shown["url"])).text
    assert "The entries listed show 1 t of 3 t as retired." in page


async def test_the_operator_sees_what_no_entry_covers(api: GraphQLApi):
    orders = [await complete(api, mass_g) for mass_g in (TONNE_G, 3 * TONNE_G)]
    missing = (await api.data(MISSING))["retirementsWithoutEvidence"]
    by_serials = {node["serials"][0]: node for node in missing["nodes"]}
    assert by_serials.keys() == {"VCS-OLD-1", "VCS-YOUNG-1 to VCS-YOUNG-3"}
    assert by_serials["VCS-OLD-1"]["order"]["number"] == orders[0].number
    assert missing["totalCount"] is None
    young = entry(api, creditBatchId=str(api.shop.young.id), serialRange="VCS-YOUNG-1 to VCS-YOUNG-2")
    await api.data(RECORD, young)
    await api.data(RECORD, entry(api, reference="e-2"))
    (left,) = (await api.data(MISSING))["retirementsWithoutEvidence"]["nodes"]
    assert (left["missingMass"]["grams"], left["retirement"]["mass"]["grams"]) == ("1000000", "3000000")


async def test_the_list_is_read_in_pages(api: GraphQLApi):
    for _ in range(3):
        await complete(api, 1_000)
    page = (await api.data(MISSING, {"first": 2}))["retirementsWithoutEvidence"]
    rest = (await api.data(MISSING, {"first": 2, "after": page["pageInfo"]["endCursor"]}))["retirementsWithoutEvidence"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, True)
    assert (len(rest["nodes"]), rest["pageInfo"]["hasNextPage"]) == (1, False)
    numbers = {node["order"]["number"] for node in (*page["nodes"], *rest["nodes"])}
    assert len(numbers) == 3


@pytest.mark.parametrize("member", ["serialRange", "order"])
async def test_a_range_that_no_order_has_is_refused_with_its_member(api: GraphQLApi, member: str):
    await complete(api, TONNE_G)
    other = await complete(api, TONNE_G)
    given = entry(api, accountId=str(other.account_id), order={"number": other.number})
    if member == "order":
        given["input"]["order"] = {"number": "NONE"}
    done = (await api.data(RECORD, given))["recordRegistryRetirement"]
    assert [error["path"] for error in done["userErrors"]] == [["input", member]]
    assert await api.shop.database.reader.fetch("SELECT id FROM registry_retirements") == []
