"""Declaration of a REST contract: its endpoints with their models, and its error responses.

One declaration serves requests (endpoint_app.py) and describes itself (openapi.py). Knows no order and no contract's
own names.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from service.api.caller import caller_of
from service.api.rest.context import RestContext
from service.api.rest.reference_texts import NO_TEXTS, Texts
from service.domain.accounts import Caller
from service.errors import Code, Refused
from service.operations.authenticate import unauthenticated

BodyT_co = TypeVar("BodyT_co", covariant=True)
QueryT_co = TypeVar("QueryT_co", covariant=True)

_PHRASES = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}
"""Reason phrases that Python 3.13 changed; fixed so that responses do not depend on the version of Python."""


def reason_phrase(status: int) -> str:
    """Return the reason phrase of an HTTP status, for titles and descriptions."""
    return _PHRASES.get(status) or HTTPStatus(status).phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[BodyT_co, QueryT_co]):
    """A request after parsing: `path` holds the parameters of the address, `body` and `query` the declared models."""

    context: RestContext
    request: Request
    identified: Caller | None
    path: Mapping[str, str]
    query: QueryT_co
    body: BodyT_co

    @property
    def caller(self) -> Caller:
        """Return the caller; a public endpoint may have none."""
        if self.identified is None:
            raise unauthenticated()
        return self.identified


JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
"""Media types of bodies. The members of a multipart form are files, of the type `bytes`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of an endpoint: a value of the model that is declared for the status."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A response that is not JSON. In a declaration only its `media_type` is used."""

    media_type: str
    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method and an address below the contract's prefix, with `{name}` or `{name:path}` for parameters.

    `responses` gives the model of each status that the handler answers, None for 204, `refusals` the statuses of
    refusals beside those that every endpoint of its kind has. A `public` endpoint needs no key and uses no budget.
    `is_retry` is called for a request with a repeated or misspelled member, which is normally refused; if it returns
    True, an earlier release carried out the same request, and the body is read as that release read it. `operation_id`
    appears in the OpenAPI document and in generated clients, so it must never change.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    operation_id: str
    summary: str
    handler: Callable[[Call[Any, Any]], Awaitable[Answer | File]]
    responses: Mapping[int, Any]
    refusals: frozenset[int] = frozenset()
    query: type[msgspec.Struct] | None = None
    body: Any = None
    body_media_type: str = JSON
    public: bool = False
    request_headers: tuple[str, ...] = ()
    is_retry: Callable[[Call[Any, Any]], Awaitable[bool]] | None = None

    @property
    def writes(self) -> bool:
        return self.method != "GET"


PROBLEMS = "/problems"
"""Path of the page that explains each type of problem."""


def problem_type(code: Code) -> str:
    """Return the type of the problem of a refusal: a place in the page of problems, below the public address."""
    return f"{PROBLEMS}#{code.lower().replace('_', '-')}"


Refusal: TypeAlias = tuple[int, msgspec.Struct]
"""The HTTP status and the body of a contract's error response."""

Authenticate: TypeAlias = Callable[[Request, RestContext], Awaitable[Caller]]


async def by_api_key(request: Request, context: RestContext) -> Caller:
    """Return the holder of the bearer key. Refuses `UNAUTHENTICATED` without a key."""
    caller = await caller_of(
        request.scope, context.resources, pepper=context.pepper, previous_pepper=context.previous_pepper
    )
    if caller is None:
        raise unauthenticated()
    return caller


def no_headers(_scope: Scope, _request_id: str) -> Mapping[str, str]:
    """Return no headers, for a contract that adds none to its responses."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Contract:
    """An API that other programs were written for, served below `/name`.

    * `components` gives each model the title of its schema in the OpenAPI document, from which clients name their
      types: it stays when the class is renamed. A model without one is a KeyError when the document is made.
    * `members` gives the names that the contract has for members of the domain, for paths of faults; where a member has
      several, the one that the endpoint's models have counts.
    * `refusal` turns a refusal and the request id into the status and a value of `error_model`.
    * `labelled_json` answers 415 unless the content type of a body is JSON; otherwise a body is always read as JSON.
    * `any_case` matches the members of bodies without regard to case, `any_case_query` those of the query string.
    * `decimals_are_numbers` writes `Decimal` as JSON numbers instead of strings.
    * `texts` are the words of the OpenAPI document, read from `reference.toml` of the contract's package.
    * `token_endpoint` is the operation id of the endpoint that gives tokens for client credentials, after OAuth 2.
    * `headers` are put on every answer below the prefix, refusals of the request limits included. The function gets
      the scope of the request and its id.
    """

    name: str
    title: str
    description: str
    version: str
    endpoints: tuple[Endpoint, ...]
    components: Mapping[Any, str]
    error_model: type[msgspec.Struct]
    refusal: Callable[[Refused, str], Refusal]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Texts = NO_TEXTS
    error_media_type: str = "application/json"
    authenticate: Authenticate = by_api_key
    token_endpoint: str = ""
    headers: Callable[[Scope, str], Mapping[str, str]] = no_headers
    labelled_json: bool = True
    any_case: bool = False
    any_case_query: bool = False
    decimals_are_numbers: bool = False

    @property
    def prefix(self) -> str:
        return f"/{self.name}"

    @cached_property
    def roots(self) -> frozenset[str]:
        """Return the first segments of the contract's addresses, such as `v1`, which its own host serves without the
        prefix.
        """
        return frozenset(endpoint.path.split("/")[1] for endpoint in self.endpoints)

    @cached_property
    def _encoder(self) -> msgspec.json.Encoder:
        return msgspec.json.Encoder(decimal_format="number" if self.decimals_are_numbers else "string")

    def at(self, public_address: str) -> "Contract":
        """Return the contract as it is served at the address, with which the types of its problems begin."""

        def located(refused: Refused, request_id: str) -> Refusal:
            status, body = self.refusal(refused, request_id)
            kind = getattr(body, "type", None)
            if isinstance(kind, str) and kind.startswith(PROBLEMS):
                body = msgspec.structs.replace(body, type=public_address + kind)
            return status, body

        return replace(self, refusal=located)

    def encode(self, value: Any) -> bytes:
        return self._encoder.encode(value)

    def error_body(self, refusal: Refused, request_id: str) -> tuple[bytes, str]:
        """Return the error response of a refusal that the request limits raised below this contract's prefix."""
        _, body = self.refusal(refusal, request_id)
        return self.encode(body), self.error_media_type
