"""OpenAPI 3.1 document of a contract, built from the declarations that serve its requests. Knows no order."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from service.api.rest.bodies import TEXT_END
from service.api.rest.contract import Contract, Endpoint, File, reason_phrase

_REFERENCE = "#/components/schemas/"
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_ALWAYS = frozenset({400, 405, 500, 503})
_WITH_KEY = frozenset({401, 403, 429})
_WITH_BODY = frozenset({408, 413})


def openapi_document(contract: Contract, public_address: str) -> dict[str, Any]:
    """Return the document; `public_address` is the start of the service's absolute links."""
    models = _Models(contract)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in contract.endpoints:
        path = _PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(contract, endpoint, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": contract.title, "description": contract.description, "version": contract.version},
        "servers": [{"url": public_address + contract.prefix}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of the service, as bearer token.",
                }
            },
            "schemas": models.components,
        },
    }


def refused_statuses(contract: Contract, endpoint: Endpoint) -> frozenset[int]:
    """Return every status with which the endpoint may refuse a request."""
    statuses = _ALWAYS | endpoint.refusals
    if not endpoint.public:
        statuses |= _WITH_KEY
    if endpoint.body is not None:
        statuses |= _WITH_BODY
        if contract.labelled_json or endpoint.body_is_form:
            statuses |= {415}
    return statuses


class _Models:
    """The JSON schemas of all models of a contract, and a reference to each."""

    def __init__(self, contract: Contract) -> None:
        wanted: list[Any] = [contract.error_model]
        for endpoint in contract.endpoints:
            wanted += [endpoint.body, endpoint.query, *endpoint.responses.values()]
        self._types = [each for each in wanted if each is not None and not isinstance(each, File)]
        schemas, components = msgspec.json.schema_components(self._types, ref_template=_REFERENCE + "{name}")
        schemas, components = _with_patterns(schemas), _with_patterns(components)
        if contract.decimals_are_numbers:
            schemas, components = _with_numbers(schemas), _with_numbers(components)
        titles = _titles(contract)
        self._schemas: tuple[dict[str, Any], ...] = _with_names(schemas, titles)
        self.components: dict[str, Any] = {
            _component_name(titles[name]): {**_with_names(component, titles), "title": titles[name]}
            for name, component in components.items()
        }

    def schema(self, model: Any) -> Mapping[str, Any]:
        return self._schemas[self._types.index(model)]

    def component(self, model: Any) -> Mapping[str, Any]:
        """Return the model's own schema, where `schema` returns the reference to it."""
        component: Mapping[str, Any] = self.components[self.schema(model)["$ref"].removeprefix(_REFERENCE)]
        return component


def _titles(contract: Contract) -> dict[str, str]:
    """Return the published title of each model under the name that msgspec gives it, which is its class's."""
    named, _ = msgspec.json.schema_components(tuple(contract.components), ref_template="{name}")
    return {schema["$ref"]: title for schema, title in zip(named, contract.components.values(), strict=True)}


def _component_name(title: str) -> str:
    """Return the title in the characters that a component's name may have: `Page_OrderView_` for `Page[OrderView]`."""
    return re.sub(r"[^a-zA-Z0-9._-]", "_", title)


def _with_names(schema: Any, titles: Mapping[str, str]) -> Any:
    """Return the schema with its references replaced by the published names."""
    if isinstance(schema, dict):
        return {name: _with_names(value, titles) for name, value in schema.items()}
    if isinstance(schema, list | tuple):
        return type(schema)(_with_names(each, titles) for each in schema)
    if isinstance(schema, str) and schema.startswith(_REFERENCE):
        name = schema.removeprefix(_REFERENCE)
        return _REFERENCE + _component_name(titles.get(name, name))
    return schema


def _with_patterns(schema: Any) -> Any:
    """Return the schema with its patterns in ECMA 262, whose `$` is nothing but the end of the text."""
    if isinstance(schema, dict):
        return {
            name: value.replace(TEXT_END, "$")
            if name == "pattern" and isinstance(value, str)
            else _with_patterns(value)
            for name, value in schema.items()
        }
    if isinstance(schema, list | tuple):
        return type(schema)(map(_with_patterns, schema))
    return schema


def _with_numbers(schema: Any) -> Any:
    """Return the schema of a contract that writes decimals as JSON numbers; msgspec would describe them as strings."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            told = {name: value for name, value in schema.items() if name != "format"}
            return {**told, "type": "number"}
        return {name: _with_numbers(value) for name, value in schema.items()}
    if isinstance(schema, list | tuple):
        return type(schema)(map(_with_numbers, schema))
    return schema


def _operation(contract: Contract, endpoint: Endpoint, models: _Models) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.operation_id,
        "parameters": list(_parameters(endpoint, models)),
        "responses": {
            **{str(status): _response(status, model, models) for status, model in sorted(endpoint.responses.items())},
            **{
                str(status): _described(status, contract.error_media_type, models.schema(contract.error_model))
                for status in sorted(refused_statuses(contract, endpoint))
            },
        },
    }
    if endpoint.public:
        operation["security"] = []
    if endpoint.body is not None:
        media_type = "application/x-www-form-urlencoded" if endpoint.body_is_form else "application/json"
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": models.schema(endpoint.body)}}}
    return operation


def _parameters(endpoint: Endpoint, models: _Models) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if endpoint.query is not None:
        component = models.component(endpoint.query)
        for name, schema in component["properties"].items():
            required = name in component.get("required", ())
            yield {"name": name, "in": "query", "required": required, "schema": schema}
    for name in endpoint.request_headers:
        yield {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}


def _response(status: int, model: Any, models: _Models) -> dict[str, Any]:
    if model is None:
        return {"description": reason_phrase(status)}
    if isinstance(model, File):
        return _described(status, model.media_type, {"type": "string", "contentEncoding": "binary"})
    return _described(status, "application/json", models.schema(model))


def _described(status: int, media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": reason_phrase(status), "content": {media_type: {"schema": schema}}}
