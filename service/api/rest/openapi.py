"""OpenAPI 3.1 document of a contract, built from the declarations that serve its requests. Knows no order."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from service.api.rest.contract import JSON, Contract, Endpoint, File, reason_phrase
from service.api.rest.openapi_schemas import Models
from service.errors import Code, Refused

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_PLACEHOLDER = re.compile(r"<(\w+)>")
_ALWAYS = frozenset({400, 405, 500, 503})
_WITH_KEY = frozenset({401, 403, 429})
_WITH_BODY = frozenset({408, 413})
_REQUEST_ID = "0c8c0b8ab8c94a9a8f6d6d4a0c3f7e52"

_MESSAGES = {
    Code.BAD_USER_INPUT: "Expected `str`, got `int`",
    Code.UNAUTHENTICATED: "Send a valid API key as bearer token.",
    Code.FORBIDDEN: "This API key lacks the scope orders:write.",
    Code.NOT_FOUND: "There is no such order in this account.",
    Code.METHOD_NOT_ALLOWED: "This address does not support the method PATCH.",
    Code.REQUEST_TIMEOUT: "The body did not arrive in time.",
    Code.IDEMPOTENCY_KEY_REUSED: "The idempotency key was used before with another request.",
    Code.ORDER_STATE: "The retirement of the order has started.",
    Code.PAYLOAD_TOO_LARGE: "Send a smaller body.",
    Code.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json.",
    Code.THROTTLED: "Too many requests. Try again later.",
    Code.INTERNAL_SERVER_ERROR: "Internal error",
    Code.UNAVAILABLE: "The service is busy. Try again.",
}
"""Message of an example refusal for each status, in order of preference."""

_MEANINGS = {
    400: "The request is malformed, or a value is outside its range. Correct the request; nothing was changed.",
    401: "The API key or token is missing, unknown, revoked or expired.",
    403: "The API key lacks a scope that the request needs.",
    404: "The object does not exist, or it belongs to another account.",
    405: "The address does not support the method. `Allow` names those that it supports.",
    408: "The body did not arrive in time. Send the request again.",
    409: "The request contradicts what is stored. Nothing was changed.",
    413: "The body is larger than the service accepts.",
    415: "The content type of the body is not the one that the address reads.",
    422: "The idempotency key was used before with another request. Nothing was changed.",
    429: "The key has sent more requests than its rate limit allows. Send the request again after `Retry-After`.",
    500: "An error of the service. It may have carried out the request: look before you send it again.",
    503: "The service is busy, or its database is unreachable. Send the request again after `Retry-After`.",
}
_RETRY_LATER = frozenset({408, 429, 503})


def _examples(messages: Mapping[Code, str]) -> tuple[Refused, ...]:
    return tuple(Refused(code, message) for code, message in messages.items())


_REFUSALS = _examples(_MESSAGES)


def openapi_document(contract: Contract, public_address: str) -> dict[str, Any]:
    """Return the document; `public_address` is the start of the service's absolute links."""
    contract = contract.at(public_address)
    models, texts = Models(contract), contract.texts
    schemes = _security_schemes(contract, public_address)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in contract.endpoints:
        path = _PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(contract, endpoint, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": contract.title,
            "summary": contract.description,
            "description": texts.about.strip() or contract.description,
            "version": contract.version,
            "contact": {"name": "The seller who issued the API key", "url": f"{public_address}/"},
        },
        "servers": [{"url": public_address + contract.prefix, "description": "This service"}],
        "security": [{name: []} for name in schemes],
        "tags": [{"name": name, "description": text} for name, text in texts.tags.items()],
        "paths": paths,
        "components": {
            "securitySchemes": schemes,
            "headers": _HEADERS,
            "schemas": models.components,
        },
    }


def _security_schemes(contract: Contract, public_address: str) -> dict[str, Any]:
    """Return the ways to authenticate, by name. Each operation needs one of them."""
    schemes: dict[str, Any] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key of the service, as bearer token."}
    }
    for endpoint in contract.endpoints:
        if endpoint.operation_id == contract.token_endpoint:
            token_url = public_address + contract.prefix + endpoint.path
            schemes["token"] = {
                "type": "oauth2",
                "description": "An access token, as bearer token. The `client_id` is the id of an API key, and the "
                "`client_secret` is the key itself. The token has the rights of the key; scopes are not read.",
                "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}},
            }
    return schemes


def refused_statuses(contract: Contract, endpoint: Endpoint) -> frozenset[int]:
    """Return every status with which the endpoint may refuse a request."""
    statuses = _ALWAYS | endpoint.refusals
    if not endpoint.public:
        statuses |= _WITH_KEY
    if endpoint.body is not None:
        statuses |= _WITH_BODY
        if contract.labelled_json or endpoint.body_media_type != JSON:
            statuses |= {415}
    return statuses


def _operation(contract: Contract, endpoint: Endpoint, models: Models) -> dict[str, Any]:
    told = contract.texts.operations.get(endpoint.operation_id, {})
    operation: dict[str, Any] = {
        "summary": endpoint.summary.removesuffix("."),
        "description": told.get("description", endpoint.summary).strip(),
        "operationId": endpoint.operation_id,
        "tags": [told["tag"]] if "tag" in told else [],
        "parameters": list(_parameters(contract, endpoint, models)),
        "responses": {
            **{str(status): _response(contract, endpoint, status, models) for status in sorted(endpoint.responses)},
            **{
                str(status): _refusal(contract, status, models)
                for status in sorted(refused_statuses(contract, endpoint))
            },
        },
    }
    if endpoint.public:
        operation["security"] = []
    if endpoint.body is not None:
        content = {"schema": models.schema(endpoint.body)}
        if "body" in told:
            content["example"] = filled(told["body"], contract.texts.answers)
        operation["requestBody"] = {"required": True, "content": {endpoint.body_media_type: content}}
    return operation


def filled(example: Any, answers: Mapping[str, Any]) -> Any:
    """Return the example with recorded ids in place of its placeholders, such as `<order>`."""
    values = answers.get("<values>", {})
    text = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), json.dumps(example, ensure_ascii=False))
    return json.loads(text)


def _parameters(contract: Contract, endpoint: Endpoint, models: Models) -> Iterator[dict[str, Any]]:
    declared = [("path", name, True, {"type": "string"}) for name in _PARAMETER.findall(endpoint.path)]
    declared += [("query", name, need, schema) for name, need, schema in models.parameters_of(endpoint)]
    declared += [("header", name, False, {"type": "string"}) for name in endpoint.request_headers]
    texts = contract.texts
    examples = texts.operations.get(endpoint.operation_id, {}).get("parameters", {})
    for place, name, need, schema in declared:
        parameter: dict[str, Any] = {"name": name, "in": place, "required": need, "schema": schema}
        description = texts.of_parameter(endpoint.operation_id, name)
        if description is not None:
            parameter["description"] = description
        if name in examples:
            example = filled(examples[name], texts.answers)
            parameter["example"] = int(example) if schema.get("type") in {"integer", "number"} else example
        yield parameter


def _response(contract: Contract, endpoint: Endpoint, status: int, models: Models) -> dict[str, Any]:
    model, paid = endpoint.responses[status], not endpoint.public
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy") if paid}
    if isinstance(model, File):
        schema: Mapping[str, Any] = {"type": "string", "contentEncoding": "binary"}
        return _described("The file.", model.media_type, schema, headers=headers)
    if model is None:
        return {"description": "The request succeeded. The response has no body.", "headers": headers}
    answer = contract.texts.answers.get(endpoint.operation_id)
    return _described("The request succeeded.", "application/json", models.schema(model), answer, headers)


def _refusal(contract: Contract, status: int, models: Models) -> dict[str, Any]:
    headers = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if status in _RETRY_LATER else {}
    schema = models.schema(contract.error_model)
    example = _refused_example(contract, status)
    return _described(_MEANINGS.get(status, reason_phrase(status)), contract.error_media_type, schema, example, headers)


def _refused_example(contract: Contract, status: int) -> Any:
    """Return an example body of a refusal with the status."""
    for refused in _REFUSALS:
        found, body = contract.refusal(refused, _REQUEST_ID)
        if found == status:
            return msgspec.json.decode(contract.encode(body))
    return None


def _described(
    description: str,
    media_type: str,
    schema: Mapping[str, Any],
    example: Any = None,
    headers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    response: dict[str, Any] = {"description": description, "content": {media_type: content}}
    return {**response, "headers": dict(headers)} if headers else response


_HEADERS = {
    "RateLimit": {
        "description": "Requests that the key has left, and seconds until more are allowed.",
        "schema": {"type": "string"},
        "example": '"lune";r=14;t=1',
    },
    "RateLimit-Policy": {
        "description": "Number of requests that the key may send, and the seconds of the window.",
        "schema": {"type": "string"},
        "example": '"lune";q=15;w=1',
    },
    "Retry-After": {
        "description": "Seconds after which the request may be sent again.",
        "schema": {"type": "integer"},
        "example": 1,
    },
}
