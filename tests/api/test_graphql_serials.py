"""Serial numbers over GraphQL: received in the forms of registries, refused by name, certified to the gram.

Seen to fail when: a member is left out on its way to the operation; a credit is received a second time behind another
prefix; a certificate states a serial of another batch.
"""

from typing import Any

import pytest

from service.operations.issue_certificates import issue_certificates
from service.operations.retire_orders import retire_orders
from service.storage.batches import BATCHES
from tests.api.graphql_api import GraphQLApi
from tests.api.test_graphql_catalogue import BUNDLE, ERRORS, OAK_HILLS, OAKS, PRICE, PROJECT, answer, made
from tests.books import rows_of

RECEIVE = f"""mutation ($input: ReceiveCreditBatchInput!) {{ answer: receiveCreditBatch(input: $input) {{
    creditBatch {{ id reference firstSerial lastSerial serialRange serialForm registryReference periodEnd
        issued {{ tonnes }} }} {ERRORS} }} }}"""
VERRA = "9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0"
GOLD = "GS1-1-KE-GS98-16-2019-778-"


async def project(api: GraphQLApi, registry: str, slug: str = "oak-hills") -> str:
    return (await made(api, PROJECT, "project", {**OAK_HILLS, "slug": slug, "registryName": registry}))["id"]


def receipt(project_id: str, reference: str = "r", tonnes: int = 100, **facts: Any) -> dict[str, Any]:
    return {
        "reference": reference,
        "projectId": project_id,
        "mode": "LIVE",
        "vintage": 2019,
        "mass": {"amount": str(tonnes), "unit": "TONNE"},
        **facts,
    }


@pytest.mark.parametrize(
    ("registry", "stated", "shown"),
    [
        (
            "Verra",
            {"serialRange": f" {VERRA}\n"},
            {
                "serialRange": VERRA,
                "firstSerial": VERRA.replace("122000200", "122000101"),
                "lastSerial": VERRA.replace("122000101", "122000200"),
                "serialForm": "VERRA",
                "periodEnd": "2019-12-31",
            },
        ),
        (
            "Gold Standard",
            {"serialRange": f"{GOLD}1001-1100"},
            {
                "serialRange": f"{GOLD}1001-1100",
                "firstSerial": f"{GOLD}1001-1001",
                "lastSerial": f"{GOLD}1100-1100",
                "serialForm": "GOLD_STANDARD",
            },
        ),
        (
            "Gold Standard",
            {"firstSerial": f"{GOLD}1001-1001", "lastSerial": f"{GOLD}1100-1100", "periodEnd": "2019-08-16"},
            {
                "serialRange": f"{GOLD}1001-1001 to {GOLD}1100-1100",
                "firstSerial": f"{GOLD}1001-1001",
                "lastSerial": f"{GOLD}1100-1100",
                "serialForm": "GOLD_STANDARD",
                "periodEnd": "2019-08-16",
            },
        ),
        (
            "BioCarbon",
            {"serialRange": "BCR-CO-262-14-001-2-1901-1912-0000001-0000100"},
            {
                "serialRange": "BCR-CO-262-14-001-2-1901-1912-0000001-0000100",
                "firstSerial": "BCR-CO-262-14-001-2-1901-1912-0000001-0000001",
                "lastSerial": "BCR-CO-262-14-001-2-1901-1912-0000100-0000100",
                "serialForm": "BIOCARBON",
                "periodEnd": "2019-12-31",
            },
        ),
        (
            "Cercarbono",
            {"serialRange": "CDC_8_1_1_321_14_CO_1_1", "firstSerial": "294000", "lastSerial": "294099"},
            {
                "serialRange": "CDC_8_1_1_321_14_CO_1_1, 294000, 294099",
                "firstSerial": "CDC_8_1_1_321_14_CO_1_1, 294000, 294000",
                "lastSerial": "CDC_8_1_1_321_14_CO_1_1, 294099, 294099",
                "serialForm": "CERCARBONO",
            },
        ),
        (
            "A registry of no form",
            {"serialForm": "PLAIN", "firstSerial": "OAK-001", "lastSerial": "OAK-100"},
            {
                "serialRange": "OAK-001 to OAK-100",
                "firstSerial": "OAK-001",
                "lastSerial": "OAK-100",
                "serialForm": "PLAIN",
            },
        ),
        (
            "Isometric",
            {"registryReference": "iss_1ABC"},
            {
                "serialRange": None,
                "firstSerial": "iss_1ABC",
                "lastSerial": None,
                "serialForm": "NONE",
                "registryReference": "iss_1ABC",
            },
        ),
    ],
)
async def test_serials_are_received_and_shown_as_the_registry_writes_them(
    api: GraphQLApi, registry: str, stated: dict[str, Any], shown: dict[str, Any]
):
    batch = await made(api, RECEIVE, "creditBatch", receipt(await project(api, registry), **stated))

    unstated = {"registryReference": None, "periodEnd": None, "reference": "r", "issued": {"tonnes": "100"}}
    assert batch == {**unstated, **shown, "id": batch["id"]}


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"serialRange": VERRA, "mass": {"amount": "99", "unit": "TONNE"}}, ["mass"]),
        ({"serialRange": VERRA, "vintage": 2018}, ["vintage"]),
        ({"serialRange": VERRA, "periodEnd": "2019-12-30"}, ["periodEnd"]),
        ({"serialRange": VERRA, "firstSerial": "1"}, ["lastSerial"]),
        ({"serialRange": VERRA, "serialForm": "GOLD_STANDARD"}, ["serialRange"]),
        ({"serialRange": VERRA, "registryReference": "x"}, ["registryReference"]),
        ({"serialRange": VERRA, "serialPrefix": "OAK-", "serialStart": "1"}, ["serialRange"]),
        ({"serialRange": ""}, ["serialRange"]),
        ({"serialRange": "x" * 411}, ["serialRange"]),
        ({"firstSerial": VERRA.replace("122000200", "122000101")}, ["lastSerial"]),
        ({"lastSerial": VERRA.replace("122000101", "122000200")}, ["firstSerial"]),
        ({"firstSerial": VERRA, "lastSerial": VERRA}, ["firstSerial"]),
        ({"firstSerial": "x" * 201, "lastSerial": "x"}, ["firstSerial"]),
        ({"serialPrefix": "OAK-1", "serialStart": "1"}, ["serialPrefix"]),
        ({"serialPrefix": "OAK-"}, ["serialStart"]),
        ({}, ["serialRange"]),
        ({"serialRange": VERRA.replace("01012019-31122019", "01012019-31122190")}, ["periodEnd"]),
        ({"serialRange": VERRA.replace("01012019-31122019", "31022019-31122019")}, ["serialRange"]),
        ({"serialForm": "PLAIN", "serialRange": "OAK-1-100", "vintage": 2190}, ["vintage"]),
        ({"serialForm": "PLAIN", "serialRange": "OAK-1-100", "periodEnd": "2190-01-01"}, ["periodEnd"]),
    ],
)
async def test_faults_of_serials_name_the_callers_member(api: GraphQLApi, facts: dict[str, Any], place: list[str]):
    given = receipt(await project(api, "Verra"), **facts)
    before = await api.shop.everything()

    refused = await answer(api, RECEIVE, given)

    assert refused["creditBatch"] is None
    ((code, path),) = [(error["code"], error["path"]) for error in refused["userErrors"]]
    assert (code, path[:2]) == ("BAD_USER_INPUT", ["input", *place])
    assert await api.shop.everything() == before


@pytest.mark.parametrize(
    "day",
    ["2019-12-31T00:00:00Z", "31.12.2019", "20191231", "2019-W01-1", "2019-02-30", "2019-1-1", "", 20191231, True],
)
@pytest.mark.parametrize("as_literal", [False, True])
async def test_an_invalid_day_is_refused_as_a_period_end(api: GraphQLApi, day: object, as_literal: bool):
    given = receipt(await project(api, "Verra"), serialRange=VERRA)
    before = await api.shop.everything()
    if as_literal:
        text = str(day).lower() if isinstance(day, bool) else f'"{day}"' if isinstance(day, str) else str(day)
        fields = f'reference: "r", projectId: "{given["projectId"]}", mode: LIVE, vintage: 2019, periodEnd: {text}'
        mass = 'mass: {amount: "100", unit: TONNE}'
        document = f"mutation {{ receiveCreditBatch(input: {{{fields}, {mass}}}) {{ creditBatch {{ id }} }} }}"
        body = (await api.ask(document)).json()
    else:
        body = (await api.ask(RECEIVE, {"input": {**given, "periodEnd": day}})).json()

    assert [error["extensions"]["code"] for error in body["errors"]] in (
        ["BAD_USER_INPUT"],
        ["GRAPHQL_VALIDATION_FAILED"],
    )
    assert "2024-12-31" in body["errors"][0]["message"]
    assert await api.shop.everything() == before


async def test_a_serial_form_that_does_not_exist_is_refused_by_name(api: GraphQLApi):
    given = receipt(await project(api, "Verra"), serialRange=VERRA, serialForm="VCS")

    body = (await api.ask(RECEIVE, {"input": given})).json()

    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]
    assert "SerialForm" in body["errors"][0]["message"]


async def test_a_credit_behind_another_prefix_is_received_once_and_certified_once(api: GraphQLApi):
    """Credit 1 behind 778-100 is credit 1001 behind 778-, however the second batch states it."""
    project_id, other_id = await project(api, "Gold Standard"), await project(api, "Gold Standard", "elm-hills")
    bundle_id = (await made(api, BUNDLE, "bundle", {**OAKS, "projectIds": [project_id, other_id]}))["id"]
    tiers = [{"minimumMass": {"amount": "0", "unit": "TONNE"}, "unitPrice": "25.5"}]
    await made(api, PRICE, "bundle", {"bundleId": bundle_id, "currency": "USD", "tiers": tiers})
    first = receipt(project_id, "first", 1, serialRange=f"{GOLD}1001-1001")
    await made(api, RECEIVE, "creditBatch", first)
    before = await rows_of(api.shop.database, BATCHES)

    for stated in (
        {"serialPrefix": f"{GOLD}100", "serialStart": "1"},
        {"serialPrefix": GOLD, "serialStart": "1001"},
        {"serialForm": "PLAIN", "firstSerial": f"{GOLD}1001", "lastSerial": f"{GOLD}1001"},
        {"serialRange": f"{GOLD}01001-01001".lower()},
        {"serialRange": f"{GOLD}1000-1002", "mass": {"amount": "3", "unit": "TONNE"}},
    ):
        refused = await answer(api, RECEIVE, receipt(other_id, "second", 1, **stated))
        assert (refused["creditBatch"], refused["userErrors"][0]["code"]) == (None, "BAD_USER_INPUT")
        assert await rows_of(api.shop.database, BATCHES) == before
    await made(api, RECEIVE, "creditBatch", receipt(other_id, "second", 1, serialRange=f"{GOLD}1002-1002"))

    facts = [
        await certificate_facts(api, bundle_id, mass)
        for mass in ({"amount": "250", "unit": "KILOGRAM"}, {"amount": "1.5", "unit": "TONNE"})
    ]
    stated = [(batch["written"], batch["intervals"], batch["mass_g"]) for each in facts for batch in each["batches"]]
    assert stated == [
        ([f"{GOLD}1001-1001"], [[0, 250_000]], 250_000),
        ([f"{GOLD}1001-1001"], [[250_000, 1_000_000]], 750_000),
        ([f"{GOLD}1002-1002"], [[0, 750_000]], 750_000),
    ]


async def certificate_facts(api: GraphQLApi, bundle_id: str, mass: dict[str, str]) -> dict[str, Any]:
    """The facts of the certificate of a new order, whose page shows each of its serials."""
    document = """mutation ($mass: MassInput!, $id: ID!, $key: String!) { createOrderByMass(input: {mass: $mass,
        idempotencyKey: $key, selection: [{bundleId: $id}]}) { order { id } userErrors { code } } }"""
    variables = {"mass": mass, "id": bundle_id, "key": mass["amount"]}
    order_id = (await api.data(document, variables))["createOrderByMass"]["order"]["id"]
    await retire_orders(api.shop.resources, after_ms=0, unpaid=True)
    await issue_certificates(api.shop.resources, public_address="https://x")
    asked = await api.data(
        "query ($id: ID!) { node(id: $id) { ... on Order { certificate { url } } } }", {"id": order_id}
    )
    path = "/certificates/" + asked["node"]["certificate"]["url"].rpartition("/")[2]
    facts: dict[str, Any] = (await api.client.get(f"{path}.json")).json()
    page = (await api.client.get(path)).text
    for batch in facts["batches"]:
        assert all(f"<tr><td>{written}</td></tr>" in page for written in batch["written"])
    return facts


REFUSAL = "query ($id: ID!) { node(id: $id) { ... on Order { status retirementRefusal } } }"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("vintage = 2031", "YEAR_NOT_OVER"),
        ("vintage = 2020, period_end = '2190-01-01'", "PERIOD_NOT_OVER"),
        ("credit_status = 'ex_ante'", "EX_ANTE"),
        ("credit_status = 'pending'", "PENDING"),
        ("vintage = 2019", None),
    ],
)
async def test_an_order_shows_why_its_credits_are_not_retired(api: GraphQLApi, change: str, refusal: str | None):
    document = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "k"}) {
        order { id retirementRefusal } } }"""
    placed = (await api.data(document))["createOrderByMass"]["order"]
    assert placed["retirementRefusal"] is None
    await api.shop.execute(f"UPDATE credit_batches SET {change} WHERE id = $1", api.shop.old.id)

    shown = await api.data(REFUSAL, {"id": placed["id"]})
    assert shown["node"] == {"status": "FULFILLED", "retirementRefusal": refusal}
    await retire_orders(api.shop.resources, after_ms=0, unpaid=True)
    shown = await api.data(REFUSAL, {"id": placed["id"]})
    status = "COMPLETE" if refusal is None else "FULFILLED"
    assert shown["node"] == {"status": status, "retirementRefusal": refusal}


async def test_a_complete_order_has_no_retirement_refusal_whatever_its_vintage(api: GraphQLApi):
    order = await api.shop.place()
    await retire_orders(api.shop.resources, after_ms=0, unpaid=True)
    await api.shop.execute("UPDATE credit_batches SET vintage = 2031 WHERE id = $1", api.shop.old.id)

    listed = await api.data("{ orders { nodes { number status retirementRefusal } } }")

    assert listed["orders"]["nodes"] == [{"number": order.number, "status": "COMPLETE", "retirementRefusal": None}]


READ = f"""query ($input: SerialRangeInput!) {{ answer: serialRange(input: $input) {{
    serialRange {{ serialForm firstSerial lastSerial mass {{ tonnes }} vintage periodStart periodEnd refusal
        overlapping {{ reference }} }} {ERRORS} }} }}"""


async def test_a_range_is_read_without_being_received(api: GraphQLApi):
    project_id = await project(api, "Verra")
    await made(api, RECEIVE, "creditBatch", receipt(project_id, serialRange=VERRA))
    later = VERRA.replace("122000200", "122000250").replace("122000101", "122000201")
    read = {
        "serialForm": "VERRA",
        "firstSerial": later.replace("122000250", "122000201"),
        "lastSerial": later.replace("122000201", "122000250"),
        "mass": {"tonnes": "50"},
        "vintage": 2019,
        "periodStart": "2019-01-01",
        "periodEnd": "2019-12-31",
        "refusal": None,
        "overlapping": None,
    }
    before = await rows_of(api.shop.database, BATCHES)

    assert await made(api, READ, "serialRange", {"projectId": project_id, "serialRange": later}) == read
    across = {"projectId": project_id, "serialRange": later.replace("122000201", "122000200")}
    assert (await made(api, READ, "serialRange", across))["overlapping"] == {"reference": "r"}
    assert (await made(api, READ, "serialRange", {**across, "mode": "TEST"}))["overlapping"] is None
    running = {"projectId": project_id, "serialRange": later.replace("31122019", "31122199")}
    assert (await made(api, READ, "serialRange", running))["refusal"] == "PERIOD_NOT_OVER"
    assert await rows_of(api.shop.database, BATCHES) == before
