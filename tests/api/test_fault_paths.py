"""Paths of refusals: every API names the members of its own requests, wherever the fault was found.

Planted defects that were seen to fail here: a domain path is shown as it is; a path goes on below a scalar; a REST
contract shows the name of another one; a member that no input has is shown.
"""

import ast
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from service.api.graphql.inputs.fault_paths import input_path
from service.api.graphql.schema import schema
from service.api.graphql.types.node import global_id
from service.api.rest.contracts import CONTRACTS
from service.api.rest.fault_paths import request_path
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi
from tests.api.rest.client import contract_named, open_rest
from tests.shop import open_shop
from tests.test_tidy import TREES

GRAPHQL = {
    "no mass": ("createOrderByMass", '{mass: {amount: "0", unit: GRAM}, idempotencyKey: "k"}', "mass.amount"),
    "below a gram": ("createOrderByMass", '{mass: {amount: "0.4", unit: GRAM}, idempotencyKey: "k"}', "mass.amount"),
    "no mass quoted": ("quoteByMass", '{mass: {amount: "0", unit: GRAM}}', "mass.amount"),
    "no value": ("createOrderByValue", '{value: {amount: "0", currency: "USD"}, idempotencyKey: "k"}', "value.amount"),
    "no value quoted": ("quoteByValue", '{value: {amount: "0", currency: "USD"}}', "value.amount"),
    "no price": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", currency: "CHF"}',
        "currency",
    ),
    "a bundle unknown": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", selection: [{bundleId: "BUNDLE"}]}',
        "selection.0",
    ),
    "a bundle of masses unknown": (
        "createOrderByMass",
        '{bundleMasses: [{bundleId: "BUNDLE", mass: {amount: "1", unit: TONNE}}], idempotencyKey: "k"}',
        "bundleMasses.0",
    ),
    "a portfolio unknown": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", portfolioId: "PORTFOLIO"}',
        "portfolioId",
    ),
    "a total above the maximum": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", maximumTotal: {amount: "0.01", currency: "USD"}}',
        "maximumTotal.amount",
    ),
    "a maximum in another currency": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", maximumTotal: {amount: "1", currency: "EUR"}}',
        "maximumTotal.currency",
    ),
    "too few credits": (
        "createOrderByMass",
        '{mass: {amount: "1000000", unit: TONNE}, idempotencyKey: "k", allowBackorder: false}',
        "allowBackorder",
    ),
    "too little balance": (
        "createOrderByMass",
        '{mass: {amount: "1", unit: TONNE}, idempotencyKey: "k", payWithBalance: WHOLE}',
        "payWithBalance",
    ),
    "a quote unknown": ("createOrderFromQuote", '{quoteId: "QUOTE", idempotencyKey: "k"}', "quoteId"),
    "an estimate unknown": ("createOrderByEstimate", '{estimateId: "ESTIMATE", idempotencyKey: "k"}', "estimateId"),
    "an airport unknown": (
        "createFlightEstimate",
        '{route: {airports: {origin: "LHR", destination: "QQQ"}}}',
        "route.airports.destination",
    ),
    "a distance of nothing": (
        "createFlightEstimate",
        '{route: {distance: {amount: "0", unit: KILOMETRE}}}',
        "route.distance.amount",
    ),
    "no passengers": (
        "createFlightEstimate",
        '{route: {distance: {amount: "1", unit: KILOMETRE}}, passengers: 0}',
        "passengers",
    ),
    "no electricity": ("createElectricityEstimate", '{amount: "0", unit: KILOWATT_HOUR}', "amount"),
    "a country unknown": (
        "createElectricityEstimate",
        '{amount: "1", unit: KILOWATT_HOUR, country: "XXQ"}',
        "country",
    ),
    "no emissions": ("createMassEstimate", '{mass: {amount: "0", unit: GRAM}}', "mass.amount"),
    "no distance": ("createGroundTransportEstimate", '{distanceKm: "0", vehicleType: COACH_BUS}', "distanceKm"),
    "an account unknown": (
        "recordPayment",
        '{accountId: "ACCOUNT", reference: "r", amount: {amount: "1", currency: "USD"}}',
        "accountId",
    ),
    "a bundle to disable unknown": ("disableBundle", '{bundleId: "BUNDLE"}', "bundleId"),
    "an order unknown": ("cancelOrder", '{order: {idempotencyKey: "none"}}', "order"),
    "the second order unknown": ("cancelOrders", '{orders: [{number: "1"}, {number: "2"}]}', "orders.0"),
    "a portfolio of the account unknown": ("setAccountPortfolio", '{portfolioId: "PORTFOLIO"}', "portfolioId"),
}


ELSEWHERE = {
    *("name", "contract", "commission", "portfolio", "account", "key", "scopes", "expires_at"),  # the command line's
    *(
        "serial_form",
        "first_serial",
        "last_serial",
        "serial_range",
        "tonnes",
        "period_end",
        "legs",
        "credit",
    ),  # columns of an import, and routes
}
"""Members without a GraphQL input of the name."""


def with_ids(text: str) -> str:
    """Put ids of nothing into the document, each of its type."""
    for name in ("Bundle", "Portfolio", "Quote", "Estimate", "Account", "Project"):
        text = text.replace(f'"{name.upper()}"', f'"{global_id(name, UUID(int=7))}"')
    return text


def members_of(mutation: str, path: Iterable[str]) -> list[str]:
    """Return the names of the schema that the path leads through; KeyError for one that the schema does not have."""
    kind: Any = schema._schema.mutation_type.fields[mutation].args["input"].type  # type: ignore[union-attr]
    led = []
    for step in path:
        while isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            assert step.isdigit(), step
            kind = kind.of_type
        else:
            assert isinstance(kind, GraphQLInputObjectType), f"{step} stands below a scalar"
            kind = kind.fields[step].type
            led.append(step)
    return led


@pytest.mark.parametrize(("mutation", "given", "path"), GRAPHQL.values(), ids=GRAPHQL)
async def test_graphql_names_the_member_of_its_input(api: GraphQLApi, mutation: str, given: str, path: str):
    data = await api.data(f"mutation {{ did: {mutation}(input: {with_ids(given)}) {{ userErrors {{ path }} }} }}")
    paths = [error["path"] for error in data["did"]["userErrors"]]
    assert paths[0] == ["input", *path.split(".")]
    for found in paths:
        members_of(mutation, found[1:])


REST: dict[str, tuple[str, str, dict[str, Any], str, str | None]] = {
    "lune: no mass": ("lune", "/orders/by-mass", {"mass": {"amount": "0", "unit": "g"}}, "mass", None),
    "lune: a bundle unknown": (
        "lune",
        "/orders/by-mass",
        {"mass": {"amount": "1", "unit": "t"}, "bundle_selection": [{"bundle_id": "0" * 32}]},
        "bundle_selection.0",
        None,
    ),
    "lune: a bundle of masses unknown": (
        "lune",
        "/orders/by-mass",
        {"bundle_masses": [{"bundle_id": "0" * 32, "mass": {"amount": "1", "unit": "t"}}]},
        "bundle_masses.0",
        None,
    ),
    "lune: an estimate unknown": ("lune", "/orders/by-estimate", {"estimate_id": "0" * 32}, "estimate_id", None),
    "lune: an airport unknown": (
        "lune",
        "/estimates/flight",
        {"route": {"source": "QQQ", "destination": "LHR"}},
        "route.source",
        None,
    ),
    "lune: no electricity": (
        "lune",
        "/estimates/electricity",
        {"consumption": {"amount": "0", "unit": "kWh"}},
        "consumption.amount",
        None,
    ),
    "lune: a country unknown": (
        "lune",
        "/estimates/electricity",
        {"consumption": {"amount": "1", "unit": "kWh"}, "country_code": "XXQ"},
        "country_code",
        None,
    ),
    "carbon-engine: no bundle on sale": (
        "carbon-engine",
        "/orders",
        {"amount_kg": 1},
        "request",
        "UPDATE bundles SET disabled_at = '2020-01-01 00:00:00+00:00'",
    ),
    "carbon-engine: a portfolio that is no id": (
        "carbon-engine",
        "/orders",
        {"amount_kg": 1, "portfolioId": "x"},
        "portfolioId",
        None,
    ),
    "carbon-engine: neither mass nor sum": ("carbon-engine", "/orders", {}, "amount_kg", None),
    "carbonext: no mass": ("carbonext", "/orders", {"vcuAmount": 0, "targetCurrency": "USD"}, "vcuAmount", None),
    "carbonext: a currency unknown": (
        "carbonext",
        "/orders",
        {"vcuAmount": 1, "targetCurrency": "EUR"},
        "targetCurrency",
        None,
    ),
    "carbonext: too little balance": (
        "carbonext",
        "/orders",
        {"vcuAmount": 1, "targetCurrency": "USD", "payWithBalance": True},
        "payWithBalance",
        None,
    ),
}


def place_in(contract: str, body: Any) -> str:
    """Return the path in the error body of the contract, or `request` where it shows none."""
    if contract == "lune":
        place, colon, _ = body["error"]["message"].partition(": ")
        return place if colon else "request"
    if contract == "carbon-engine":
        return next(iter(body["errors"]))
    place, colon, _ = body["detail"].partition(": ")
    return place if colon else "request"


@pytest.mark.parametrize(("contract", "address", "body", "place", "before"), REST.values(), ids=REST)
async def test_a_contract_names_the_member_of_its_request(
    database: Database,
    database_url: str,
    contract: str,
    address: str,
    body: dict[str, Any],
    place: str,
    before: str | None,
):
    currency = {"lune": "USD", "carbon-engine": "SAR", "carbonext": "USD"}[contract]
    shop = await open_shop(database)
    if before is not None:
        await shop.execute(before)
    account = await shop.another_account(contract=contract, currency=currency)
    async with open_rest(contract, shop, database_url) as rest:
        key = await rest.new_key(account=account)
        answer = await rest.ask("POST", address, body, key=key)

    assert 400 <= answer.status_code < 500, answer.text
    assert place_in(contract, answer.json()) == place


def test_every_member_that_the_domain_names_is_a_member_of_an_input():
    """A path that no input has would be dropped silently: name the member as an input names it."""
    known = {
        field.python_name
        for kind in schema._schema.type_map.values()
        if isinstance(kind, GraphQLInputObjectType)
        for field in kind.extensions["strawberry-definition"].fields
    }
    named = set()
    for name, tree in TREES.items():
        if not name.startswith(("service/domain/", "service/operations/")):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Refused" and len(call.args) > 2:
                path = call.args[2]
                if isinstance(path, ast.Tuple):
                    named |= {(name, each.value) for each in path.elts if isinstance(each, ast.Constant)}
    strange = {(name, step) for name, step in named if isinstance(step, str) and step not in known | ELSEWHERE}
    assert strange == set()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("mass",), ("amount_kg",)),
        (("mass", "amount"), ("amount_kg",)),
        (("selection", 0), ()),
        (("portfolio_id",), ("portfolio_id",)),
        (("Idempotency-Key",), ("Idempotency-Key",)),
    ],
)
def test_a_path_ends_before_the_first_member_that_a_request_does_not_have(path: Any, shown: Any):
    contract = contract_named("carbon-engine")
    endpoint = next(each for each in contract.endpoints if each.method == "POST" and each.path.endswith("/orders"))
    assert request_path(path, [endpoint.body], contract.members, endpoint.request_headers) == shown


def test_a_path_of_nothing_that_was_given_is_empty():
    assert input_path(None, ("mass",)) == []


def test_every_contract_knows_members_of_the_domain():
    assert all(contract.members for contract in CONTRACTS)


@pytest.mark.parametrize(
    ("document", "line", "member"),
    [
        ("mutation {\n quoteByMass(input: {mass: {amount: 1, unit: GRAM}}) { userErrors { code } } }", 2, "amount"),
        ('{\n\n bundles(currency: "XX") { nodes { id } } }', 3, "currency"),
        ('{ orders(filter: {createdAt: {gte: "yesterday"}}) { totalCount } }', 1, "gte"),
    ],
)
async def test_a_scalar_that_is_wrong_in_the_document_is_located(
    api: GraphQLApi, document: str, line: int, member: str
):
    (error,) = (await api.ask(document)).json()["errors"]
    assert [each["line"] for each in error["locations"]] == [line]
    assert error["extensions"]["inputPath"] == [member]
