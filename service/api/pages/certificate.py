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

from service.api.pages.logos import LOGOS
from service.api.pages.public_page import HEADERS, STYLE, WITH_PICTURES, template
from service.documents.certificate import RECORDED, certificate_texts, entries_texts, partly_recorded
from service.domain.certificate import IssuedCertificate
from service.domain.registry_evidence import RetirementCertificate, entry_facts
from service.operations.read_certificates import public_certificate, public_certificate_file
from service.operations.read_registry_retirements import (
    Certified,
    public_evidence,
    public_retirement_file,
)
from service.operations.resources import Resources

CERTIFICATES = "/certificates/"
"""Start of the path of every certificate. A token follows, which must not be logged."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FOREVER = "public, max-age=31536000, immutable"
_TEMPLATE = template("certificate.html")


def certificate_routes(resources_of: Callable[[Request], Resources], public_address: str) -> list[BaseRoute]:
    """Return the page of a certificate, its PDF, and its facts as the JSON whose digest is printed on it."""

    async def page(request: Request) -> Response:
        token = request.path_params["token"]
        found = await public_evidence(resources_of(request), token) if _TOKEN.fullmatch(token) else None
        if found is None:
            return _absent()
        headers = HEADERS if logo_in(found.issued) is None else WITH_PICTURES
        return HTMLResponse(page_of(found.issued, found.certified), headers={**headers, "Cache-Control": "no-cache"})

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
        *_retirement_routes(resources_of, public_address),
        Route(f"{CERTIFICATES}{{token}}.pdf", pdf, methods=["GET"]),
        Route(f"{CERTIFICATES}{{token}}.json", facts, methods=["GET"]),
        Route(f"{CERTIFICATES}{{token}}", page, methods=["GET"]),
    ]


def _retirement_routes(resources_of: Callable[[Request], Resources], public_address: str) -> list[BaseRoute]:
    """Return the PDF and the facts of the retirement certificate. A correction creates another version, so neither may
    be cached for long.
    """

    async def retirement_facts(request: Request) -> Response:
        token = request.path_params["token"]
        shown = await public_evidence(resources_of(request), token) if _TOKEN.fullmatch(token) else None
        if shown is None or shown.certified.certificate is None:
            return _absent()
        content = shown.certified.certificate.facts.encode()
        return Response(content, media_type="application/json", headers={**HEADERS, "Cache-Control": "no-cache"})

    async def retirement_pdf(request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return _absent()
        file = await public_retirement_file(resources_of(request), token, public_address=public_address)
        if file is None:
            return _absent()
        return Response(file, media_type="application/pdf", headers={**HEADERS, "Cache-Control": "no-cache"})

    return [
        Route(f"{CERTIFICATES}{{token}}/retirement.pdf", retirement_pdf, methods=["GET"]),
        Route(f"{CERTIFICATES}{{token}}/retirement.json", retirement_facts, methods=["GET"]),
    ]


def page_of(certificate: IssuedCertificate, certified: Certified | None = None) -> str:
    """Return the page. Its digests are computed from the stored facts, so that a change of them would be visible.
    Entries recorded since the certificate was issued are in a separate section.
    """
    certified = certified or Certified()
    facts: dict[str, Any] = json.loads(certificate.facts)
    return _TEMPLATE.render(
        **{**certificate_texts(facts), **_recorded(certified, facts)},
        style=STYLE,
        assigned_at=facts["retired_at"],
        issued_at=facts["issued_at"],
        sha256=hashlib.sha256(certificate.facts.encode()).hexdigest(),
        # Relative, so that the page works below any prefix.
        pdf=f"{certificate.token}.pdf",
        facts=f"{certificate.token}.json",
        logo=logo_in(certificate),
        retirement=_retirement(certificate, certified.certificate),
    )


def logo_in(certificate: IssuedCertificate) -> str | None:
    """Return the address of the issuer's logo, relative to the page; None without one."""
    digest = (json.loads(certificate.facts).get("seller") or {}).get("logo")
    return None if digest is None else f"..{LOGOS}{digest}"


def _recorded(certified: Certified, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the texts about registry entries, which were recorded after the certificate was issued."""
    if not certified.evidence:
        return {}
    entries = list(entry_facts(certified.evidence, certified.batches))
    if certified.certificate is None:
        return {"entries": entries_texts(entries, facts), "registry_note": partly_recorded(entries, facts)}
    return {"entries": entries_texts(entries, facts), "registry_note": RECORDED, "retirement_statement": None}


def _retirement(first: IssuedCertificate, certificate: RetirementCertificate | None) -> dict[str, str] | None:
    if certificate is None:
        return None
    return {
        "number": certificate.number,
        "sha256": hashlib.sha256(certificate.facts.encode()).hexdigest(),
        "pdf": f"{first.token}/retirement.pdf",
        "facts": f"{first.token}/retirement.json",
    }


async def _find(request: Request, resources: Resources) -> IssuedCertificate | None:
    token = request.path_params["token"]
    return await public_certificate(resources, token) if _TOKEN.fullmatch(token) else None


def _absent() -> Response:
    return PlainTextResponse("There is no such certificate.\n", 404, headers=HEADERS)
