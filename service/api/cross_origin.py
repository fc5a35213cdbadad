"""Calls from web pages of other origins (CORS)."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Scope

from service.api.headers import header_of


def may_connect(scope: Scope, origins: Collection[str], own_address: str) -> bool:
    """Return whether a WebSocket may be opened, by the same rule as for other requests: from pages of these origins and
    of the service itself, and by programs, which send no origin. Browsers do not enforce this for WebSockets.
    """
    origin = header_of(scope, b"origin")
    if origin is None or "*" in origins or origin in origins:
        return True
    page, own = urlsplit(origin), urlsplit(own_address)
    return page.netloc != "" and page.netloc.lower() in {own.netloc.lower(), (header_of(scope, b"host") or "").lower()}


def open_to_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins call the application from a browser. Keys travel in a header and never in a cookie, so
    a page can use only keys that it has.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=[
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "Idempotent-Replayed",
            "X-Request-Id",
            "Content-Disposition",
        ],
    )
