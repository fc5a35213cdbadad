"""JSON schemas of the models of a contract, for its OpenAPI document. Knows msgspec, and no contract."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

import msgspec

from service.api.rest.bodies import TEXT_END
from service.api.rest.contract import Contract, Endpoint, File

REFERENCE = "#/components/schemas/"


class Models:
    """The JSON schemas of all models of a contract, and a reference to each.

    Members that a response always has are required, so that generated clients do not ask for them. Members of a request
    have no default in their schema, because generators take such members for required; their texts name the default.
    """

    def __init__(self, contract: Contract) -> None:
        asked = [model for endpoint in contract.endpoints for model in (endpoint.body, endpoint.query)]
        given = [contract.error_model, *(each for one in contract.endpoints for each in one.responses.values())]
        self._types = [each for each in (*given, *asked) if each is not None and not isinstance(each, File)]
        schemas, components = msgspec.json.schema_components(self._types, ref_template=REFERENCE + "{name}")
        schemas, components = _with_patterns(schemas), _with_patterns(components)
        if contract.decimals_are_numbers:
            schemas, components = _with_numbers(schemas), _with_numbers(components)
        titles = _titles(contract)
        self._schemas: tuple[dict[str, Any], ...] = _with_names(schemas, titles)
        always = {
            contract.components[model]: _always_present(model) for model in _structs_of(given) - _structs_of(asked)
        }
        self.components: dict[str, Any] = {
            _component_name(titles[name]): _component(
                {**_with_names(component, titles), "title": titles[name]},
                contract.texts.members.get(titles[name], {}),
                contract.texts.members.get("*", {}),
                always.get(titles[name]),
            )
            for name, component in components.items()
        }

    def schema(self, model: Any) -> dict[str, Any]:
        return self._schemas[self._types.index(model)]

    def component(self, model: Any) -> Mapping[str, Any]:
        """Return the model's own schema; `schema` returns a reference to it."""
        component: Mapping[str, Any] = self.components[self.schema(model)["$ref"].removeprefix(REFERENCE)]
        return component

    def parameters_of(self, endpoint: Endpoint) -> Iterable[tuple[str, bool, dict[str, Any]]]:
        """Yield name, schema and True if required, for each parameter of the query. A text of a query is never null."""
        if endpoint.query is None:
            return
        own = msgspec.json.schema_components([endpoint.query], ref_template=REFERENCE + "{name}")[1]
        defaults = {name: each for one in own.values() for name, each in one.get("properties", {}).items()}
        component = self.component(endpoint.query)
        for name, described in component["properties"].items():
            schema = {key: value for key, value in described.items() if key != "description"}
            choices = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
            schema |= choices[0] if choices else {}
            default = defaults[name].get("default")
            if default not in (None, ""):
                number = schema.get("type") == "number"
                schema["default"] = float(default) if number and isinstance(default, str) else default
            yield name, name in component.get("required", ()), schema


def _titles(contract: Contract) -> dict[str, str]:
    """Return the published title of each model under the name that msgspec gives it, which is its class's."""
    named, _ = msgspec.json.schema_components(tuple(contract.components), ref_template="{name}")
    return {schema["$ref"]: title for schema, title in zip(named, contract.components.values(), strict=True)}


def _component_name(title: str) -> str:
    """Return the title with the characters allowed in a component's name: `Page_OrderView_` for `Page[OrderView]`."""
    return re.sub(r"[^a-zA-Z0-9._-]", "_", title)


def _component(
    schema: dict[str, Any], own: Mapping[str, str], shared: Mapping[str, str], always: list[str] | None
) -> dict[str, Any]:
    """Return the schema with the texts of its members, and with the members in `always` as required."""
    properties = {}
    for name, member in schema.get("properties", {}).items():
        described = {key: value for key, value in member.items() if key != "default"}
        text = own.get(name) or shared.get(name)
        properties[name] = described if text is None else {**described, "description": text}
    found = {**schema, "properties": properties}
    if always is not None:
        found["required"] = always
    return found


def _structs_of(models: Iterable[Any]) -> set[Any]:
    """Return all declared classes that values of the models contain, themselves included."""
    found: set[Any] = set()
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        origin = get_origin(model)
        struct = origin if isinstance(origin, type) and issubclass(origin, msgspec.Struct) else model
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
            if model not in found:
                found.add(model)
                waiting += [each.type for each in msgspec.structs.fields(model)]
        else:
            waiting += [each for each in get_args(model) if isinstance(each, type) or get_args(each)]
    return found


def _always_present(model: Any) -> list[str]:
    """Return the names of the members that every written value of the class has."""
    struct = get_origin(model) or model
    omits, tag = struct.__struct_config__.omit_defaults, struct.__struct_config__.tag_field
    return [
        *([tag] if tag else ()),
        *(
            field.encode_name
            for field in msgspec.structs.fields(model)
            if not (omits and not field.required) and msgspec.UnsetType not in get_args(field.type)
        ),
    ]


def _with_names(schema: Any, titles: Mapping[str, str]) -> Any:
    """Return the schema with its references replaced by the published names."""
    if isinstance(schema, dict):
        return {name: _with_names(value, titles) for name, value in schema.items()}
    if isinstance(schema, list | tuple):
        return type(schema)(_with_names(each, titles) for each in schema)
    if isinstance(schema, str) and schema.startswith(REFERENCE):
        name = schema.removeprefix(REFERENCE)
        return REFERENCE + _component_name(titles.get(name, name))
    return schema


def _with_patterns(schema: Any) -> Any:
    """Return the schema with its patterns in ECMA 262, in which `$` matches only the end of the text."""
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
