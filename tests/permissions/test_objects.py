"""Objects of one account, asked for by all others in every way that GraphQL has: objects.toml says who is shown what.

Seen to fail when: a reader finds rows of any account or of any mode; a key acts for an account that is not its
client; a mutation takes another account's object; a kind of node or a member that takes an id has no row.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from tests.api.refusals.world import filled
from tests.permissions import tables
from tests.permissions.documents import INPUTS
from tests.permissions.world import MONEY, Identity, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE = tables.table("objects")
SHOWN = {name: frozenset(viewers.split()) for name, viewers in TABLE["shown"].items()}
NAMED: dict[str, str] = TABLE["named"]
ALONE = {"Order": "order(by: {{id: {0}}})", "Quote": "quote(id: {0})", "Estimate": "estimate(id: {0})"}
ALONE |= {"Invoice": "invoice(id: {0})", "Bundle": "bundle(id: {0})"}
"""Queries of one object by its id, beside `node` and `nodes`."""

NAMELESS = {"stock", "retirementsWithoutEvidence"}
"""Lists whose entries have no id; they are the operator's alone."""
SELLERS_LISTS = {"accounts", "allInvoices", "allMails", "allOrders", "allPayments"}
"""Lists of all accounts, for operators: fields.toml refuses them to all others."""

LISTS = {
    "bundles": "Bundle",
    "clientAccounts": "Account",
    "creditBatches": "CreditBatch",
    "ledger": "Journal",
    "orders": "Order",
    "portfolios": "Portfolio",
    "projects": "Project",
    "webhookDeliveries": "WebhookDelivery",
}


def viewers(stage: Stage) -> dict[str, Identity]:
    """Return the identities of the table; `account` is the customer's key with the scopes of a customer."""
    names = {name for shown in SHOWN.values() for name in shown} - {"account"}
    own = stage.identities["+".join(sorted(set(Scope) - {Scope.OPERATOR}))]
    return {"account": own, **{name: stage.identities[name] for name in sorted(names)}}


async def test_every_list_and_every_query_by_id_has_a_row():
    assert tables.SCHEMA.query_type is not None
    fields = tables.SCHEMA.query_type.fields
    lists = {name for name, each in fields.items() if tables.unwrapped(each.type).name.endswith("Connection")}
    by_id = {name for name, each in fields.items() if {"id", "by"} & each.args.keys()} - {"node"}
    assert lists - NAMELESS == LISTS.keys() | SELLERS_LISTS
    assert by_id == {asked.partition("(")[0] for asked in ALONE.values()}


async def test_objects_are_shown_to_their_own_account_only(stage: Stage):
    faults = []
    for viewer, identity in viewers(stage).items():
        for name, shown_to in SHOWN.items():
            kind, id_ = stage.named[name]
            wanted = global_id(kind, id_)
            ways = [f'node(id: "{wanted}")', f'nodes(ids: ["{wanted}"])']
            # These look into the account that the request acts for, an operator's own one here.
            is_looked_up = kind in ALONE and (viewer != "seller" or "stranger" in shown_to)
            ways += [ALONE[kind].format(f'"{wanted}"')] if is_looked_up else []
            for asked in ways:
                body = (await stage.graphql(f"{{ told: {asked} {{ id }} }}", identity.graphql_headers)).json()
                told = body["data"]["told"]
                found = told[0] if isinstance(told, list) else told
                codes = [error["extensions"]["code"] for error in body.get("errors", ())]
                hidden = {MONEY, Scope.OPERATOR.value} & (tables.needs_of(TABLE["nodes"][kind]) - identity.holds)
                expected = {"id": wanted} if viewer in shown_to else None
                if (found, codes) != (expected, ["FORBIDDEN"] if hidden else []):
                    faults.append(f"{name} to {viewer} by {asked}: {body}")
    assert not faults, "\n".join(faults)


async def test_lists_hold_the_objects_of_their_account_only(stage: Stage):
    faults = []
    for viewer, identity in viewers(stage).items():
        for field, kind in LISTS.items():
            if MONEY in tables.needs_of(TABLE["nodes"][kind]) - identity.holds:
                continue
            document = f"{{ told: {field}(first: 100) {{ nodes {{ id }} totalCount }} }}"
            body = (await stage.graphql(document, identity.graphql_headers)).json()
            listed = {each["id"] for each in body["data"]["told"]["nodes"]}
            for name, shown_to in SHOWN.items():
                if stage.named[name][0] == kind:
                    own = field == "clientAccounts" and viewer != "account"
                    # By its id an operator is shown any object; in the lists of its own account, its own.
                    own |= viewer == "seller" and "stranger" not in shown_to
                    expected = viewer in shown_to and not own and name not in {"account", "stranger"}
                    if (global_id(*stage.named[name]) in listed) != expected:
                        faults.append(f"{name} in {field} of {viewer}")
            if field == "orders" and body["data"]["told"]["totalCount"] != len(listed):
                faults.append(f"totalCount of {viewer}: {body}")
    assert not faults, "\n".join(faults)


async def test_an_idempotency_key_names_the_accounts_own_order(stage: Stage):
    found = {}
    for viewer, identity in viewers(stage).items():
        body = (await stage.graphql('{ order(by: {idempotencyKey: "used"}) { id } }', identity.graphql_headers)).json()
        found[viewer] = body["data"]["order"] and body["data"]["order"]["id"]
    own, clients = (global_id(*stage.named[name]) for name in ("order", "client's order"))
    assert found == {
        **dict.fromkeys(found, None),
        "account": own,
        "client": clients,
        "parent-for-client": clients,
    }


async def test_every_member_that_names_an_object_has_a_row():
    members = set()
    for (type_name, name), needs in tables.fields().items():
        if type_name == "Mutation" and Scope.OPERATOR not in needs:
            for path in tables.ids_in(name):
                ways = {path}
                if path.endswith(("order.id", "orders.id")):
                    ways |= {path.removesuffix("id") + way for way in ("number", "idempotencyKey")}
                members |= {f"{name}.{way}" for way in ways}
    assert members - NAMED.keys() == set(), "say in objects.toml which object only its own account may name"
    assert NAMED.keys() - members == set()


async def test_no_mutation_takes_an_object_of_another_account(stage: Stage):
    number = (await stage.world.shop.order(stage.id_of("order"))).number  # type: ignore[union-attr]
    texts = {"number": number, "idempotencyKey": "complete"}
    faults = []
    for viewer in ("stranger", "twin", "sibling", "client", "seller"):
        identity = stage.identities[viewer]
        for place, name in NAMED.items():
            if name == "catalogue":
                continue
            mutation, *path = place.split(".")
            # The client account has an order of its own with this key.
            if (viewer, path[-1]) == ("client", "idempotencyKey"):
                continue
            given = texts.get(path[-1]) or global_id(*stage.named[name])
            own_input = filled(INPUTS[mutation], stage.global_ids("client" if viewer == "client" else "account"))
            if "idempotencyKey" in own_input:
                own_input["idempotencyKey"] = f"{place} {viewer}"
            sent = _with(own_input, path, given)
            kind = tables.SCHEMA.mutation_type.fields[mutation].args["input"].type  # type: ignore[union-attr]
            document = f"mutation($input: {kind}) {{ told: {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
            before = stage.watch.version()
            body = (await stage.graphql(document, identity.graphql_headers, {"input": sent})).json()
            codes = {each["code"] for each in (body["data"]["told"] or {"userErrors": ()})["userErrors"]}
            live_order = (
                {"TEST_ACCOUNT_REQUIRED"} if mutation == "simulateOrder" and viewer != "twin" else {"NOT_FOUND"}
            )
            if codes != live_order or stage.watch.version() != before:
                faults.append(f"{place} by {viewer}: {body}")
    assert not faults, "\n".join(faults)


def _with(given: Any, path: list[str], value: str) -> Any:
    """Return the input with this one value; a list gets one entry, and a reference only this member."""
    name, *below = path
    if not below:
        return {**given, name: value}
    inner = {below[0]: value} if len(below) == 1 else _with(given.get(name) or {}, below, value)
    return {**given, name: [inner] if isinstance(given.get(name), list) else inner}


async def test_stock_and_money_are_those_of_the_account(stage: Stage):
    document = "{ bundle(id: %s) { available { grams } } account { balances { amount } held { grams } } }"
    found = {}
    for viewer in ("account", "parent-for-client", "stranger", "twin", "seller"):
        identity = viewers(stage)[viewer]
        asked = document % f'"{global_id(*stage.named["forest"])}"'
        body = (await stage.graphql(asked, identity.graphql_headers)).json()["data"]
        money = (bool(body["account"]["balances"]), body["account"]["held"]["grams"])
        found[viewer] = (*money, body["bundle"]["available"]["grams"] == "1000003000000")
    assert found == {
        "account": (True, "2000", False),
        "parent-for-client": (True, "2000", False),
        "stranger": (False, "0", False),
        "twin": (False, "0", True),
        "seller": (False, "0", False),
    }


async def test_a_key_that_another_account_used_is_free(stage: Stage):
    """The last test of this module, because its requests are accepted."""
    order = INPUTS["createOrderByMass"] | {"idempotencyKey": "used"}
    estimate = INPUTS["createMassEstimate"] | {"idempotencyKey": "estimated"}
    document = """mutation ($order: CreateOrderByMassInput!, $estimate: CreateMassEstimateInput!) {
        createOrderByMass(input: $order) { replayed order { id } userErrors { code } }
        createMassEstimate(input: $estimate) { replayed estimate { id } userErrors { code } }
    }"""
    for viewer in ("stranger", "seller", "sibling"):
        headers = stage.identities[viewer].graphql_headers
        body = (await stage.graphql(document, headers, {"order": order, "estimate": estimate})).json()["data"]
        for name, kind in (("createOrderByMass", "Order"), ("createMassEstimate", "Estimate")):
            made = body[name][kind.lower()]["id"]
            assert (body[name]["replayed"], body[name]["userErrors"]) == (False, [])
            assert made not in {global_id(*each) for each in stage.named.values()}
