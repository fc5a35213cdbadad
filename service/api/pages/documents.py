"""The files of invoices, credit notes, confirmations, receipts and statements, by addresses that the service signed.

Anybody who has an address may read the file, without a key, until the address expires or is revoked.
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.document_links import DOCUMENTS, link_of
from service.api.pages.public_page import HEADERS
from service.operations.read_documents import linked_file
from service.operations.resources import Resources

_HEADERS = {**HEADERS, "Cache-Control": "no-store"}


def document_routes(resources_of: Callable[[Request], Resources], peppers: Sequence[bytes]) -> list[BaseRoute]:
    """Return the routes of the files."""

    async def pdf(request: Request) -> Response:
        return await answer(request, "application/pdf")

    async def table(request: Request) -> Response:
        return await answer(request, "text/csv; charset=utf-8", as_csv=True)

    async def answer(request: Request, media_type: str, *, as_csv: bool = False) -> Response:
        link = link_of(request.path_params["token"], peppers)
        file = None if link is None else await linked_file(resources_of(request), link, as_csv=as_csv)
        if file is None:
            text = "There is no such document, or its address has expired or was revoked.\n"
            return PlainTextResponse(text, 404, headers=_HEADERS)
        return Response(file, media_type=media_type, headers=_HEADERS)

    return [
        Route(f"{DOCUMENTS}{{token}}.pdf", pdf, methods=["GET"]),
        Route(f"{DOCUMENTS}{{token}}.csv", table, methods=["GET"]),
    ]
