"""Pages of the REST contracts' references: their files, and their content security policy. Knows no contract: each
passes in its name, its title and its OpenAPI document.

The page is Scalar's viewer when `references/` has been bundled, otherwise the document as plain HTML of our own; both
work without any other origin.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages import assets
from service.api.pages.reference_page import reference_html

HERE = Path(__file__).parent
BUNDLE = HERE / "references" / "dist"
PLAIN = HERE / "plain"
ASSETS = "/references/assets"

# The viewer sets style attributes during layout; the plain page contains no script and needs no exception.
_BUNDLED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Described:
    """A contract whose reference is at `/name/docs`; its OpenAPI document is served at `/name/openapi.json`."""

    name: str
    title: str
    document: Callable[[Request], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class References:
    """The files that the pages load, read once. `bundled` is true for the viewer's files, false for the plain
    page's.
    """

    files: dict[str, bytes]
    loaded: dict[str, str]
    bundled: bool

    def page(self, described: Described, request: Request, prefix: str = "") -> Response:
        """Return the page, which browsers must not cache, so that an upgrade shows at once. `prefix` is the path below
        which browsers reach the service.
        """
        document_url = f"{prefix}/{described.name}/openapi.json"
        if self.bundled:
            html = Template((HERE / "references.html").read_text(encoding="utf-8")).substitute(
                {name: f"{prefix}{ASSETS}/{file}" for name, file in self.loaded.items()},
                title=escape(described.title),
                document=document_url,
                config=escape(json.dumps({"title": described.title, "document": document_url}, ensure_ascii=False)),
            )
        else:
            style, icon = (f"{prefix}{ASSETS}/{self.loaded[name]}" for name in ("style", "icon"))
            html = reference_html(described.document(request), document_url=document_url, style=style, icon=icon)
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _BUNDLED_POLICY if self.bundled else _PLAIN_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(html, headers=headers)


def load_references(*, bundle: Path = BUNDLE) -> References:
    """Read the bundle, or the plain page where none was built."""
    manifest = bundle / "manifest.json"
    files = assets.read_plain(PLAIN)
    if not manifest.exists():
        return References(files, {name: _named(files, file) for name, file in _PLAIN_FILES.items()}, bundled=False)
    loaded = json.loads(manifest.read_text(encoding="utf-8")) | {"icon": _named(files, "icon.svg")}
    return References(files | assets.read_gzipped(bundle), loaded, bundled=True)


def reference_routes(references: References, described: Collection[Described], prefix: str = "") -> list[BaseRoute]:
    """Return a page for each contract, and the files of all. They must be mounted before the contracts' own routes,
    which answer 404 for every unknown address.
    """

    async def asset(request: Request) -> Response:
        return assets.send(references.files, request)

    return [
        Route(f"{ASSETS}/{{path:path}}", asset, methods=["GET"]),
        *(Route(f"/{each.name}/docs", _page(references, each, prefix), methods=["GET"]) for each in described),
    ]


_PLAIN_FILES = {"style": "reference.css", "icon": "icon.svg"}


def _page(references: References, described: Described, prefix: str) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        return references.page(described, request, prefix)

    return page


def _named(files: dict[str, bytes], name: str) -> str:
    return next(path for path in files if path.endswith(f"/{name}"))
