"""Who may do what: every root field of the schema, asked without a key, with every scope but its own, and with its own.

The table below says the scope; arguments are made from the schema. A field that the table does not name fails the test.

Seen to fail when: an operation does not ask for its scope, asks for another, or asks only after it has written; a root
field is left out of the table.
"""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from service.api.graphql.schema import schema
from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.kit.ids import uuid7
from tests.api.graphql_api import GraphQLApi

ANY_KEY = None
FIELDS: dict[str, Scope | None] = {
    "Query.account": ANY_KEY,
    "Query.bundle": Scope.CATALOGUE_READ,
    "Query.bundles": Scope.CATALOGUE_READ,
    "Query.clientAccounts": Scope.ORDERS_READ,
    "Query.creditBatches": Scope.CATALOGUE_READ,
    "Query.estimate": Scope.ORDERS_READ,
    "Query.invoice": Scope.ORDERS_READ,
    "Query.ledger": Scope.ORDERS_READ,
    "Query.node": Scope.ORDERS_READ,
    "Query.nodes": Scope.ORDERS_READ,
    "Query.order": Scope.ORDERS_READ,
    "Query.orderStats": Scope.ORDERS_READ,
    "Query.orders": Scope.ORDERS_READ,
    "Query.portfolios": Scope.CATALOGUE_READ,
    "Query.projects": Scope.CATALOGUE_READ,
    "Query.quote": Scope.ORDERS_READ,
    "Query.rateLimit": ANY_KEY,
    "Query.seller": Scope.ORDERS_READ,
    "Mutation.billOrders": Scope.OPERATOR,
    "Mutation.cancelOrder": Scope.ORDERS_WRITE,
    "Mutation.cancelOrders": Scope.ORDERS_WRITE,
    "Mutation.createAirFreightEstimate": Scope.ORDERS_WRITE,
    "Mutation.createBundle": Scope.OPERATOR,
    "Mutation.createClientAccount": Scope.ORDERS_WRITE,
    "Mutation.createElectricityEstimate": Scope.ORDERS_WRITE,
    "Mutation.createFlightEstimate": Scope.ORDERS_WRITE,
    "Mutation.createGroundTransportEstimate": Scope.ORDERS_WRITE,
    "Mutation.createMassEstimate": Scope.ORDERS_WRITE,
    "Mutation.createOrderByEstimate": Scope.ORDERS_WRITE,
    "Mutation.createOrderByMass": Scope.ORDERS_WRITE,
    "Mutation.createOrderByValue": Scope.ORDERS_WRITE,
    "Mutation.createOrderFromQuote": Scope.ORDERS_WRITE,
    "Mutation.createProject": Scope.OPERATOR,
    "Mutation.disableBundle": Scope.OPERATOR,
    "Mutation.enableBundle": Scope.OPERATOR,
    "Mutation.failOrder": Scope.OPERATOR,
    "Mutation.quoteByEstimate": Scope.ORDERS_WRITE,
    "Mutation.quoteByMass": Scope.ORDERS_WRITE,
    "Mutation.quoteByValue": Scope.ORDERS_WRITE,
    "Mutation.receiveCreditBatch": Scope.OPERATOR,
    "Mutation.recordPayment": Scope.OPERATOR,
    "Mutation.refundOrder": Scope.OPERATOR,
    "Mutation.setAccountPortfolio": Scope.ORDERS_WRITE,
    "Mutation.setPortfolio": Scope.OPERATOR,
    "Mutation.setPrice": Scope.OPERATOR,
    "Mutation.setTaxProfile": Scope.OPERATOR,
    "Mutation.settleInvoice": Scope.OPERATOR,
    "Mutation.simulateOrder": Scope.ORDERS_WRITE,
    "Mutation.updateBillingDetails": Scope.OPERATOR,
    "Mutation.updateSeller": Scope.OPERATOR,
    "Mutation.updateClientAccount": Scope.ORDERS_WRITE,
}

ROOTS = {kind.name: kind.fields for kind in (schema._schema.query_type, schema._schema.mutation_type) if kind}
ROOT_FIELDS = {f"{root}.{name}": field for root, fields in ROOTS.items() for name, field in fields.items()}
ALSO_NEEDS = {
    "Mutation.createOrderByEstimate": Scope.ORDERS_READ,
    "Mutation.quoteByEstimate": Scope.ORDERS_READ,
}
"""Whoever orders an estimate has to be allowed to read it."""
NAMED_BY_ID = {
    "by": "Order",
    "ids": "Order",
    "node": "Order",
    "order": "Order",
    "orders": "Order",
    "updateClientAccount": "Account",
}
TEXTS = {"CurrencyCode": '"USD"', "DateTime": '"2030-01-01T00:00:00Z"', "country": '"BRA"'}


def test_every_root_field_has_its_scope():
    assert sorted(FIELDS) == sorted(ROOT_FIELDS)


def written(field: str) -> str:
    """A document that asks for the field with arguments that its types allow."""
    root, name = field.split(".")
    definition = ROOT_FIELDS[field]
    arguments = ", ".join(
        f"{key}: {_value(name, key, argument)}"
        for key, argument in definition.args.items()
        if is_required_argument(argument)
    )
    selection = "" if is_leaf_type(get_named_type(definition.type)) else " { __typename }"
    return f"{root.lower()} {{ told: {name}{f'({arguments})' if arguments else ''}{selection} }}"


def _value(owner: str, name: str, part: GraphQLArgument | GraphQLInputField) -> str:
    kind = part.type.of_type if is_non_null_type(part.type) else part.type
    return _literal(owner, name, kind)


def _literal(owner: str, name: str, kind: Any) -> str:
    if isinstance(kind, GraphQLList):
        inner = kind.of_type.of_type if is_non_null_type(kind.of_type) else kind.of_type
        return f"[{_literal(owner, name, inner)}]"
    if isinstance(kind, GraphQLInputObjectType):
        if kind.extensions["strawberry-definition"].is_one_of:
            members = dict([next(iter(kind.fields.items()))])
        else:
            members = {k: f for k, f in kind.fields.items() if is_required_input_field(f) or k in {"mass", "currency"}}
        told = (f"{key}: {_value(owner if name == 'input' else name, key, member)}" for key, member in members.items())
        return f"{{{', '.join(told)}}}"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    return _scalar(owner, name, kind.name)


def _scalar(owner: str, name: str, kind: str) -> str:
    if kind == "ID":
        said = name.removesuffix("s").removesuffix("Id")
        of = NAMED_BY_ID.get(name) or NAMED_BY_ID.get(owner) or (owner if name == "id" else said)
        return f'"{global_id(of[0].upper() + of[1:], uuid7())}"'
    numbers = {"Int": "2020", "Boolean": "false", "BigInt": '"1"', "Decimal": '"1"'}
    return numbers.get(kind) or TEXTS.get(kind) or TEXTS.get(name) or f'"{name}"'


def _codes(body: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", ())}


async def test_no_field_answers_without_a_key(api: GraphQLApi):
    before = await api.shop.everything()
    for field in FIELDS:
        answer = await api.ask(written(field), key="")
        assert (answer.status_code, _codes(answer.json())) == (401, {"UNAUTHENTICATED"}), (field, answer.text)
    assert await api.shop.everything() == before


async def test_no_field_answers_to_every_other_scope(api: GraphQLApi):
    keys = {scope: await api.new_key(*(frozenset(Scope) - {scope})) for scope in Scope}
    before = await api.shop.everything()
    wrong = {}
    for field, scope in FIELDS.items():
        if scope is not None:
            body = (await api.ask(written(field), key=keys[scope])).json()
            told = [error["extensions"].get("scope") for error in body.get("errors", ())]
            if (_codes(body), told, body.get("data")) != ({"FORBIDDEN"}, [scope.value], {"told": None}):
                wrong[field] = body
    assert wrong == {}
    assert await api.shop.everything() == before


async def test_every_field_answers_to_its_own_scope(api: GraphQLApi):
    wrong = {}
    for field, scope in FIELDS.items():
        needed = {scope or Scope.CATALOGUE_READ, ALSO_NEEDS.get(field, scope or Scope.CATALOGUE_READ)}
        key = await api.new_key(*needed)
        body = (await api.ask(written(field), key=key)).json()
        if not _codes(body) <= {"BAD_USER_INPUT"}:
            wrong[field] = body
    assert wrong == {}


def test_a_document_is_what_a_caller_would_write():
    assert written("Query.orders") == "query { told: orders { __typename } }"
    assert written("Query.order").startswith('query { told: order(by: {id: "')
    assert written("Mutation.createOrderByMass") == (
        'mutation { told: createOrderByMass(input: {idempotencyKey: "idempotencyKey", '
        'mass: {amount: "1", unit: GRAM}, currency: "USD"}) { __typename } }'
    )
