"""A frontend as its GraphQL documents: it knows its API key, what its user types, and ids that answers have shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    parse,
    type_from_ast,
    validate,
)

from tests.api.graphql_api import GraphQLApi

HERE = Path(__file__).parent
SCHEMA: GraphQLSchema = build_schema((HERE.parent.parent / "schema.graphql").read_text(encoding="utf-8"))


def document_of(name: str) -> tuple[str, DocumentNode]:
    """Return the text of a frontend's document, and what it says."""
    text = (HERE / f"{name}.graphql").read_text(encoding="utf-8")
    return text, parse(text)


def operations_of(document: DocumentNode) -> dict[str, OperationDefinitionNode]:
    """Return the operations by name."""
    operations = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return {each.name.value: each for each in operations if each.name is not None}


def faults_of(document: DocumentNode) -> list[str]:
    """Return what the published schema does not allow."""
    return [error.message for error in validate(SCHEMA, document)]


class Frontend:
    """Sends the operations of a document. `sent` are the names of those that were sent."""

    def __init__(self, api: GraphQLApi, key: str, name: str) -> None:
        self.text, document = document_of(name)
        self.operations = operations_of(document)
        self.sent: set[str] = set()
        self._api, self._key = api, key
        self._seen: set[str] = set()

    async def send(self, name: str, /, *, acting_for: str | None = None, **variables: Any) -> Any:
        """Return the data of an operation that refuses nothing. Ids among the variables come from earlier answers, and
        so does the id of the account that an operator acts for.
        """
        for definition in self.operations[name].variable_definitions or ():
            kind = get_named_type(type_from_ast(SCHEMA, definition.type))
            for each in ids_in(kind, variables.get(definition.variable.name.value)):
                assert each in self._seen, f"{name} needs an id that no answer has shown: {each}"
        sent = {"query": self.text, "variables": variables, "operationName": name}
        headers = {"authorization": f"Bearer {self._key}"}
        if acting_for is not None:
            assert acting_for in self._seen, f"{name} acts for an account that no answer has shown: {acting_for}"
            headers["account-id"] = acting_for
        answer = await self._api.client.post("/graphql", json=sent, headers=headers)
        body = answer.json()
        assert (answer.status_code, body.get("errors")) == (200, None), f"{name}: {body}"
        for each in body["data"].values():
            assert not (isinstance(each, dict) and each.get("userErrors")), f"{name}: {each}"
        self._seen.update(ids_shown(body["data"]))
        self.sent.add(name)
        return body["data"]


def ids_in(kind: GraphQLNamedType | None, value: Any) -> Iterator[str]:
    """Yield the ids in the value of an input type."""
    if isinstance(value, list):
        for each in value:
            yield from ids_in(kind, each)
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, each in value.items():
            yield from ids_in(get_named_type(kind.fields[name].type), each)
    elif kind is not None and kind.name == "ID" and value is not None:
        yield value


def ids_shown(data: Any) -> Iterator[str]:
    """Yield the ids that an answer shows."""
    if isinstance(data, list):
        for each in data:
            yield from ids_shown(each)
    elif isinstance(data, dict):
        if isinstance(data.get("id"), str):
            yield data["id"]
        for each in data.values():
            yield from ids_shown(each)
