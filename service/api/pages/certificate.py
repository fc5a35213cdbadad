"""The public page of a certificate: its addresses, and its content security policy. Knows no catalogue.

Anybody who has an address may read it, without a key. Its contents are the facts as they were issued.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages.public_page import HEADERS, STYLE, template
from service.documents.certificate import certificate_texts
from service.domain.certificate import IssuedCertificate
from service.operations.read_certificates import public_certificate, public_certificate_file
from service.operations.resources import Resources

CERTIFICATES = "/certificates/"
"""Start of the path of every certificate. A token follows, which must not be logged."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FOREVER = "public, max-age=31536000, immutable"
_TEMPLATE = template("certificate.html")


def certificate_routes(resources_of: Callable[[Request], Resources], public_address: str) -> list[BaseRoute]:
    """Return the page of a certificate, its PDF, and its facts as the JSON whose digest is printed on it."""

    async def page(request: Request) -> Response:
        found = await _find(request, resources_of(request))
        if found is None:
            return _absent()
        return HTMLResponse(page_of(found), headers={**HEADERS, "Cache-Control": "no-cache"})

    async def facts(request: Request) -> Response:
        found = await _find(request, resources_of(request))
        if found is None:
            return _absent()
        headers = {**HEADERS, "Cache-Control": _FOREVER}
        return Response(found.facts.encode(), media_type="application/json", headers=headers)

    async def pdf(request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return _absent()
        file = await public_certificate_file(resources_of(request), token, public_address=public_address)
        if file is None:
            return _absent()
        return Response(file, media_type="application/pdf", headers={**HEADERS, "Cache-Control": _FOREVER})

    return [
        Route(f"{CERTIFICATES}{{token}}.pdf", pdf, methods=["GET"]),
        Route(f"{CERTIFICATES}{{token}}.json", facts, methods=["GET"]),
        Route(f"{CERTIFICATES}{{token}}", page, methods=["GET"]),
    ]


def page_of(certificate: IssuedCertificate) -> str:
    """Return the page. Its digest is computed from the facts as they are stored, so that a change of them would
    show.
    """
    facts: dict[str, Any] = json.loads(certificate.facts)
    return _TEMPLATE.render(
        **certificate_texts(facts),
        style=STYLE,
        assigned_at=facts["retired_at"],
        issued_at=facts["issued_at"],
        sha256=hashlib.sha256(certificate.facts.encode()).hexdigest(),
        # Relative, so that the page works behind any prefix.
        pdf=f"{certificate.token}.pdf",
        facts=f"{certificate.token}.json",
    )


async def _find(request: Request, resources: Resources) -> IssuedCertificate | None:
    token = request.path_params["token"]
    return await public_certificate(resources, token) if _TOKEN.fullmatch(token) else None


def _absent() -> Response:
    return PlainTextResponse("There is no such certificate.\n", 404, headers=HEADERS)
