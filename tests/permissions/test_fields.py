"""Permissions of the GraphQL API: every field of fields.toml, asked by every kind of key.

Seen to fail when: an operation or a resolver does not ask for its permission, or asks for another; a denied request is
answered in part or changes a row; a field that awaits an operation has no row. tests/mutation/permissions.py removes
each check in turn.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.domain.api_keys import Scope
from tests.permissions import tables
from tests.permissions.documents import EXAMPLES, QUERIES, TOLD, Way, Ways, reached, selected, variables_of
from tests.permissions.world import MONEY, Identity, Stage, own_keys

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = tables.fields()
NODES = {name: tables.needs_of(text) for name, text in tables.table("objects")["nodes"].items()}
WAYS = Ways(ROWS, NODES)
CHANGES_NOTHING = {"createAccessToken"}
"""Mutations that a suspended account may send, because they only read."""
ROOTS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}


async def test_every_field_that_asks_for_a_permission_has_a_row():
    assert ROWS.keys() - tables.fields_that_ask() == set()
    assert tables.fields_that_ask() - ROWS.keys() == set(), "say in fields.toml what the field needs"


async def test_every_kind_of_node_has_a_row():
    assert sorted(NODES) == sorted(EXAMPLES) == tables.node_kinds()


def _root_requests() -> Iterator[tuple[tuple[str, str], frozenset[str], Way]]:
    """Yield each query and mutation, and `node` and `nodes` for each kind, as the field of a way without steps."""
    for (type_name, name), needs in ROWS.items():
        if type_name in ROOTS and type_name != "Subscription":
            arguments = "input: $input" if type_name == "Mutation" else QUERIES.get(name, ("",))[0]
            asked = f"{name}({arguments})" if arguments else name
            yield (type_name, name), needs, Way(ROOTS[type_name], (asked,), needs, name if "$" in arguments else None)
    for kind, needs in NODES.items():
        named = f'"{{{EXAMPLES[kind]}}}"'
        yield (f"node of {kind}", "node"), needs, Way("query", (f"node(id: {named})",), needs)
        yield (f"node of {kind}", "nodes"), needs, Way("query", (f"nodes(ids: [{named}])",), needs)


REQUESTS = list(_root_requests())


async def _ask_root(stage: Stage, identity: Identity, name: str, way: Way) -> httpx.Response:
    """Ask for the query or mutation itself, under the alias."""
    (asked,) = way.steps
    root = tables.SCHEMA.query_type if way.operation == "query" else tables.SCHEMA.mutation_type
    assert root is not None
    return await _ask(stage, identity, replace(way, steps=()), selected(root, name).replace(name, asked, 1))


async def _ask(stage: Stage, identity: Identity, way: Way, selection: str) -> httpx.Response:
    ids = stage.global_ids(identity.owner)
    document = way.document(selection).format_map(ids)
    return await stage.graphql(document, identity.graphql_headers, variables_of(way, ids))


def _faults_of_denial(answer: httpx.Response, missing: frozenset[str]) -> str:
    """Return what is wrong with the refusal of a request that lacks these permissions; nothing if all is right."""
    body = answer.json()
    scopes = tables.scopes_in(missing)
    errors = body.get("errors") or [{}]
    for error in errors:
        told = error.get("extensions", {})
        if told.get("code") != "FORBIDDEN" or error["path"][-1] != TOLD:
            return f"not denied: {answer.text}"
        named = told.get("scope")
        if (named not in scopes) if scopes else (named is not None):
            return f"names the scope {named}, not one of {sorted(scopes)}"
        if named is not None and named not in error["message"]:
            return f"does not say which scope is missing: {error['message']}"
    return f"shows something: {answer.text}" if _told_in(body.get("data")) else ""


def _told_in(data: Any) -> bool:
    """Return True if the aliased field has a value anywhere."""
    if isinstance(data, list):
        return any(map(_told_in, data))
    return isinstance(data, dict) and (data.get(TOLD) is not None or any(map(_told_in, data.values())))


async def test_no_field_answers_without_a_valid_key(stage: Stage):
    faults = []
    for nobody in stage.nobodies:
        before = stage.watch.version()
        for (_, name), _, way in REQUESTS:
            answer = await _ask_root(stage, nobody, name, way)
            body = answer.json()
            codes = {error["extensions"]["code"] for error in body["errors"]}
            if (answer.status_code, codes, _told_in(body.get("data"))) != (401, {"UNAUTHENTICATED"}, False):
                faults.append(f"{name}, {nobody.name}: {answer.text}")
        if stage.watch.version() != before:
            faults.append(f"{nobody.name}: something changed")
    assert not faults, "\n".join(faults)


async def test_queries_and_mutations_answer_to_their_scopes_and_to_no_others(stage: Stage):
    faults = []
    for identity in [*own_keys(stage), stage.identities["client"], stage.identities["parent-for-client"]]:
        for (place, name), needs, way in REQUESTS:
            before = stage.watch.version()
            if not needs <= identity.holds:
                answer = await _ask_root(stage, identity, name, way)
                fault = _faults_of_denial(answer, needs - identity.holds)
                if fault or stage.watch.version() != before:
                    faults.append(f"{place}.{name}, {identity.name}: {fault or 'something changed'}")
            elif way.operation == "query" or not identity.holds & set(Scope) - tables.scopes_in(needs):
                answer = await _ask_root(stage, identity, name, way)
                body = answer.json()
                absent = (
                    identity.owner == "client" and way.operation == "query"
                )  # its parent's objects, looked for by id
                if "errors" in body or not (absent or _told_in(body["data"])):
                    faults.append(f"{place}.{name}, {identity.name}, is permitted: {answer.text}")
    assert not faults, "\n".join(faults)


async def test_subscriptions_do_not_begin_without_their_scopes(stage: Stage):
    faults = []
    rows = [(name, needs) for (type_name, name), needs in ROWS.items() if type_name == "Subscription"]
    for identity in [*stage.nobodies, *own_keys(stage)]:
        for name, needs in rows:
            if needs <= identity.holds:
                continue  # it would not end
            headers = identity.graphql_headers | {"accept": "text/event-stream"}
            assert tables.SCHEMA.subscription_type is not None
            asked = selected(tables.SCHEMA.subscription_type, name).format()
            answer = await stage.graphql(f"subscription {{ {asked} }}", headers)
            code = "FORBIDDEN" if identity in own_keys(stage) else "UNAUTHENTICATED"
            if f'"code":"{code}"' not in answer.text or "__typename" in answer.text:
                faults.append(f"{name}, {identity.name}: {answer.text}")
    assert not faults, "\n".join(faults)


async def test_fields_answer_to_their_scopes_and_to_no_others(stage: Stage):
    faults, denials = [], Counter[tuple[str, str, str]]()
    for identity in own_keys(stage):
        ways = WAYS.to(identity.holds)
        for (type_name, name), needs in ROWS.items():
            if type_name in ROOTS or type_name not in ways:
                continue
            kind, missing = tables.object_types()[type_name], needs - identity.holds
            for way in _ways_of(ways[type_name], name, denied=bool(missing)):
                answer = await _ask(stage, identity, way, "__typename " + selected(kind, name))
                if missing:
                    fault = _faults_of_denial(answer, missing)
                    denials.update((type_name, name, each) for each in missing)
                else:
                    body = answer.json()
                    fault = answer.text if "errors" in body or not reached(body["data"], way.steps) else ""
                if fault:
                    faults.append(f"{type_name}.{name}, {identity.name}, {' '.join(way.steps)}: {fault}")
    needed = {(*place, each) for place, needs in ROWS.items() if place[0] not in ROOTS for each in needs - {MONEY}}
    assert not faults, "\n".join(faults)
    assert needed - denials.keys() == set(), "the fields above need it already: the row says open"


def _ways_of(ways: list[Way], name: str, *, denied: bool) -> list[Way]:
    """Return one way by queries if there is any, else one by a mutation; of groups of orders that of the grouping."""
    grouped = [way for way in ways if f"groupBy: {name.upper()}" in way.steps[0]]
    shown = [way for way in grouped or ways if way.input_of is None and "rders" not in way.steps[0]]
    return (shown or ways)[:1]


async def test_a_client_account_is_shown_no_money_by_its_own_key(stage: Stage):
    faults = []
    for name in ("client", "parent-for-client"):
        identity = stage.identities[name]
        for (type_name, field), needs in ROWS.items():
            if type_name == "Account":
                way = Way("query", ("account",), frozenset())
                selection = selected(tables.object_types()["Account"], field)
                answer = await _ask(stage, identity, way, "__typename " + selection)
                missing = needs - identity.holds
                permitted = answer.text if "errors" in answer.json() else ""
                if fault := _faults_of_denial(answer, missing) if missing else permitted:
                    faults.append(f"Account.{field}, {name}: {fault}")
    assert not faults, "\n".join(faults)


async def test_a_suspended_account_reads_and_changes_nothing(stage: Stage):
    faults = []
    for name in ("suspended", "client-of-suspended"):
        identity, before = stage.identities[name], stage.watch.version()
        for (place, field), needs, way in REQUESTS:
            if needs & {"operator"} or field in CHANGES_NOTHING or not needs <= identity.holds | {"parent"}:
                continue
            if way.input_of is None:
                body = (await _ask_root(stage, identity, field, way)).json()
                fault = str(body["errors"]) if "errors" in body else ""
            else:
                answer = await _ask(stage, identity, replace(way, operation="mutation"), "userErrors {{ code }}")
                errors = answer.json()["data"][field]["userErrors"]
                fault = "" if [each["code"] for each in errors] == ["ACCOUNT_SUSPENDED"] else answer.text
            if fault or stage.watch.version() != before:
                faults.append(f"{place}.{field}, {name}: {fault or 'something changed'}")
    assert not faults, "\n".join(faults)
