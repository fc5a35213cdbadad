"""GraphQL documents that reach a field of an object type by the shortest way that a key's scopes leave open."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLObjectType, is_leaf_type, is_required_argument

from tests.api.refusals.graphql_cases import MUTATIONS
from tests.api.refusals.world import filled
from tests.permissions.tables import SCHEMA, node_kinds, object_types, unwrapped

TOLD = "told"
"""Alias of the field that a document is about."""

QUERIES: dict[str, tuple[str, ...]] = {
    "order": ('by: {{id: "{complete}"}}',),
    "quote": ('id: "{used_quote}"', 'id: "{quote}"'),
    "estimate": ('id: "{used_estimate}"',),
    "invoice": ('id: "{invoice}"',),
    "price": ('input: {{mass: {{amount: "1", unit: TONNE}}}}',),
    "bundle": ('id: "{forest}"',),
    "orderStats": ("groupBy: BUNDLE", "groupBy: PROJECT"),
    "nodes": ('ids: ["{account}"]',),
    "airports": ('search: "LHR"',),
    "node": ('id: "{account}"',),
    "serialRange": ('input: {{projectId: "{project}", serialRange: "VCS-YOUNG-1-2", serialForm: PLAIN}}',),
}
"""Arguments of the queries that need some, with names of objects for their ids."""

INPUTS: dict[str, dict[str, Any]] = {
    **{name: complete for name, (complete, _) in MUTATIONS.items()},
    "createOrderByMass": {"mass": {"amount": "1", "unit": "TONNE"}, "idempotencyKey": "permitted"},
    "createOrderByValue": {"value": {"amount": "10", "currency": "USD"}, "idempotencyKey": "permitted by value"},
    "createOrderByEstimate": {"estimateId": "$estimate", "idempotencyKey": "permitted by estimate"},
    "createOrderFromQuote": {"quoteId": "$quote", "idempotencyKey": "permitted from quote"},
    "cancelOrder": {"order": {"id": "$cancelled"}},
    "cancelOrders": {"orders": [{"id": "$cancelled"}]},
    "createClientAccount": {"name": "client", "currency": "USD", "handle": "known"},
    "updateClientAccount": {"id": "$client", "name": "client"},
    "setAccountPortfolio": {"portfolioId": "$mix"},
    "createAccount": {"reference": "known", "name": "Orrin Mills", "currency": "USD", "portfolioId": "$mix"},
    "updateAccount": {"accountId": "$other_client", "beneficiary": "Orrin"},
    "setContacts": {"contacts": [{"email": "ada@example.com", "name": "Ada", "kinds": ["INVOICE_DUE"]}]},
    "createAccessToken": {"scopes": ["ORDERS_READ"]},
    "createApiKey": {"idempotencyKey": "known", "name": "ERP", "scopes": ["ACCOUNT_MANAGE"]},
    "revokeApiKey": {"id": "$key"},
    "disableBundle": {"bundleId": "$cheap"},
    "setPrice": {**MUTATIONS["setPrice"][0], "bundleId": "$bulk"},
    "recordPayment": {**MUTATIONS["recordPayment"][0], "order": {"id": "$order"}},
    "deleteWebhookEndpoint": {"id": "$old_hook"},
    "settleInvoice": {"accountId": "$account", "invoiceId": "$invoice"},
}
"""Inputs of the mutations, accepted again and again: a repetition changes nothing or adds another object."""

WITHOUT_OBJECT = frozenset(
    {
        *("simulateOrder", "refundOrder", "failOrder", "retireOrder", "suspendAccount"),
        *("createWebhookEndpoint", "deleteWebhookEndpoint"),
    }
)
"""Mutations that refuse their input in this world by the state of the order, so that nothing is below them."""


@dataclass(frozen=True)
class Way:
    """Fields from the root to an object, each with its arguments, and everything that they ask for."""

    operation: str
    steps: tuple[str, ...]
    needs: frozenset[str]
    input_of: str | None = None

    def document(self, selection: str) -> str:
        """Return the document that selects this of the object; ids are still names in braces."""
        variable = ""
        if self.input_of is not None:
            assert SCHEMA.mutation_type is not None
            variable = f"($input: {SCHEMA.mutation_type.fields[self.input_of].args['input'].type})"
        opened = "".join(f"{step} {{{{ " for step in self.steps)
        return f"{self.operation}{variable} {{{{ {opened}{selection}{' }}' * len(self.steps)} }}}}"


def selected(kind: GraphQLObjectType, name: str, alias: str = TOLD) -> str:
    """Return the selection of one field, without what is below it."""
    below = "" if is_leaf_type(unwrapped(kind.fields[name].type)) else " {{ __typename }}"
    return f"{alias}: {name}{below}"


def roots(rows: Mapping[tuple[str, str], frozenset[str]], nodes: Mapping[str, frozenset[str]]) -> list[tuple[Way, Any]]:
    """Return the ways of one step, queries first, and the type that each leads to."""
    found: list[tuple[Way, Any]] = []
    for operation, kind in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert kind is not None
        for name, definition in kind.fields.items():
            to = unwrapped(definition.type)
            needs = rows[kind.name, name]
            if operation == "mutation":
                if name not in WITHOUT_OBJECT:
                    found.append((Way(operation, (f"{name}(input: $input)",), needs, name), to))
            elif name not in {"node", "nodes"}:
                for written in QUERIES.get(name, ("",)):
                    assert written or not any(map(is_required_argument, definition.args.values())), name
                    found.append((Way(operation, (f"{name}({written})" if written else name,), needs), to))
    for name in node_kinds():
        way = Way("query", (f'node(id: "{{{EXAMPLES[name]}}}")', f"... on {name}"), nodes[name])
        found.insert(len(SCHEMA.query_type.fields), (way, object_types()[name]))  # type: ignore[union-attr]
    return found


EXAMPLES = {
    "Account": "account",
    "ApiKey": "key",
    "Bundle": "forest",
    "Certificate": "certificate",
    "CreditBatch": "live_batch",
    "CreditNote": "credit_note",
    "Estimate": "used_estimate",
    "Invoice": "invoice",
    "InvoiceLine": "line",
    "Journal": "journal",
    "Mail": "mail",
    "Order": "complete",
    "Payment": "payment",
    "Portfolio": "own_portfolio",
    "Project": "project",
    "Quote": "used_quote",
    "WebhookDelivery": "delivery",
    "WebhookEndpoint": "hook",
}
"""An object of each kind that `node` shows; a new kind needs one here and in the world."""


class Ways:
    """The ways to every object type for keys that hold enough."""

    def __init__(self, rows: Mapping[tuple[str, str], frozenset[str]], nodes: Mapping[str, frozenset[str]]) -> None:
        self._rows = rows
        self._roots = roots(rows, nodes)
        self.to = cache(self._to)

    def _to(self, holds: frozenset[str]) -> dict[str, list[Way]]:
        """Return the shortest ways to each type, one for each first step."""
        found: dict[str, list[Way]] = {}
        for first, kind in self._roots:
            if first.needs <= holds:
                for name, way in self._below(first, kind, holds).items():
                    found.setdefault(name, []).append(way)
        return {name: sorted(ways, key=lambda way: len(way.steps)) for name, ways in found.items()}

    def _below(self, first: Way, kind: Any, holds: frozenset[str]) -> dict[str, Way]:
        found: dict[str, Way] = {}
        waiting = deque([(first, kind)])
        while waiting:
            way, kind = waiting.popleft()
            if not isinstance(kind, GraphQLObjectType) or kind.name in found or len(way.steps) > 6:
                continue
            found[kind.name] = way
            for name, definition in kind.fields.items():
                needs = way.needs | self._rows.get((kind.name, name), frozenset())
                if name != "edges" and needs <= holds:
                    step = Way(way.operation, (*way.steps, name), needs, way.input_of)
                    waiting.append((step, unwrapped(definition.type)))
        return found


def variables_of(way: Way, ids: Mapping[str, str]) -> Any:
    """Return the variables of a way that begins with a mutation."""
    return None if way.input_of is None else {"input": filled(INPUTS[way.input_of], ids)}


def reached(data: Any, steps: Sequence[str]) -> list[Any]:
    """Return the objects that the steps lead to in an answer."""
    found = [data]
    for step in steps:
        if step.startswith("..."):
            continue
        below = [each.get(step.partition("(")[0]) for each in found if each]
        found = [one for each in below for one in (each if isinstance(each, list) else [each])]
    return [each for each in found if each]
