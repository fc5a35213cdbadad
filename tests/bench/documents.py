"""What is asked: a page of orders, the same with lines and entries, one order with entries, and an order by mass."""

import json
from uuid import uuid4

_ORDER = "id number status paymentStatus kind customer createdAt mass { tonnes } totalCost { amount currency }"
_LINES = "lines { bundle { name } mass { tonnes } }"
_ENTRIES = "entries { mass { tonnes } batch { vintage project { name } } }"
_PAGE = "pageInfo { hasNextPage endCursor }"

Q1 = f"{{ orders(first: 20) {{ nodes {{ {_ORDER} }} {_PAGE} }} }}"
# The oldest: of a made-up history the newest orders wait for credits and have no entries.
Q2 = f"{{ orders(first: 20, orderBy: {{descending: false}}) {{ nodes {{ {_ORDER} {_LINES} {_ENTRIES} }} {_PAGE} }} }}"
Q3 = f"query ($id: ID!) {{ order(by: {{id: $id}}) {{ {_ORDER} {_ENTRIES} }} }}"
M1 = (
    "mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input)"
    " { order { id number status mass { grams } totalCost { amount } } userErrors { code } } }"
)
READS = {"Q1": Q1, "Q2": Q2, "Q3": Q3}


def reads(name: str, order_ids: list[str]) -> list[str]:
    """The bodies to send for a read; those of one order go through the ids."""
    if name != "Q3":
        return [json.dumps({"query": READS[name]})]
    return [json.dumps({"query": Q3, "variables": {"id": id_}}) for id_ in order_ids]


def writes(bundle_ids: list[str], count: int) -> list[str]:
    """Orders of 1 kg with a key each, for the bundles in turn."""
    bodies = []
    for number in range(count):
        selection = [{"bundleId": bundle_ids[number % len(bundle_ids)], "percentage": "100"}]
        wanted = {"mass": {"amount": "1", "unit": "KILOGRAM"}, "idempotencyKey": uuid4().hex, "selection": selection}
        bodies.append(json.dumps({"query": M1, "variables": {"input": wanted}}))
    return bodies
