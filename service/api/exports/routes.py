"""The addresses /exports/<export>.<format>: an authenticated stream of all rows, page by page.

A page is read after the caller has received the one before, so an export needs the memory of one page however slow the
caller is. It ends when the caller disconnects.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from service.api.exports.definitions import EXPORTS, Export
from service.api.exports.formats import FORMATS, Format
from service.api.graphql.cost.budget import CostBudget
from service.api.request_facts import note_operation, note_refusal
from service.api.request_limits import ErrorBody
from service.domain.accounts import Caller
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.authenticate import unauthenticated
from service.operations.resources import Resources

EXPORT_PATH = "/exports"
EXPORT_POINTS = 500
"""Cost points of an export, from the budget of the key."""
EXPORTS_OF_KEY_MAX = 2
EXPORTS_MAX = 8
"""Exports that run in a process at the same time: the maximum for one key, and in total."""
RETRY_AFTER_S = 10
STALL_S = 60
"""Seconds in which a caller has to receive a page; slower ones are disconnected."""


@dataclass(slots=True)
class Exporting:
    """Access of the routes to the service. `identify` returns the caller of a request, None without a key, and
    `error_body` writes a refusal.
    """

    resources: Callable[[], Resources]
    identify: Callable[[Scope], Awaitable[Caller | None]]
    budget_of: Callable[[Scope, Caller], CostBudget]
    error_body: ErrorBody
    running: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Reserve one of the places for exports. Refuses `THROTTLED` if the key has too many, `UNAVAILABLE` if all are
        taken.
        """
        if self.running[key_id] >= EXPORTS_OF_KEY_MAX:
            raise Refused(
                Code.THROTTLED,
                f"This API key has {EXPORTS_OF_KEY_MAX} exports running. Wait until one of them ends.",
                retry_after_s=RETRY_AFTER_S,
            )
        if self.running.total() >= EXPORTS_MAX:
            raise Refused(Code.UNAVAILABLE, "Too many exports are running. Try again.", retry_after_s=RETRY_AFTER_S)
        self.running[key_id] += 1
        try:
            yield
        finally:
            self.running[key_id] -= 1
            self.running += Counter()  # removes keys without a running export


def export_routes(exporting: Exporting) -> list[BaseRoute]:
    """Return the address of every export in every format, and a refusal for all others."""
    routes: list[BaseRoute] = [
        Route(f"{EXPORT_PATH}/{export.name}.{each.name}", _Address(exporting, export, each))
        for export in EXPORTS
        for each in FORMATS
    ]
    return [*routes, Route(f"{EXPORT_PATH}/{{unknown:path}}", _Absent(exporting))]


class _Absent:
    """Application that refuses every address that is not an export's."""

    def __init__(self, exporting: Exporting) -> None:
        self._exporting = exporting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        names = ", ".join(export.name for export in EXPORTS)
        refusal = Refused(Code.NOT_FOUND, f"There is no such export. There are {names}, each as .csv and .ndjson.")
        await _refusal(self._exporting, refusal, request)(scope, receive, send)


class _Address:
    """One export in one format. An ASGI application, so that Starlette leaves methods to it."""

    def __init__(self, exporting: Exporting, export: Export, format_: Format) -> None:
        self._exporting = exporting
        self._export = export
        self._format = format_
        self._by_method = {"GET": self._export}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        note_operation(f"export_{self._export.name}_{self._format.name}")
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            try:
                async with asyncio.timeout(STALL_S):
                    await send(message)
            except TimeoutError:
                raise Refused(Code.REQUEST_TIMEOUT, "The caller did not take the rows in time.") from None

        try:
            await self._serve(request, scope, receive, sending)
        except Refused as refusal:
            if has_begun:
                raise  # half the rows are out: the connection is cut, so that nobody takes them for all
            await _refusal(self._exporting, refusal, request)(scope, receive, send)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise Refused(Code.METHOD_NOT_ALLOWED, f"This address does not support the method {request.method}.")
        caller = await self._exporting.identify(scope)
        if caller is None:
            raise unauthenticated()
        budget = self._exporting.budget_of(scope, caller)
        wanted = self._export.filter.of(request.query_params.multi_items())
        resources = self._exporting.resources().of_export()
        with self._exporting.place(caller.key_id):
            async with aclosing(self._export.pages(resources, caller, wanted)) as pages:
                if request.method == "GET":
                    await budget.pay(EXPORT_POINTS)
                # Read before the response starts, so that a refusal can set its status.
                first = await anext(pages)
                headers = {"content-disposition": f'attachment; filename="{self._file_name(resources)}"'}
                headers |= budget.state.headers
                if request.method == "HEAD":
                    response = Response(headers=headers, media_type=self._format.media_type)
                    del response.headers["content-length"]
                else:
                    body = self._body(first, pages)
                    response = StreamingResponse(body, headers=headers, media_type=self._format.media_type)
                await response(scope, receive, send)

    def _file_name(self, resources: Resources) -> str:
        return f"{self._export.name}-{utc_date(resources.clock()).isoformat()}.{self._format.name}"

    async def _body(self, first: Sequence[Any], others: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
        columns = self._export.columns
        yield self._format.start(columns) + self._format.rows(columns, first)
        async for rows in others:
            if rows:
                yield self._format.rows(columns, rows)


def _refusal(exporting: Exporting, refusal: Refused, request: Request) -> Response:
    note_refusal(refusal.code)
    body, media_type = exporting.error_body(refusal, request.state.request_id)
    headers = {}
    if refusal.code is Code.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    if refusal.code is Code.METHOD_NOT_ALLOWED:
        headers["allow"] = "GET, HEAD"
    if refusal.retry_after_s is not None:
        headers["retry-after"] = str(refusal.retry_after_s)
    return Response(body, refusal.reason.http_status, headers, media_type)
