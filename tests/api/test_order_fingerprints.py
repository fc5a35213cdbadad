"""Fingerprints of orders as each API stores them: a retry through it has to find the order that an earlier release
placed.

The digests are literals because keys never expire. When one of them changes, retries that cross the deployment are
refused: change the code, and never a literal.
"""

from typing import Any

import pytest

from service.storage import orders
from service.storage.database import Database
from tests.api.graphql_api import open_graphql_api
from tests.api.rest.client import open_rest
from tests.books import rows_of
from tests.makers import make_price, store
from tests.shop import open_shop

PARTIES = {"recipient": {"name": "Acme", "email": "a@acme.example"}, "retirement": {"name": "Bob", "tax_id": "1"}}

GRAPHQL: dict[str, tuple[str, str, str]] = {
    "a mass": (
        "Mass",
        'mass: {amount: "12.07", unit: KILOGRAM}',
        "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab",
    ),
    "a value": (
        "Value",
        'value: {amount: "50", currency: "USD"}',
        "d397a95dc075737c2e579f3a3e86ff934b819de95b4c3b8d64c519fb95c19038",
    ),
    "a mass with every member of a command": (
        "Mass",
        (
            'mass: {amount: "1", unit: TONNE}, currency: "USD", maximumTotal: {amount: "99", currency: "USD"},'
            ' allowBackorder: false, payWithBalance: AVAILABLE, beneficiary: {recipient: {name: "Acme", email:'
            ' "a@acme.example"}, retirement: {name: "Bob", taxId: "1"}}, customer: "Ana", description: "a trip",'
            ' metadata: {trip: "1"}, callbackUrl: "https://acme.example/hook"'
        ),
        "e43d067ab3cb94b17be251d8ab1d1601d4da63bebf086613655e39fbd6bd7321",
    ),
}


@pytest.mark.parametrize(("kind", "given", "digest"), GRAPHQL.values(), ids=GRAPHQL)
async def test_an_order_by_graphql_is_stored_with_this_fingerprint(
    database: Database, database_url: str, kind: str, given: str, digest: str
):
    order = f'createOrderBy{kind}(input: {{{given}, idempotencyKey: "k"}})'
    document = f"mutation {{ made: {order} {{ userErrors {{ message }} }} }}"
    async with open_graphql_api(await open_shop(database), database_url) as api:
        assert (await api.data(document))["made"]["userErrors"] == []

    (row,) = await rows_of(database, orders.ORDERS)
    assert row.fingerprint == digest
    assert row.beneficiary == (PARTIES if "Acme" in given else None)


REST: dict[str, tuple[str, str, dict[str, Any], dict[str, Any] | None, str]] = {
    "Lune, a mass": (
        "lune",
        "/orders/by-mass",
        {"mass": {"amount": "12.07", "unit": "kg"}},
        None,
        "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab",
    ),
    "Lune, a mass with every member": (
        "lune",
        "/orders/by-mass",
        {
            "mass": {"amount": "12.07", "unit": "t"},
            "quantity_trunc": "kg",
            "metadata": {"a": "b"},
            "idempotency_key": "k",
        },
        None,
        "04be32ad2bb41153ac14c5b6a93d52abd5e37140ee6897ac5f50c23224a476e2",
    ),
    "Lune, a value": (
        "lune",
        "/orders/by-value",
        {"value": "50"},
        None,
        "59f9e44188cabb50f2e24e27bf1eff65d13dbe92d10bd32f904fcb5ef9329a6b",
    ),
    "carbon-engine, a mass": (
        "carbon-engine",
        "/orders",
        {"amount_kg": 123},
        None,
        "8d2ef4d2f596e338e338a42490f99f735baa5797d7103d28374cbdcd1d9859e2",
    ),
    "carbon-engine, a total with every member": (
        "carbon-engine",
        "/orders",
        {
            "total_price_sar_halalas": 5_000,
            "description": "a trip",
            "customer": "Ana",
            "callbackUrl": "https://acme.example/hook",
        },
        None,
        "01c5262d9e4d383805eb74be180fcbc63235ac86c634f0777c00e9480c971c19",
    ),
    "Carbonext, a mass": (
        "carbonext",
        "/orders",
        {"vcuAmount": 0.5, "targetCurrency": "USD"},
        None,
        "11d8f9d6191acaed1181a17b4de94f5fe3d1a8a59fb651e9f450923a4d00dc43",
    ),
    "Carbonext, a mass with every member": (
        "carbonext",
        "/orders",
        {
            "vcuAmount": 0.5,
            "targetCurrency": "usd",
            "metaData": "note",
            "certificateRecipientInfo": {
                "name": "Acme",
                "email": "a@acme.example",
                "retirementName": "Bob",
                "retirementTaxId": "1",
            },
        },
        PARTIES,
        "852ee35133221fc4ddfa9f77e37dcdd694a5a6cf324da118c7dc56fc58e7d576",
    ),
}


@pytest.mark.parametrize(("contract", "path", "body", "beneficiary", "digest"), REST.values(), ids=REST)
async def test_an_order_by_a_rest_api_is_stored_with_this_fingerprint(
    database: Database,
    database_url: str,
    contract: str,
    path: str,
    body: dict[str, Any],
    beneficiary: dict[str, Any] | None,
    digest: str,
):
    shop = await open_shop(database, currency="SAR" if contract == "carbon-engine" else "USD")
    await store(database, make_price(shop.ocean, "600", "SAR"))
    async with open_rest(contract, shop, database_url) as rest:
        answer = await rest.ask("POST", path, body)
        assert answer.status_code in {200, 201}, answer.text

    (row,) = await rows_of(database, orders.ORDERS)
    assert row.fingerprint == digest
    assert row.beneficiary == beneficiary
