"""Everything that has an id can be fetched by it, by its owner; to anybody else it is as absent as what never was.

Seen to fail when: a Node type has no reader; a reader leaves out the account or the mode; a foreign thing is answered
in other words than an absent one.
"""

import re
from typing import Any

from graphql import GraphQLObjectType

from service.api.graphql.schema import schema
from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.kit.ids import uuid7
from service.operations.retire_orders import retire_order
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from tests.api.graphql_api import GraphQLApi
from tests.makers import make_batch, make_mail, make_portfolio, store

SETUP = """mutation {
    order: createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "theirs"}) {
        order { id number }
    }
    quote: quoteByMass(input: {mass: {amount: "1", unit: KILOGRAM}}) { quote { id } }
    estimate: createMassEstimate(input: {mass: {amount: "1", unit: KILOGRAM}}) { estimate { id } }
}"""
MONEY = """mutation ($account: ID!, $order: ID!) {
    payment: recordPayment(input: {
        accountId: $account, reference: "p", amount: {amount: "0.01", currency: "USD"}, order: {id: $order}
    }) { payment { id } }
    invoice: billOrders(input: {accountId: $account, reference: "i", currency: "USD"}) { invoice { id } }
    failed: failOrder(input: {accountId: $account, order: {id: $order}}) { order { id } }
}"""
INVOICE = """{ account { invoices(first: 1) { nodes {
    creditNotes(first: 1) { nodes { id } }
    lines(first: 1) { nodes { id } }
} } } }"""
KEYS = """mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { apiKey { id } }
    createWebhookEndpoint(input: {url: "https://customer.example/hook"}) { webhookEndpoint { id } }
}"""
TEST_EVENT = "mutation ($input: WebhookEndpointRefInput!) { sendTestEvent(input: $input) { webhookDelivery { id } } }"
OWNED_BY_NOBODY = {"Bundle", "Project"}


def node_types() -> set[str]:
    node = schema._schema.type_map["Node"]
    return {
        name
        for name, kind in schema._schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and node in kind.interfaces
    }


async def one_of_each(api: GraphQLApi) -> dict[str, str]:
    """The id of a thing of each Node type, as the account of the api's key sees it."""
    made = await api.data(SETUP)
    portfolio = make_portfolio({api.shop.forest.id: 10_000}, account_id=api.shop.account.id)
    await store(api.shop.database, *portfolio)
    account, order = global_id("Account", api.shop.account.id), made["order"]["order"]["id"]
    booked = await api.data(MONEY, {"account": account, "order": order})
    (billed,) = (await api.data(INVOICE))["account"]["invoices"]["nodes"]
    keys = await api.data(KEYS, {"input": {"name": "ERP", "scopes": ["ORDERS_READ"], "idempotencyKey": "erp"}})
    hook = keys["createWebhookEndpoint"]["webhookEndpoint"]["id"]
    tested = await api.data(TEST_EVENT, {"input": {"id": hook}})
    complete = await api.shop.place()
    await retire_order(api.shop.resources, api.shop.account.id, complete.id, keep=0, actor="test")
    mail = make_mail(api.shop.account.id)
    await store(api.shop.database, mail)
    journals = await api.data("{ ledger(first: 1) { nodes { id } } }")
    return {
        "Account": account,
        "ApiKey": keys["createApiKey"]["apiKey"]["id"],
        "Bundle": global_id("Bundle", api.shop.forest.id),
        "Certificate": global_id("Certificate", complete.id),
        "CreditBatch": global_id("CreditBatch", api.shop.old.id),
        "CreditNote": billed["creditNotes"]["nodes"][0]["id"],
        "Estimate": made["estimate"]["estimate"]["id"],
        "Invoice": booked["invoice"]["invoice"]["id"],
        "InvoiceLine": billed["lines"]["nodes"][0]["id"],
        "Journal": journals["ledger"]["nodes"][0]["id"],
        "Mail": global_id("Mail", mail.id),
        "Order": order,
        "Payment": booked["payment"]["payment"]["id"],
        "Portfolio": global_id("Portfolio", portfolio[0].id),
        "Project": global_id("Project", api.shop.forest_project.id),
        "Quote": made["quote"]["quote"]["id"],
        "WebhookDelivery": tested["sendTestEvent"]["webhookDelivery"]["id"],
        "WebhookEndpoint": hook,
    }


async def test_every_node_can_be_fetched_by_its_id(api: GraphQLApi):
    ids = await one_of_each(api)
    assert set(ids) == node_types()
    for kind, id_ in ids.items():
        found = (await api.data("query ($id: ID!) { node(id: $id) { __typename id } }", {"id": id_}))["node"]
        assert found == {"__typename": kind, "id": id_}
    unknown = global_id("Order", uuid7())
    wanted = [*ids.values(), unknown, ids["Order"]]
    found = (await api.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": wanted}))["nodes"]
    assert found == [None if id_ == unknown else {"id": id_} for id_ in wanted]


async def test_a_node_of_another_account_is_answered_like_an_unknown_one(api: GraphQLApi):
    ids = await one_of_each(api)
    other = await api.shop.another_account(mode=Mode.TEST)
    key = await api.new_key(*CUSTOMER_SCOPES, Scope.ACCOUNT_MANAGE, account=other)
    for kind, id_ in ids.items():
        answers = [
            (await api.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": each}, key=key)).json()
            for each in (id_, global_id(kind, uuid7()))
        ]
        if kind in OWNED_BY_NOBODY:
            assert answers[0]["data"]["node"] == {"id": id_}
        else:
            for error in (error for answer in answers for error in answer.get("errors", [])):
                assert error["extensions"].pop("requestId")
            assert answers[0] == answers[1], kind
            assert answers[0]["data"] == {"node": None}, kind


async def test_an_order_of_another_account_is_answered_like_an_unknown_one_in_every_query(api: GraphQLApi):
    ids = await one_of_each(api)
    order = (await api.data("query ($id: ID!) { order(by: {id: $id}) { number } }", {"id": ids["Order"]}))["order"]
    other = await api.shop.another_account()
    key = await api.new_key(account=other)
    before = await api.shop.everything()
    questions = [
        ("order(by: {id: %s}) { id }", ids["Order"], global_id("Order", uuid7())),
        ("order(by: {number: %s}) { id }", order["number"], "0000000000000"),
        ("order(by: {idempotencyKey: %s}) { id }", "theirs", "nobody's"),
        ("quote(id: %s) { id }", ids["Quote"], global_id("Quote", uuid7())),
        ("estimate(id: %s) { id }", ids["Estimate"], global_id("Estimate", uuid7())),
        ("invoice(id: %s) { id }", ids["Invoice"], global_id("Invoice", uuid7())),
    ]
    commands = [
        ("cancelOrder(input: {order: {id: %s}})", ids["Order"], global_id("Order", uuid7())),
        ("cancelOrder(input: {order: {number: %s}})", order["number"], "0000000000000"),
        ("cancelOrder(input: {order: {idempotencyKey: %s}})", "theirs", "nobody's"),
        ("cancelOrders(input: {orders: [{id: %s}]})", ids["Order"], global_id("Order", uuid7())),
        (
            'createOrderFromQuote(input: {quoteId: %s, idempotencyKey: "k"})',
            ids["Quote"],
            global_id("Quote", uuid7()),
        ),
        (
            'createOrderByEstimate(input: {estimateId: %s, idempotencyKey: "k"})',
            ids["Estimate"],
            global_id("Estimate", uuid7()),
        ),
        (
            'quoteByMass(input: {mass: {amount: "1", unit: TONNE}, portfolioId: %s})',
            ids["Portfolio"],
            global_id("Portfolio", uuid7()),
        ),
    ]
    for form, foreign, absent in questions:
        assert await _told(api, key, f"{{ told: {form} }}", foreign) == {"told": None}, form
        assert await _told(api, key, f"{{ told: {form} }}", absent) == {"told": None}, form
    for form, foreign, absent in commands:
        document = f"mutation {{ told: {form} {{ userErrors {{ __typename code message path }} }} }}"
        told = await _told(api, key, document, foreign)
        assert told == await _told(api, key, document, absent), form
        assert [error["code"] for error in told["told"]["userErrors"]] == ["NOT_FOUND"], form
    assert await api.shop.everything() == before


async def _told(api: GraphQLApi, key: str, document: str, name: str) -> Any:
    return await api.data(document % f'"{name}"', key=key)


async def test_an_id_of_another_type_is_refused(api: GraphQLApi):
    ids = await one_of_each(api)
    for field, kind in (("quote", "Order"), ("bundle", "Quote"), ("estimate", "Bundle")):
        body = (await api.ask(f'{{ {field}(id: "{ids[kind]}") {{ id }} }}')).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]
        assert body["errors"][0]["extensions"]["inputPath"] == ["id"]
    for text in ("", "x", ids["Order"][:-1], ids["Order"] + "=", " " + ids["Order"], "T3JkZXI6MQ"):
        body = (await api.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": text})).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"], text
        assert not re.search("Traceback|uuid|base64", body["errors"][0]["message"])


async def test_a_batch_of_the_other_mode_is_absent(api: GraphQLApi):
    spare = make_batch(api.shop.forest_project, 5, mode=Mode.TEST)
    await store(api.shop.database, spare)
    document = "query ($id: ID!) { node(id: $id) { id } creditBatches { nodes { id } } }"
    data = await api.data(document, {"id": global_id("CreditBatch", spare.id)})
    assert data["node"] is None
    assert global_id("CreditBatch", spare.id) not in [each["id"] for each in data["creditBatches"]["nodes"]]
