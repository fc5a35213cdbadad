"""Refusals of every operation through every API: the code, and a path that the API's own request model has.

The cases stand in tables, one for each API, and are driven against one shop. After each the tables of the database are
as before it, and no message names a member in the spelling of another API. `refusal_sites.txt` lists every place in the
sources that raises a refusal, with the APIs whose cases lead to it or the reason why no request can.
"""

import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from service.api.graphql.schema import schema
from service.domain.api_keys import Scope
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.api.refusals import graphql_cases, rest_cases, sites
from tests.api.refusals.world import World, as_global, filled, open_world
from tests.api.rest.client import Rest, contract_named, document_of, open_rest, template_of

APIS = ("graphql", "lune", "carbon-engine", "carbonext")
MEMBER = re.compile(r"\b(?:[a-z]+[A-Z]\w*|[a-zA-Z]+(?:_[a-z]+)+)\b")
"""A word that only a program writes: in camel case or with an underscore."""
VALUES = frozenset({"gold_standard", "passenger_car_van_or_suv", "small_bus", "school_bus", "coach_bus"})
"""Values that messages name, written as such words too."""
KEBAB = re.compile(r"\b[A-Za-z]+(?:-[A-Za-z]+)+\b")


class Tables:
    """Every row of every table of an SQLite file."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite://"))

    def rows(self) -> dict[str, list[Any]]:
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: self._connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}

    def close(self) -> None:
        self._connection.close()


@cache
def members_of(api: str) -> frozenset[str]:
    """Return the names of all members, arguments and parameters of the API's requests."""
    if api == "graphql":
        inputs = [each for each in schema._schema.type_map.values() if isinstance(each, GraphQLInputObjectType)]
        roots = [schema._schema.query_type, schema._schema.mutation_type]
        arguments = (name for root in roots if root for field in root.fields.values() for name in field.args)
        return frozenset([*(name for each in inputs for name in each.fields), *arguments])
    document = document_of(api)
    names = {name for each in document["components"]["schemas"].values() for name in each.get("properties", ())}
    for operations in document["paths"].values():
        names |= {parameter["name"] for operation in operations.values() for parameter in operation["parameters"]}
    return frozenset(names)


def foreign_members(api: str, message: str) -> set[str]:
    """Return the members that the message names and the API does not have."""
    named = set(MEMBER.findall(message))
    others = frozenset().union(*(members_of(each) for each in APIS))
    named |= {name for name in KEBAB.findall(message) if name in others}
    return named - members_of(api) - VALUES


def assert_graphql_path(kind: Any, path: Iterable[Any]) -> None:
    """Fail for a path that the input type does not have."""
    for step in path:
        while isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            assert str(step).isdigit(), step
            kind = kind.of_type
        else:
            assert isinstance(kind, GraphQLInputObjectType), f"{step} is below a scalar"
            kind = kind.fields[step].type


def assert_rest_path(rest: Rest, method: str, path: str, steps: list[str]) -> None:
    """Fail for a path that the OpenAPI document of the endpoint does not have."""
    document = document_of(rest.contract.name)
    operation = document["paths"][template_of(rest.contract, path)][method.lower()]
    if len(steps) == 1 and steps[0] in {parameter["name"] for parameter in operation["parameters"]}:
        return
    content: dict[str, Any] = operation["requestBody"]["content"]
    (media_type,) = content.values()
    kinds = [media_type["schema"]]
    for step in steps:
        found = []
        for kind in _plain(kinds, document):
            found += [kind["properties"][step]] if step in kind.get("properties", ()) else []
            found += [kind["items"]] if step.isdigit() and "items" in kind else []
            found += [kind["additionalProperties"]] if isinstance(kind.get("additionalProperties"), dict) else []
        assert found, f"{step} of {steps} is no member"
        kinds = found


def _plain(kinds: list[Any], document: dict[str, Any]) -> list[Any]:
    plain = []
    for each in kinds:
        named = document["components"]["schemas"].get(each.get("$ref", "").rpartition("/")[2])
        kind = each if named is None else named
        plain += _plain(kind["anyOf"], document) if "anyOf" in kind else [kind]
    return plain


def assert_sites(api: str, seen: set[tuple[str, str]]) -> None:
    """Fail unless the cases of the API led to the places that the list says, and to no others."""
    listed = sites.led_to_by(api)
    assert sorted(seen - listed) == [], "not listed"
    assert sorted(listed - seen) == [], "no case leads there any more"


def test_every_place_that_raises_a_refusal_is_listed():
    places = {(file, place): times for file, found in sites.PLACES.items() for place, times in found.items()}
    assert {site: times for site, (times, _) in sites.listed().items()} == places


@pytest.fixture
def tables(sqlite_url: str) -> Iterator[Tables]:
    tables = Tables(sqlite_url)
    yield tables
    tables.close()


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    database = await Database.open(sqlite_url)
    yield await open_world(database)
    await database.close()


async def graphql_faults(api: GraphQLApi, tables: Tables, name: str, given: Any, **wanted: Any) -> list[str]:
    """Return what is wrong with the refusal of a mutation, or of a query that has an input."""
    is_query = name in {each for each, _, _ in graphql_cases.INPUTS_OF_QUERIES}
    root = schema._schema.query_type if is_query else schema._schema.mutation_type
    kind = root.fields[name].args["input"].type  # type: ignore[union-attr]
    verb = "query" if is_query else "mutation"
    document = f"{verb}($input: {kind}) {{ did: {name}(input: $input) {{ userErrors {{ code message path }} }} }}"
    before = tables.rows()
    body = (await api.ask(document, {"input": given}, key=wanted.get("key"))).json()
    told = f"{name} {given}"[:300]
    if tables.rows() != before:
        return [f"{told}: something changed"]
    if "errors" in body or not body["data"]["did"]["userErrors"]:
        return [f"{told}: {body}"]
    errors = body["data"]["did"]["userErrors"]
    path = ["input", *wanted["path"].split(".")] if wanted["path"] else []
    faults = []
    if (errors[0]["code"], errors[0]["path"]) != (wanted["code"], path):
        faults.append(f"{told}: {errors[0]}, not {wanted['code']} {path}")
    for error in errors:
        if error["path"]:
            assert_graphql_path(kind, error["path"][1:])
        if strange := foreign_members("graphql", error["message"]):
            faults.append(f"{told}: names {strange} in {error['message']!r}")
    return faults


async def test_graphql_refuses_with_members_of_its_own_inputs(
    world: World, tables: Tables, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    assert graphql_cases.MUTATIONS.keys() == schema._schema.mutation_type.fields.keys()  # type: ignore[union-attr]
    ids, faults = world.ids(as_global), []
    async with open_graphql_api(world.shop, sqlite_url) as api:
        tester = await api.new_key(account=world.test_account)
        reading = await api.new_key(Scope.ORDERS_READ)
        with sites.watched(monkeypatch) as seen:
            for name, (complete, cases) in graphql_cases.MUTATIONS.items():
                for code, path, change in cases:
                    given = filled(complete | change, ids)
                    faults += await graphql_faults(api, tables, name, given, code=code, path=path)
            for name, complete, cases in graphql_cases.INPUTS_OF_QUERIES:
                for code, path, change in cases:
                    given = filled(complete | change, ids)
                    faults += await graphql_faults(api, tables, name, given, code=code, path=path)
            for code, path, change in graphql_cases.SIMULATIONS:
                given = filled({"order": {"id": "$test_cancelled"}, "outcome": "PAY"} | change, ids)
                faults += await graphql_faults(api, tables, "simulateOrder", given, code=code, path=path, key=tester)
            faults += await _unauthorized(api, tables, ids, reading)
            faults += await _queries(api)
            for statement, name, code, path, change in graphql_cases.AFTERWARDS:
                await world.shop.execute(statement)
                given = filled(graphql_cases.MUTATIONS[name][0] | change, ids)
                faults += await graphql_faults(api, tables, name, given, code=code, path=path)
            await world.shop.execute("UPDATE accounts SET suspended_at = created_at")
            faults += await _suspended(api, tables, ids)
    assert not faults, "\n".join(faults)
    assert_sites("graphql", seen)


async def _unauthorized(api: GraphQLApi, tables: Tables, ids: dict[str, str], reading: str) -> list[str]:
    """Return the mutations that do not refuse a request without a key or scope, or do so with a path."""
    faults = []
    for name, (complete, _) in graphql_cases.MUTATIONS.items():
        kind = schema._schema.mutation_type.fields[name].args["input"].type  # type: ignore[union-attr]
        given = filled({**complete, **graphql_cases.COMPLETED.get(name, {})}, ids)
        document = f"mutation($input: {kind}) {{ did: {name}(input: $input) {{ userErrors {{ code }} }} }}"
        for key, code in (("", "UNAUTHENTICATED"), (reading, "FORBIDDEN")):
            if key and name in graphql_cases.WITHOUT_SCOPE:
                continue
            before = tables.rows()
            error = ((await api.ask(document, {"input": given}, key=key)).json().get("errors") or [{}])[0]
            told = error.get("extensions", {})
            if told.get("code") != code or "inputPath" in told or tables.rows() != before:
                faults.append(f"{name} {code}: {error}")
            if strange := foreign_members("graphql", error.get("message", "")):
                faults.append(f"{name}: names {strange}")
    return faults


async def _suspended(api: GraphQLApi, tables: Tables, ids: dict[str, str]) -> list[str]:
    """Return the mutations that do not refuse a suspended account, or do so with a path."""
    faults = []
    for name, (complete, _) in graphql_cases.MUTATIONS.items():
        if name in graphql_cases.OPERATORS:
            continue
        given = filled({**complete, **graphql_cases.COMPLETED.get(name, {})}, ids)
        faults += await graphql_faults(api, tables, name, given, code="ACCOUNT_SUSPENDED", path="")
    return faults


_NAMED_IN_PATHS = {"client": "client", "webhooks": "lune_hook"}
"""Object that an id in an address names, by a part of the address."""


async def _queries(api: GraphQLApi) -> list[str]:
    faults = []
    for document, code, path in graphql_cases.QUERIES:
        (error, *_) = (await api.ask(document)).json().get("errors") or [{"message": ""}]
        told = error.get("extensions", {})
        steps = told.get("inputPath", [])
        if (told.get("code"), ".".join(map(str, steps))) != (code, path):
            faults.append(f"{document[:100]}: {error}")
            continue
        if steps:
            field, above = None, schema._schema.query_type
            for name in document.split("(")[0].strip("{ ").split("{"):
                field = above.fields[name.strip()]  # type: ignore[union-attr]
                above = get_named_type(field.type)  # type: ignore[assignment]
            assert field is not None
            assert_graphql_path(field.args[steps[0]].type, steps[1:])
        if strange := foreign_members("graphql", error["message"]):
            faults.append(f"{document[:100]}: names {strange}")
    return faults


def shown_in(contract: str, body: Any) -> tuple[str, str]:
    """Return the message and the path in an error body of the contract; Lune and Carbonext write the path before it."""
    if contract == "carbon-engine":
        field = next(iter(body.get("errors", {"": ""})))
        return body["detail"], "" if field == "request" else field
    message = body["error"]["message"] if contract == "lune" else body["detail"]
    found = re.match(r"([\w.-]+): (.*)", message, re.DOTALL)
    return (found[2], found[1]) if found else (message, "")


def code_in(contract: str, body: Any) -> str:
    return str(body["error"]["error_code"] if contract == "lune" else body["type"].partition("#")[2])


async def rest_faults(rest: Rest, tables: Tables, method: str, path: str, **wanted: Any) -> list[str]:
    """Return what is wrong with the refusal of an endpoint."""
    before, name = tables.rows(), rest.contract.name
    options = {each: wanted[each] for each in ("params", "headers", "key", "data") if wanted.get(each) is not None}
    answer = await rest.ask(method, path, wanted.get("body"), **options)
    told = f"{method} {path} {wanted.get('body')}"[:300]
    if tables.rows() != before:
        return [f"{told}: something changed"]
    if answer.status_code < 400:
        return [f"{told}: {answer.text}"[:500]]
    message, found = shown_in(name, answer.json())
    if (code_in(name, answer.json()), found) != (wanted["code"], wanted["at"]):
        return [f"{told}: {answer.text}, not {wanted['code']} {wanted['at']!r}"]
    if found:
        address = path if path.startswith(("/auth/", "/connect/")) else f"/v1{path}"
        assert_rest_path(rest, method, address, found.split("."))
    strange = foreign_members(name, message)
    return [f"{told}: names {strange} in {message!r}"] if strange else []


@pytest.mark.parametrize("contract", ["lune", "carbon-engine", "carbonext"])
async def test_a_contract_refuses_with_members_of_its_own_requests(
    world: World, tables: Tables, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, contract: str
):
    endpoints = {f"{each.method} {each.path.removeprefix('/v1')}" for each in contract_named(contract).endpoints}
    tabled = rest_cases.CONTRACTS[contract].keys() | rest_cases.ELSEWHERE
    assert {place.replace(":path}", "}") for place in endpoints} - tabled == set()
    ids = world.ids(lambda _, each: str(each) if contract == "carbonext" else each.hex)
    faults = []
    async with open_rest(contract, world.shop, sqlite_url) as rest:
        with sites.watched(monkeypatch) as seen:
            for place, (complete, cases) in rest_cases.CONTRACTS[contract].items():
                method, template = place.split()
                for code, at, change, *more in cases:
                    path = re.sub(r"\$(\w+)", lambda found: ids[found[1]], (more or [template])[0])
                    given = change if not isinstance(change, dict) else complete | change
                    sent = {"params": given} if method == "GET" else {"body": filled(given, ids)}
                    if isinstance(given, dict) and "Idempotency-Key" in given:
                        sent = {"body": complete, "headers": {"Idempotency-Key": given["Idempotency-Key"]}}
                    faults += await rest_faults(rest, tables, method, path, code=code, at=at, **sent)
            faults += await _unauthorized_rest(rest, tables)
            await world.shop.execute("UPDATE accounts SET suspended_at = created_at")
            faults += await _suspended_rest(rest, tables, ids)
    assert not faults, "\n".join(faults)
    assert_sites(contract, seen)


async def _unauthorized_rest(rest: Rest, tables: Tables) -> list[str]:
    """Return the endpoints that do not refuse a request without a key, or do so with a path."""
    contract, faults = rest.contract.name, []
    for place, (complete, _) in rest_cases.CONTRACTS[contract].items():
        if place in rest_cases.PUBLIC:
            continue
        method, path = place.split()
        options = {} if method == "GET" else {"body": complete}
        wanted = {"code": rest_cases.NOBODY[contract], "at": ""}
        faults += await rest_faults(rest, tables, method, path, key="", **wanted, **options)
    return faults


async def _suspended_rest(rest: Rest, tables: Tables, ids: dict[str, str]) -> list[str]:
    """Return the writing endpoints that do not refuse a suspended account, or do so with a path."""
    contract, faults = rest.contract.name, []
    for place, (complete, _) in rest_cases.CONTRACTS[contract].items():
        method, path = place.split()
        if method == "GET" or path.split("/")[1] == "quotes" or path.endswith("/quote"):
            continue
        named = next((name for part, name in _NAMED_IN_PATHS.items() if part in path), "in_riyals")
        path = path.replace("{id}", ids[named])
        options = {"body": filled(rest_cases.COMPLETED.get(place, complete), ids)}
        wanted = {"code": rest_cases.SUSPENDED[contract], "at": ""}
        faults += await rest_faults(rest, tables, method, path, **wanted, **options)
    return faults
