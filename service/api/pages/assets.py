"""Static files of the pages: their names, their content and how they are sent. Knows no page.

Names contain a digest of the file, so that a browser may keep it for ever. Files are kept gzipped in memory: a process
reads some two megabytes once and then answers without the disk; a client that does not accept gzip gets them unpacked.
"""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

# Not from `mimetypes`, which depends on the machine: a module script with a wrong type does not run.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}


def read_gzipped(folder: Path) -> dict[str, bytes]:
    """Return the files that a build has hashed and gzipped already, by the name they are served under."""
    return {path.name.removesuffix(".gz"): path.read_bytes() for path in sorted(folder.glob("*.gz"))}


def read_plain(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder unchanged. Their common digest names the folder, so that their links to each other
    work.
    """
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in MEDIA_TYPES}
    digest = hashlib.sha256(b"\0".join(files.values())).hexdigest()[:8]
    return {f"{folder.name}-{digest}/{name}": gzip.compress(body, mtime=0) for name, body in files.items()}


def send(assets: Mapping[str, bytes], request: Request) -> Response:
    """Return the asset named by the route's `path`, cacheable for a year; 404 for any other name."""
    name = request.path_params["path"]
    body = assets.get(name)
    if body is None:
        return PlainTextResponse("There is no such file.", 404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, headers=headers, media_type=MEDIA_TYPES[PurePosixPath(name).suffix])


def accepts_gzip(accept_encoding: str) -> bool:
    """Return True if the header accepts gzip, or any coding, and does not refuse it by q=0."""
    weights = dict(_coding(item) for item in accept_encoding.lower().split(",") if item.strip())
    return weights.get("gzip", weights.get("*", "0")) not in {"0", "0.0", "0.00", "0.000"}


def _coding(item: str) -> tuple[str, str]:
    name, _, parameter = item.partition(";")
    return name.strip(), parameter.strip().removeprefix("q=") or "1"
