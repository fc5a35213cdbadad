"""Filters and sorts of the catalogue's lists, changes of its objects, and the stock overview, over HTTP.

Seen to fail when: a condition of a filter is left out; a withdrawn batch counts as stock; a customer's key lists
bundles off sale.
"""

from typing import Any

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from tests.api.graphql_api import GraphQLApi
from tests.makers import TONNE_G

ERRORS = "userErrors { code path }"
LISTS = """query ($projects: ProjectFilterInput, $bundles: BundleFilterInput, $batches: CreditBatchFilterInput) {
    projects(filter: $projects) { nodes { id } } bundles(filter: $bundles) { nodes { id } }
    creditBatches(filter: $batches) { nodes { id } } }"""
STOCK = """{ stock { nodes { mode project { slug } waiting { grams }
    vintages { vintage issued { grams } available { grams } notForSale { grams } held { grams } allocated { grams }
        retired { grams } } } } }"""


async def listed(api: GraphQLApi, name: str, **conditions: Any) -> list[str]:
    data = await api.data(LISTS, {name: conditions})
    return [each["id"] for each in data["creditBatches" if name == "batches" else name]["nodes"]]


async def withdraw(api: GraphQLApi, batch_id: Any, reason: str = "Under review.") -> dict[str, Any]:
    document = f"""mutation ($input: WithdrawCreditBatchInput!) {{ answer: withdrawCreditBatch(input: $input) {{
        creditBatch {{ available {{ grams }} withdrawalReason }} {ERRORS} }} }}"""
    given = {"creditBatchId": global_id("CreditBatch", batch_id), "reason": reason}
    answer: dict[str, Any] = (await api.data(document, {"input": given}))["answer"]
    return answer


async def test_a_project_is_changed_and_found_by_its_new_facts(api: GraphQLApi):
    project_id = global_id("Project", api.shop.forest_project.id)
    facts = {
        "name": "École Forest",
        "logoUrl": "https://a.test/logo.png",
        "registryProjectId": "VCS9114",
        "methodology": "VM0048",
        "offsetType": "EMISSIONS_REDUCTION",
        "storageYears": 40,
        "publicUrl": "https://registry.test/9114",
    }
    document = f"""mutation ($input: UpdateProjectInput!) {{ answer: updateProject(input: $input) {{
        project {{ {" ".join(facts)} country }} {ERRORS} }} }}"""

    changed = (await api.data(document, {"input": {"projectId": project_id, **facts}}))["answer"]
    undone = (await api.data(document, {"input": {"projectId": project_id, "logoUrl": None}}))["answer"]

    assert changed == {"project": {**facts, "country": "BRA"}, "userErrors": []}
    assert undone["project"] == {**facts, "logoUrl": None, "country": "BRA"}
    assert await listed(api, "projects", textContains="ÉCOLE for") == [project_id]
    assert await listed(api, "projects", textContains="ecole") == []
    assert await listed(api, "projects", textContains="%") == []
    assert await listed(api, "projects", offsetType=["EMISSIONS_REDUCTION"]) == [project_id]
    assert await listed(api, "projects", country=["BRA"], registryName=["Puro.earth"]) == []


async def test_a_bundle_is_changed_and_read_whole(api: GraphQLApi):
    facts = {"name": "Woods", "primaryImageUrl": "https://a.test/woods.png", "backgroundColour": "#E8F1E4"}
    document = f"""mutation ($input: UpdateBundleInput!) {{ answer: updateBundle(input: $input) {{
        bundle {{ {" ".join(facts)} disabledAt }} {ERRORS} }} }}"""
    given = {"bundleId": global_id("Bundle", api.shop.forest.id), **facts}

    changed = (await api.data(document, {"input": given}))["answer"]

    assert changed == {"bundle": {**facts, "disabledAt": None}, "userErrors": []}
    assert await listed(api, "bundles", textContains="woods") == [given["bundleId"]]


async def test_a_withdrawn_batch_is_no_stock(api: GraphQLApi):
    shop = api.shop
    deep, ocean = global_id("CreditBatch", shop.deep.id), global_id("Bundle", shop.ocean.id)
    assert ocean in await listed(api, "bundles", inStock=True)

    answer = await withdraw(api, shop.deep.id)

    grams = str(shop.deep.available_g)
    assert answer["creditBatch"] == {"available": {"grams": grams}, "withdrawalReason": "Under review."}
    assert await listed(api, "batches", withdrawn=True) == [deep]
    assert await listed(api, "batches", inStock=False) == [deep]
    assert deep not in await listed(api, "batches", inStock=True)
    assert await listed(api, "bundles", inStock=False) == [ocean]
    assert await listed(api, "projects", inStock=False) == [global_id("Project", shop.deep.project_id)]
    available = await api.data("query ($id: ID!) { bundle(id: $id) { available { grams } } }", {"id": ocean})
    assert available == {"bundle": {"available": {"grams": "0"}}}


async def test_batches_are_found_by_project_vintage_and_country(api: GraphQLApi):
    shop = api.shop
    old, young = (global_id("CreditBatch", each.id) for each in (shop.old, shop.young))
    project_id = global_id("Project", shop.forest_project.id)

    assert set(await listed(api, "batches", projectId=[project_id])) == {old, young}
    assert await listed(api, "batches", projectId=[project_id], vintage=[shop.young.vintage]) == [young]
    assert await listed(api, "batches", country=["GBR"]) == []
    assert await listed(api, "batches", projectId=[]) == []


async def test_lists_are_paged_in_every_sort_order(api: GraphQLApi):
    document = """query ($after: String, $by: CreditBatchSortInput) {
        creditBatches(first: 1, after: $after, orderBy: $by) { nodes { vintage id } pageInfo { endCursor } } }"""
    for field in ("VINTAGE", "CREATED_AT"):
        for descending in (False, True):
            found, after = [], None
            for _ in range(3):
                page = await api.data(document, {"after": after, "by": {"field": field, "descending": descending}})
                found += page["creditBatches"]["nodes"]
                after = page["creditBatches"]["pageInfo"]["endCursor"]
            assert len({each["id"] for each in found}) == 3
            if field == "VINTAGE":
                years = [each["vintage"] for each in found]
                assert years == sorted(years, reverse=descending)
    names = await api.data("{ projects(orderBy: {field: NAME, descending: true}) { nodes { name } edges { cursor } } }")
    listed_names = [each["name"] for each in names["projects"]["nodes"]]
    assert listed_names == sorted(listed_names, reverse=True)


async def test_a_bundle_names_each_currency_of_its_prices_once(api: GraphQLApi):
    shop = api.shop
    tiers = [
        {"minimumMass": {"amount": amount, "unit": "TONNE"}, "unitPrice": price}
        for amount, price in (("0", "9"), ("10", "8"))
    ]
    given = {"bundleId": global_id("Bundle", shop.forest.id), "currency": "EUR", "tiers": tiers}
    document = f"mutation ($input: SetPriceInput!) {{ setPrice(input: $input) {{ {ERRORS} }} }}"
    assert (await api.data(document, {"input": given}))["setPrice"]["userErrors"] == []

    bundles = (await api.data("{ bundles { nodes { name currencies } } }"))["bundles"]["nodes"]

    assert {each["name"]: each["currencies"] for each in bundles} == {
        shop.forest.name: ["EUR", "SAR", "USD"],
        shop.ocean.name: ["USD"],
    }


async def test_only_an_operator_lists_bundles_off_sale_and_the_stock(api: GraphQLApi):
    shop = api.shop
    ocean = global_id("Bundle", shop.ocean.id)
    await shop.execute("UPDATE bundles SET disabled_at = created_at WHERE id = $1", shop.ocean.id)

    assert await listed(api, "bundles", listing="DISABLED") == [ocean]
    assert ocean not in await listed(api, "bundles")
    assert ocean in await listed(api, "bundles", listing="ALL")

    key = await api.new_key(Scope.CATALOGUE_READ)
    for document in ("{ bundles(filter: {listing: ALL}) { nodes { id } } }", STOCK):
        body = (await api.ask(document, key=key)).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


async def test_the_stock_overview_accounts_for_each_gram_of_a_vintage(api: GraphQLApi):
    shop = api.shop
    await api.data(
        """mutation ($id: ID!, $grams: Decimal!) { createOrderByMass(input: {idempotencyKey: "k",
            bundleMasses: [{bundleId: $id, mass: {amount: $grams, unit: GRAM}}]}) { order { id } } }""",
        {"id": global_id("Bundle", shop.ocean.id), "grams": str(shop.deep.available_g + TONNE_G)},
    )
    await withdraw(api, shop.old.id)

    nodes = {each["project"]["slug"]: each for each in (await api.data(STOCK))["stock"]["nodes"]}

    (level,) = [each for each in nodes.values() if each["waiting"]["grams"] != "0"]
    grams = str(shop.deep.issued_g)
    assert (level["mode"], level["waiting"]) == ("LIVE", {"grams": str(TONNE_G)})
    assert level["vintages"] == [
        {
            "vintage": shop.deep.vintage,
            "issued": {"grams": grams},
            "available": {"grams": "0"},
            "notForSale": {"grams": "0"},
            "held": {"grams": "0"},
            "allocated": {"grams": grams},
            "retired": {"grams": "0"},
        }
    ]
    forest = {each["vintage"]: each for each in nodes[shop.forest_project.slug]["vintages"]}
    assert list(forest) == sorted(forest)
    assert forest[shop.old.vintage]["notForSale"] == {"grams": str(shop.old.available_g)}
    assert forest[shop.young.vintage]["available"] == {"grams": str(shop.young.available_g)}
