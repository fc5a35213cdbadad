"""Serving of declared endpoints: method, key, budget, body, handler, in this order.

Knows HTTP and the declaration, and no order. Refusals are answered in the contract's own form; other exceptions pass
through to the request limits, which mask them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from service.api.caller import share_reads
from service.api.headers import header_of
from service.api.request_facts import note_caller, note_operation, note_refusal
from service.api.rest.bodies import files_body, form_body, from_texts, read_json
from service.api.rest.context import RestContext
from service.api.rest.contract import FORM, JSON, MULTIPART, Answer, Call, Contract, Endpoint, File
from service.api.rest.fault_paths import request_path
from service.api.rest.openapi import openapi_document
from service.domain.accounts import Caller
from service.errors import Code, Refused

ContextOf = Callable[[Request], RestContext]


class _AnyRest(PathConvertor):
    """Converter for the rest of an address, including line breaks. Starlette's own stops at a line break, and its 404
    does not have the contract's form.
    """

    regex = "(?s:.*)"


register_url_convertor("path", _AnyRest())  # replaces Starlette's converter, because a Mount always uses this name


def mounted(contract: Contract, context_of: ContextOf) -> Mount:
    """Return the routes of the contract: its endpoints below its prefix, its OpenAPI document at `/openapi.json`, and
    404 for the rest.

    Addresses are tried in the order in which they are declared.
    """
    by_path: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in contract.endpoints:
        by_path[endpoint.path].append(endpoint)
    routes: list[BaseRoute] = [
        Route(path, _Address(contract, endpoints, context_of)) for path, endpoints in by_path.items()
    ]
    routes.append(Route("/openapi.json", _document(contract, context_of)))
    routes.append(Route("/{unknown:path}", _Address(contract, (), context_of)))
    return Mount(contract.prefix, routes=routes)


class _Address:
    """Application for one address with the endpoints of its methods. It is an ASGI application so that Starlette does
    not check the method.
    """

    def __init__(self, contract: Contract, endpoints: Sequence[Endpoint], context_of: ContextOf) -> None:
        self._contract = contract
        self._by_method: dict[str, Endpoint] = {endpoint.method: endpoint for endpoint in endpoints}
        self._context_of = context_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers: dict[str, str] = {}
        try:
            response = self._respond(await self._answer(request, headers), headers)
        except Refused as refusal:
            refusal.path = self._path_in_request(refusal, request)
            response = self._refuse(refusal, request.state.request_id, headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request, headers: dict[str, str]) -> Answer | File:
        endpoint = self._endpoint(request, headers)
        note_operation(endpoint.operation_id)
        context = self._context_of(request)
        caller = None if endpoint.public else await self._contract.authenticate(request, context)
        if caller is not None:
            note_caller(caller)
            share_reads(request.scope, caller)
            await self._pay(endpoint, caller, context, headers)
        body, objection = await self._body(endpoint, request)
        call: Call[Any, Any] = Call(
            context=context,
            request=request,
            identified=caller,
            path=request.path_params,
            body=body,
            query=self._query(endpoint, request),
        )
        if objection is not None and not (endpoint.is_retry and await endpoint.is_retry(call)):
            raise objection
        return await endpoint.handler(call)

    def _endpoint(self, request: Request, headers: dict[str, str]) -> Endpoint:
        if not self._by_method:
            raise Refused(Code.NOT_FOUND, "There is no such address.")
        endpoint = self._by_method.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            headers["Allow"] = ", ".join(sorted(self._by_method))
            raise Refused(Code.METHOD_NOT_ALLOWED, f"This address does not support the method {request.method}.")
        return endpoint

    async def _pay(self, endpoint: Endpoint, caller: Caller, context: RestContext, headers: dict[str, str]) -> None:
        budgets = context.budgets[self._contract.name]
        budget = budgets.writes if endpoint.writes else budgets.reads
        state = await context.rate_limits.spend(budget, caller.key_id)
        headers.update(state.headers)
        state.refuse_unless_admitted()

    async def _body(self, endpoint: Endpoint, request: Request) -> tuple[Any, Refused | None]:
        if endpoint.body is None:
            return None, None
        content = await request.body()  # raises the request limits' refusal if the body is too large
        if endpoint.body_media_type != JSON or self._contract.labelled_json:
            _refuse_other_label(request, endpoint.body_media_type)
        if endpoint.body_media_type == FORM:
            return form_body(content, endpoint.body), None
        if endpoint.body_media_type == MULTIPART:
            return files_body(content, header_of(request.scope, b"content-type") or "", endpoint.body), None
        return read_json(content, endpoint.body, any_case=self._contract.any_case)

    def _query(self, endpoint: Endpoint, request: Request) -> Any:
        if endpoint.query is None:
            return None
        return from_texts(request.query_params.multi_items(), endpoint.query, any_case=self._contract.any_case_query)

    def _path_in_request(self, refusal: Refused, request: Request) -> tuple[str | int, ...]:
        endpoint = self._by_method.get(request.method)
        if endpoint is None or not refusal.path:
            return ()
        models = [model for model in (endpoint.body, endpoint.query) if model is not None]
        return request_path(
            refusal.path, models, self._contract.members, (*endpoint.request_headers, *request.path_params)
        )

    def _respond(self, answer: Answer | File, headers: Mapping[str, str]) -> Response:
        spelled_headers = {**headers, **answer.headers}
        if isinstance(answer, File):
            return Response(answer.content, answer.status, spelled_headers, answer.media_type)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Response(b"", answer.status, spelled_headers)
        return Response(self._contract.encode(answer.body), answer.status, spelled_headers, JSON)

    def _refuse(self, refusal: Refused, request_id: str, headers: dict[str, str]) -> Response:
        note_refusal(refusal.code)
        status, body = self._contract.refusal(refusal, request_id)
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        if refusal.retry_after_s is not None:
            headers["Retry-After"] = str(refusal.retry_after_s)
        return Response(self._contract.encode(body), status, headers, self._contract.error_media_type)


def _refuse_other_label(request: Request, wanted: str) -> None:
    label = (header_of(request.scope, b"content-type") or "").partition(";")[0].strip().lower()
    if label != wanted:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, f"Send the body as {wanted}.")


def _document(contract: Contract, context_of: ContextOf) -> Callable[[Request], Response]:
    content: list[bytes] = []

    def answer(request: Request) -> Response:
        if not content:
            address = context_of(request).public_address
            content.append(contract.encode(openapi_document(contract, address)))
        return Response(content[0], media_type=JSON, headers={"Cache-Control": "public, max-age=300"})

    return answer
