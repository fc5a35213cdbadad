"""Translation of the domain's paths into members of requests. test_refusals.py drives the refusals themselves."""

import ast
from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from service.api.graphql.inputs.fault_paths import input_path
from service.api.graphql.schema import schema
from service.api.rest.contracts import CONTRACTS
from service.api.rest.fault_paths import request_path
from tests.api.graphql_api import GraphQLApi
from tests.api.rest.client import contract_named
from tests.test_tidy import TREES

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
    *("after", "order_id", "types", "year"),  # arguments of a field
}
"""Members without a GraphQL input of the name."""


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


def test_a_path_to_members_that_were_not_given_is_empty():
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
