"""Each contract's document: complete, closed in itself, and served as it is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from starlette.routing import Route
from typer.testing import CliRunner

from service.__main__ import app as command_line
from service.api.rest.bodies import TEXT_END, json_body
from service.api.rest.carbon_engine.models import QuoteByGroundTransport
from service.api.rest.contract import Answer, Contract, Endpoint, reason_phrase
from service.api.rest.contracts import CONTRACTS
from service.api.rest.endpoint_app import mounted
from service.api.rest.lune.accounts import NewClientAccount
from service.api.rest.lune.estimates import Consumption, ElectricityRequest
from service.api.rest.lune.models import Mass
from service.api.rest.openapi import openapi_document
from service.errors import Refused
from service.storage.database import Database
from tests.api.rest.client import ADDRESS, document_of, open_rest, template_of
from tests.shop import open_shop

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])


PUBLISHED = json.loads(Path(__file__).with_name("published_names.json").read_text())
"""Every name of the documents that a client can depend on. A name may be added here; none is changed or removed."""


def context_of(_request: Any) -> Any:
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
    mount = mounted(contract, context_of)
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
    assert set(references_in(document)) <= {
        f"#/components/{kind}/{name}" for kind, named in document["components"].items() for name in named
    }
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


def test_tokens_are_declared_where_a_contract_has_them() -> None:
    """Seen to fail when: the scheme is left out; the address has no prefix."""
    schemes = {each.name: document_of(each.name)["components"]["securitySchemes"] for each in CONTRACTS}
    token_url = f"{ADDRESS}/carbonext/auth/realms/co2free/protocol/openid-connect/token"

    assert {name: list(each) for name, each in schemes.items()} == {
        "lune": ["key"],
        "carbon-engine": ["key"],
        "carbonext": ["key", "token"],
    }
    assert document_of("carbonext")["security"] == [{"key": []}, {"token": []}]
    assert schemes["carbonext"]["token"]["type"] == "oauth2"
    assert schemes["carbonext"]["token"]["flows"] == {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}}


@every_contract
def test_names_that_clients_depend_on_stay(contract: Contract) -> None:
    document = document_of(contract.name)

    operations = {
        operation["operationId"]: [
            f"{method.upper()} {path}",
            *(f"{parameter['in']} {parameter['name']}" for parameter in operation["parameters"]),
        ]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    schemas = document["components"]["schemas"]
    components = {name: list(component["properties"]) for name, component in schemas.items()}
    assert {"operations": operations, "components": components} == PUBLISHED[contract.name]
    assert {name: component["title"] for name, component in schemas.items()} == {
        name: name.removesuffix("_").replace("_", "[") + "]" * name.endswith("_") for name in schemas
    }


def test_a_schema_is_named_by_its_contract_whatever_its_class_is_called() -> None:
    class Renamed(msgspec.Struct):
        """A problem."""

        code: str

    class Query(msgspec.Struct):
        page: int = 1

    async def handler(_call: object) -> Answer:
        raise AssertionError("nobody calls")

    endpoint = Endpoint(
        method="GET",
        path="/v1/orders",
        operation_id="list_orders",
        summary="List",
        handler=handler,
        responses={200: list[Renamed]},
        query=Query,
    )
    contract = Contract(
        name="sample",
        title="Sample",
        description="",
        version="1",
        endpoints=(endpoint,),
        components={Renamed: "Problem", Query: "ListQuery"},
        error_model=Renamed,
        refusal=lambda _refused, _request_id: (400, Renamed("no")),
    )

    document = openapi_document(contract, ADDRESS)

    assert document["components"]["schemas"] == {
        "Problem": {
            "title": "Problem",
            "description": "A problem.",
            "type": "object",
            "properties": {"code": {"type": "string"}},
            "required": ["code"],
        },
        "ListQuery": {
            "title": "ListQuery",
            "type": "object",
            "properties": {"page": {"type": "integer"}},
            "required": [],
        },
    }
    operation = document["paths"]["/v1/orders"]["get"]
    assert operation["operationId"] == "list_orders"
    assert {each for each in references_in(document) if "/schemas/" in each} == {"#/components/schemas/Problem"}
    assert operation["parameters"] == [
        {"name": "page", "in": "query", "required": False, "schema": {"type": "integer", "default": 1}}
    ]
    with pytest.raises(KeyError, match="Query"):
        openapi_document(replace(contract, components={Renamed: "Problem"}), ADDRESS)


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
    assert answer.json()["servers"] == [{"url": f"{ADDRESS}{contract.prefix}", "description": "This service"}]
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


def test_a_status_has_the_same_words_on_every_python() -> None:
    assert reason_phrase(413) == "Request Entity Too Large"
    assert reason_phrase(422) == "Unprocessable Entity"
    assert reason_phrase(409) == "Conflict"


def patterns_in(value: Any) -> Iterator[str]:
    """Every pattern of the schemas in a document, or of what msgspec knows of a model."""
    if isinstance(value, dict | msgspec.Struct):
        members = value if isinstance(value, dict) else msgspec.structs.asdict(value)
        if isinstance(members.get("pattern"), str):
            yield members["pattern"]
        for each in members.values():
            yield from patterns_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from patterns_in(each)


def test_patterns_end_where_the_text_ends_here_and_in_tools_that_read_the_document() -> None:
    models = [model for contract in CONTRACTS for model in contract.components]
    here = set(patterns_in(msgspec.inspect.multi_type_info(models)))
    published = {pattern for contract in CONTRACTS for pattern in patterns_in(document_of(contract.name))}

    assert len(here) == 7
    for pattern in here:
        # `$` of Python takes a line break behind the text, and `\Z` is none of ECMA 262.
        assert pattern.startswith("^")
        assert pattern.endswith(TEXT_END)
    assert published == {pattern.removesuffix(TEXT_END) + "$" for pattern in here}


@pytest.mark.parametrize(
    ("model", "member", "text"),
    [
        (Mass, "amount", "5"),
        (Consumption, "amount", "5.5"),
        (ElectricityRequest, "country_code", "GBR"),
        (NewClientAccount, "handle", "a-handle"),
        (QuoteByGroundTransport, "vehicle_type", "small_bus"),
    ],
)
@pytest.mark.parametrize("behind", ["\n", "\r", "\r\n", "\n\n", "\x0b", "\u2028"])
def test_no_pattern_matches_a_text_with_a_final_line_break(model: Any, member: str, text: str, behind: str) -> None:
    with pytest.raises(Refused) as caught:
        json_body(json.dumps({**COMPLETE.get(model, {}), member: text + behind}).encode(), model)

    assert caught.value.path == (member,)
    assert caught.value.message.startswith("Expected `str` matching regex '^")
    assert caught.value.message.endswith("$'")


COMPLETE: dict[Any, dict[str, Any]] = {
    Mass: {"unit": "kg"},
    Consumption: {"unit": "kWh"},
    ElectricityRequest: {"consumption": {"amount": "1", "unit": "kWh"}},
    NewClientAccount: {"name": "Client", "currency": "GBP"},
    QuoteByGroundTransport: {"distance_km": 1},
}
