"""The page for trying GraphQL: its files, and its content security policy. Knows no schema.

The page is GraphiQL when `explorer/` has been bundled, otherwise a plain page of our own; both work without any other
origin. Their configuration is in a `data-config` attribute, so that the page contains no script.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages import assets
from service.api.pages.examples import Example, read_examples

HERE = Path(__file__).parent
BUNDLE = HERE / "explorer" / "dist"
PLAIN = HERE / "plain"

# Monaco writes style elements and style attributes while it lays out text; nothing else needs an exception.
_STYLES = {"explorer": "'self' 'unsafe-inline'", "plain": "'self'"}
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src {styles}; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Explorer:
    """The page and the files that it loads, read once. `bundled` is True for GraphiQL, False for the plain page."""

    html: str
    policy: str
    files: dict[str, bytes]
    bundled: bool

    def page(self, _request: Request) -> Response:
        """Return the page, which browsers must not cache, so that an upgrade shows at once."""
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self.policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept",
        }
        return HTMLResponse(self.html, headers=headers)


def load_explorer(endpoint: str = "/graphql", *, bundle: Path = BUNDLE) -> Explorer:
    """Read the bundle, or the plain page where none was built; `endpoint` is the path as the browser sees it."""
    manifest = bundle / "manifest.json"
    bundled = manifest.exists()
    files = assets.read_plain(PLAIN)
    if bundled:
        loaded = json.loads(manifest.read_text(encoding="utf-8"))
        files |= assets.read_gzipped(bundle)
    else:
        loaded = {kind: _named(files, name) for kind, name in (("script", "plain.js"), ("style", "plain.css"))}
    kind = "explorer" if bundled else "plain"
    html = Template((HERE / f"{kind}.html").read_text(encoding="utf-8")).substitute(
        script=f"{endpoint}/assets/{loaded['script']}",
        style=f"{endpoint}/assets/{loaded['style']}",
        icon=f"{endpoint}/assets/{_named(files, 'icon.svg')}",
        schema=f"{endpoint}/schema.graphql",
        config=escape(json.dumps(_config(endpoint, read_examples()), ensure_ascii=False)),
    )
    return Explorer(html, _POLICY.format(styles=_STYLES[kind]), files, bundled)


def explorer_routes(
    explorer: Explorer, schema_text: Callable[[], str] | None, endpoint: str = "/graphql"
) -> list[BaseRoute]:
    """Return the routes beside the page: its files, and the schema as text, which codegen tools read too; without a
    text only introspection shows the schema.
    """

    async def asset(request: Request) -> Response:
        return assets.send(explorer.files, request)

    async def schema(_request: Request) -> Response:
        if schema_text is None:
            return PlainTextResponse("The schema is not shown without an API key.\n", 404)
        return PlainTextResponse(
            schema_text(), headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        )

    return [
        Route(f"{endpoint}/assets/{{path:path}}", asset, methods=["GET"]),
        Route(f"{endpoint}/schema.graphql", schema, methods=["GET"]),
    ]


def _named(files: dict[str, bytes], name: str) -> str:
    return next(path for path in files if path.endswith(f"/{name}"))


def _config(endpoint: str, examples: tuple[Example, ...]) -> dict[str, object]:
    return {
        "endpoint": endpoint,
        "schemaUrl": f"{endpoint}/schema.graphql",
        "examples": [example.as_dict() for example in examples],
    }
