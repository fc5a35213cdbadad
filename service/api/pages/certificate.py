"""The public page of a certificate: its addresses, and its content security policy. Knows no catalogue.

Anybody who has an address may read it, without a key. Its contents are the facts as they were issued.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages.public_page import HEADERS, STYLE, template
from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text
from service.domain.catalogue import Mode
from service.domain.certificate import IssuedCertificate
from service.operations.read_certificates import public_certificate, public_certificate_file
from service.operations.resources import Resources

CERTIFICATES = "/certificates/"
"""Start of the path of every certificate. A token follows, which must not be logged."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FOREVER = "public, max-age=31536000, immutable"
_ENGLISH = Locale("en")
_TEMPLATE = template("certificate.html")


def certificate_routes(resources_of: Callable[[Request], Resources]) -> list[BaseRoute]:
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
        file = await public_certificate_file(resources_of(request), token) if _TOKEN.fullmatch(token) else None
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
        style=STYLE,
        test=facts["mode"] == Mode.TEST,
        number=facts["number"],
        order_number=facts["order_number"],
        recipient=facts["recipient"],
        beneficiary=facts["beneficiary"],
        mass=_mass(facts["mass_g"]),
        retired_at=facts["retired_at"],
        retired=_shown_time(facts["retired_at"]),
        issued_at=facts["issued_at"],
        issued=_shown_time(facts["issued_at"]),
        batches=[_batch(each) for each in facts["batches"]],
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


def _batch(facts: dict[str, Any]) -> dict[str, Any]:
    written = facts.get("written") or [a if a == b else f"{a} to {b}" for a, b in facts["serials"]]
    rows = [
        {"serials": serials, "first": f"{start_g:,}", "last": f"{end_g - 1:,}"}
        for serials, (start_g, end_g) in zip(written, facts["intervals"], strict=True)
    ]
    return {**facts, "mass": _mass(facts["mass_g"]), "country": _country(facts["country"]), "rows": rows}


def _mass(mass_g: int) -> str:
    if mass_g < GRAMS_PER_TONNE // 1000:
        return f"{mass_g} g"
    if mass_g < GRAMS_PER_TONNE:
        return f"{mass_text(mass_g, MassUnit.KILOGRAM)} kg"
    return f"{mass_text(mass_g, MassUnit.TONNE)} t"


def _country(code: str) -> str:
    alpha_2 = get_global("territory_aliases").get(code, [code])[0]
    return str(_ENGLISH.territories.get(alpha_2, code))


def _shown_time(text: str) -> str:
    return f"{format_datetime(datetime.fromisoformat(text), 'd MMMM y, HH:mm:ss', locale=_ENGLISH)} UTC"
