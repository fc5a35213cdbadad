"""The words of the OpenAPI documents: nothing is left undescribed, and every example is sent and answered.

Seen to fail when: a member loses its text; an example is refused; a member of an answer is renamed; a schema of a
request names `null` as its default.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.api.rest.contract import Contract
from service.api.rest.contracts import CONTRACTS
from tests.api.rest.client import document_of
from tests.api.rest.reference_examples import answers_of

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])
LENGTH_MIN = 16


def operations_of(contract: Contract) -> Iterator[dict[str, Any]]:
    for item in document_of(contract.name)["paths"].values():
        yield from item.values()


@every_contract
def test_every_operation_parameter_and_member_is_described(contract: Contract):
    wordless = [each["operationId"] for each in operations_of(contract) if len(each["description"]) < LENGTH_MIN]
    wordless += [
        f"{each['operationId']}({parameter['name']})"
        for each in operations_of(contract)
        for parameter in each["parameters"]
        if len(parameter.get("description", "")) < LENGTH_MIN
    ]
    wordless += [
        f"{name}.{member}"
        for name, component in document_of(contract.name)["components"]["schemas"].items()
        for member, schema in component["properties"].items()
        if len(schema.get("description", "")) < LENGTH_MIN
    ]

    assert wordless == []


@every_contract
def test_no_text_describes_what_is_not_there(contract: Contract):
    schemas = document_of(contract.name)["components"]["schemas"]
    members = {schema["title"]: set(schema["properties"]) for schema in schemas.values()}
    texts = contract.texts
    left = [
        f"{name}.{member}"
        for name, described in texts.members.items()
        for member in described
        if member not in (set.union(*members.values()) if name == "*" else members.get(name, ()))
    ]
    left += sorted(texts.operations.keys() - {each["operationId"] for each in operations_of(contract)})
    parameters = {one["name"] for each in operations_of(contract) for one in each["parameters"]}
    left += sorted(texts.parameters.keys() - parameters)

    assert left == []


@every_contract
def test_every_operation_has_a_group_that_is_described(contract: Contract):
    tags = {tag["name"] for tag in document_of(contract.name)["tags"]}

    assert {tag for each in operations_of(contract) for tag in each["tags"]} == tags
    assert [each["operationId"] for each in operations_of(contract) if len(each["tags"]) != 1] == []


@every_contract
def test_no_schema_names_null_as_a_default(contract: Contract):
    assert not re.search(r'"default": (null|"")', json.dumps(document_of(contract.name)))


@every_contract
def test_every_status_but_success_shows_an_error_of_the_contract(contract: Contract):
    for operation in operations_of(contract):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                ((_, content),) = response["content"].items()
                assert "example" in content, (operation["operationId"], status)


@every_contract
async def test_every_example_is_answered_as_the_reference_shows(contract: Contract, tmp_path: Path):
    answers = await answers_of(contract, tmp_path / "orders.sqlite3")

    stored = contract.texts.answers
    assert answers.keys() == stored.keys()
    for name, answer in answers.items():
        assert places_in(answer) == places_in(stored[name]), f"{name}: python -m tests.api.rest.reference_examples"


def places_in(value: Any, place: str = "") -> set[str]:
    """The paths of all members; of a list those of its items."""
    if isinstance(value, dict):
        return {place} | {each for name, one in value.items() for each in places_in(one, f"{place}.{name}")}
    if isinstance(value, list):
        return {place} | {each for one in value for each in places_in(one, f"{place}[]")}
    return {place}
