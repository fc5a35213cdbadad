"""Page of the console, the web application for customers and the seller: its files, and its content security policy.

The application runs in the browser and uses the public GraphQL API. Every address below `/console` gets the same page,
which evaluates the rest of the address. Without a bundle there is no console.
"""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages import assets
from service.domain.currencies import CIRCULATING_CODES

HERE = Path(__file__).parent
BUNDLE = HERE / "console" / "dist"
CONSOLE = "/console"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Console:
    """The page and the files it loads, read once."""

    html: str
    files: dict[str, bytes]

    def page(self, _request: Request) -> Response:
        """Return the page, which browsers must not cache, so that an upgrade shows at once."""
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        }
        return HTMLResponse(self.html, headers=headers)


def load_console(prefix: str = "", *, bundle: Path = BUNDLE) -> Console | None:
    """Read the bundle; None if none was built. `prefix` is the path below which browsers reach the service."""
    manifest = bundle / "manifest.json"
    if not manifest.exists():
        return None
    loaded = json.loads(manifest.read_text(encoding="utf-8"))
    config = {
        "base": prefix + CONSOLE,
        "endpoint": f"{prefix}/graphql",
        "exports": f"{prefix}/exports",
        "currencies": sorted(CIRCULATING_CODES),
    }
    html = Template((HERE / "console.html").read_text(encoding="utf-8")).substitute(
        {name: f"{prefix}{CONSOLE}/assets/{file}" for name, file in loaded.items()},
        icon=f"{prefix}/favicon.svg",
        landing=f"{prefix}/",
        config=escape(json.dumps(config, ensure_ascii=False)),
    )
    return Console(html, assets.read_gzipped(bundle))


def console_routes(console: Console | None, prefix: str = "") -> list[BaseRoute]:
    """Return the routes of the page and its files; none where no console was built."""
    if console is None:
        return []

    async def asset(request: Request) -> Response:
        return assets.send(console.files, request)

    async def page(request: Request) -> Response:
        return console.page(request)

    async def without_slash(request: Request) -> Response:
        query = request.url.query
        return RedirectResponse(f"{prefix}{CONSOLE}{'?' if query else ''}{query}", 308)

    return [
        Route(f"{CONSOLE}/assets/{{path:path}}", asset, methods=["GET"]),
        Route(CONSOLE, page, methods=["GET"]),
        Route(f"{CONSOLE}/", without_slash, methods=["GET"]),
        Route(f"{CONSOLE}/{{path:path}}", page, methods=["GET"]),
    ]
