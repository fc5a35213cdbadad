"""The first page of the service, its icon, the page of problems, and the answers to addresses that no route serves.

The page is drawn on the server without a script, so that it is shown whatever the state of the database.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.graphql.transport.request_parsing import wants_page
from service.api.pages.public_page import HEADERS, template
from service.api.rest.contract import PROBLEMS, reason_phrase
from service.errors import REASONS, Code

HERE = Path(__file__).parent
ICON = (HERE / "plain" / "icon.svg").read_bytes()
STYLE = Markup((HERE / "landing.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
_DIGEST = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}
_LANDING = template("landing.html")
_PROBLEMS = template("problems.html")
_NOT_FOUND = template("not_found.html")


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses that the pages show. `prefix` is the path below which callers reach the service, without a slash at its
    end; `contracts` are the names of the REST contracts with their titles.
    """

    public_address: str
    prefix: str
    contracts: Collection[tuple[str, str]]
    shows_schema: bool
    has_console: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """State of the service when the page is drawn: whether it accepts orders, and whether it has the demo's data."""

    ready: bool
    demo: bool


def landing_routes(site: Site, state_of: Callable[[Request], Awaitable[State]]) -> list[BaseRoute]:
    """Return the first page, its icon, and redirects from addresses that people type by mistake."""

    async def page(request: Request) -> Response:
        state = await state_of(request)
        html = _LANDING.render(style=STYLE, site=site, prefix=site.prefix, ready=state.ready, demo=state.demo)
        return HTMLResponse(html, headers=PAGE_HEADERS)

    async def icon(_request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(ICON, media_type="image/svg+xml", headers=headers)

    async def problems(_request: Request) -> Response:
        kinds = [(code.lower().replace("_", "-"), code, REASONS[code]) for code in Code]
        return HTMLResponse(_PROBLEMS.render(style=STYLE, prefix=site.prefix, kinds=kinds), headers=PAGE_HEADERS)

    names = [name for name, _ in site.contracts]
    moved = {f"{PROBLEMS}/": PROBLEMS, "/graphql/": "/graphql", "/graphql/schema.graphql/": "/graphql/schema.graphql"}
    for name in names:
        moved |= {f"/{name}": f"/{name}/docs", f"/{name}/": f"/{name}/docs", f"/{name}/docs/": f"/{name}/docs"}
        moved[f"/{name}/openapi.json/"] = f"/{name}/openapi.json"
    return [
        Route("/", page, methods=["GET"]),
        Route(PROBLEMS, problems, methods=["GET"]),
        Route("/favicon.ico", icon, methods=["GET"]),
        Route("/favicon.svg", icon, methods=["GET"]),
        *(_redirect(site.prefix, start, end) for start, end in moved.items()),
    ]


def not_found_handler(site: Site) -> Callable[[Request, Exception], Response]:
    """Return the handler of addresses and methods that no route serves: a page for browsers, a problem for programs."""

    def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for statuses of HTTP alone
        status, headers = error.status_code, dict(error.headers or {})
        if wants_page(request.headers.get("accept", "")):
            html = _NOT_FOUND.render(style=STYLE, prefix=site.prefix, title=reason_phrase(status), status=status)
            return HTMLResponse(html, status, {**PAGE_HEADERS, **headers})
        problem = {
            "type": "about:blank",
            "title": reason_phrase(status),
            "status": status,
            "detail": _DETAILS.get(status, reason_phrase(status)),
        }
        return JSONResponse(problem, status, {"Vary": "Accept", **headers}, "application/problem+json")

    return handle


_DETAILS = {404: "There is no such address.", 405: "This address does not support the method of the request."}


def _redirect(prefix: str, start: str, end: str) -> Route:
    def redirect(request: Request) -> Response:
        query = request.url.query
        return RedirectResponse(f"{prefix}{end}{'?' if query else ''}{query}", 308)

    route = Route(start, redirect, methods=["GET", "POST"] if end == "/graphql" else ["GET"])
    # Starlette's own pattern ends with `$`, which also matches before a final line break.
    route.path_regex = re.compile(re.escape(start) + r"\Z")
    return route
