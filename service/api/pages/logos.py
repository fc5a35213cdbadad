"""Addresses of logos: pictures by the digest of their bytes, which never change."""

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.operations.read_logos import public_logo
from service.operations.resources import Resources

LOGOS = "/logos/"
"""Start of the path of every logo. The digest of its bytes follows."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEADERS = {
    # An SVG file that is opened directly is a document, which must not load or run anything.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def logo_routes(resources_of: Callable[[Request], Resources]) -> list[BaseRoute]:
    """Return the address of logos."""

    async def logo(request: Request) -> Response:
        digest = request.path_params["sha256"]
        found = await public_logo(resources_of(request), digest) if _DIGEST.fullmatch(digest) else None
        if found is None:
            return PlainTextResponse("There is no such logo.\n", 404, headers=_HEADERS)
        headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
        return Response(found.content, media_type=found.media_type, headers=headers)

    return [Route(f"{LOGOS}{{sha256}}", logo, methods=["GET"])]


def logo_address(public_address: str, sha256: str) -> str:
    """Return the address of a logo."""
    return f"{public_address}{LOGOS}{sha256}"
