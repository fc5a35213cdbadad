"""Each contract's document: complete, closed in itself, and served as it is."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route
from typer.testing import CliRunner

from service.__main__ import app as command_line
from service.api.rest.contract import Contract
from service.api.rest.contracts import CONTRACTS
from service.api.rest.door import mounted
from service.storage.database import Database
from tests.api.rest.client import ADDRESS, document_of, open_rest, template_of
from tests.shop import open_shop

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])


def surroundings_of(_request: Any) -> Any:
    raise AssertionError("routes are made without being asked")


def schemas_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "schema" in value:
            yield value["schema"]
        for each in value.values():
            yield from schemas_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from schemas_in(each)


def references_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from references_in(each)


@every_contract
def test_every_route_is_in_the_document_and_nothing_else_is(contract: Contract) -> None:
    mount = mounted(contract, surroundings_of)
    served = {route.path for route in mount.routes if isinstance(route, Route)} - {"/openapi.json", "/{unknown:path}"}

    document = document_of(contract.name)

    assert set(document["paths"]) == {template_of(contract, path) for path in served}
    operations = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert operations == {(each.method, template_of(contract, each.path)) for each in contract.endpoints}


@every_contract
def test_schemas_are_valid_and_references_lead_somewhere(contract: Contract) -> None:
    document = document_of(contract.name)

    for schema in [*schemas_in(document["paths"]), *document["components"]["schemas"].values()]:
        jsonschema.Draft202012Validator.check_schema(schema)
    wanted = {reference.removeprefix("#/components/schemas/") for reference in references_in(document)}
    assert wanted <= set(document["components"]["schemas"])
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


@every_contract
def test_addresses_declare_each_parameter_once(contract: Contract) -> None:
    for path, item in document_of(contract.name)["paths"].items():
        for operation in item.values():
            told = [(each["in"], each["name"]) for each in operation["parameters"]]
            assert len(set(told)) == len(told)
            assert {name for place, name in told if place == "path"} == {
                part.strip("{}") for part in path.split("/") if part.startswith("{")
            }


@every_contract
async def test_the_document_is_served_to_anybody(contract: Contract, database: Database, database_url: str) -> None:
    async with open_rest(contract.name, await open_shop(database), database_url) as rest:
        answer = await rest.http.get(f"{contract.prefix}/openapi.json")

    assert answer.json() == json.loads(json.dumps(document_of(contract.name)))
    assert answer.json()["servers"] == [{"url": f"{ADDRESS}{contract.prefix}"}]
    assert answer.headers["content-type"] == "application/json"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.mark.usefixtures("log_forgotten")
@every_contract
def test_the_command_line_prints_the_document(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PUBLIC_URL", ADDRESS)

    printed = CliRunner().invoke(command_line, ["openapi", contract.name])

    assert json.loads(printed.stdout) == json.loads(json.dumps(document_of(contract.name)))
    assert printed.exit_code == 0


def test_the_command_line_knows_which_contracts_there_are() -> None:
    answer = CliRunner().invoke(command_line, ["openapi", "moon"])

    assert answer.exit_code == 2
    assert "lune" in answer.stderr
