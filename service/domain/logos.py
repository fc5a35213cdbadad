"""Checks of logos that need no rendering: pictures must be small and safe to show.

An SVG file may contain shapes and gradients, but no scripts, references to other files, or elements that repeat others.
Its text has to be turned into paths, because documents and browsers have other fonts.
"""

import hashlib
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from xml.etree import ElementTree as ET

from service.errors import Code, Refused

BYTES_MAX = 65_536
PIXELS_MAX = 4_000
"""Maximum width and height in pixels. A small compressed file may contain a picture too large for memory."""
_DEPTH_MAX, _ELEMENTS_MAX = 20, 2_000
_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset(
    {
        *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title", "desc"),
        *("defs", "linearGradient", "radialGradient", "stop", "clipPath"),
    }
)
_REFERENCE = re.compile(r"url\(|javascript:|data:|expression\(|@import", re.IGNORECASE)
_OWN_REFERENCE = re.compile(r"""url\(\s*["']?#[\w.-]+["']?\s*\)""", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:px|pt|mm|cm|in)?\s*")
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of the segments of a JPEG file that contain its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture as it is stored, named by the SHA-256 of its bytes."""

    sha256: str
    media_type: str
    content: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """Type of a picture, and its size in pixels, or in user units for SVG."""

    media_type: str
    width: Fraction | int
    height: Fraction | int


def logo_of(content: bytes, *, now: datetime, path: str = "logo") -> Logo:
    """Return the logo. Refuses `BAD_USER_INPUT` as `picture_of` does."""
    picture = picture_of(content, path)
    digest = hashlib.sha256(content).hexdigest()
    return Logo(sha256=digest, media_type=picture.media_type, content=content, created_at=now)


def picture_of(content: bytes, path: str = "logo") -> Picture:
    """Return the type and size of a PNG, JPEG or SVG file. Refuses `BAD_USER_INPUT` for any other file, one that is too
    large, and an SVG file with more than shapes.
    """
    if not 0 < len(content) <= BYTES_MAX:
        raise _refused(f"Give a file of 1 to {BYTES_MAX} bytes.", path)
    picture = _png(content) or _jpeg(content) or _svg(content, path)
    if picture is None:
        raise _refused("Give a PNG, JPEG or SVG file.", path)
    if not (0 < picture.width <= PIXELS_MAX and 0 < picture.height <= PIXELS_MAX):
        raise _refused(f"Give a picture of at most {PIXELS_MAX} by {PIXELS_MAX} pixels.", path)
    return picture


def _png(content: bytes) -> Picture | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or len(content) < 24:
        return None
    return Picture("image/png", *struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> Picture | None:
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return Picture("image/jpeg", width, height)
        place += 2 + length
    return None


def _svg(content: bytes, path: str) -> Picture | None:
    if b"<svg" not in content:
        return None
    # Checked before parsing, because nested entities expand without limit; other encodings would hide the declaration
    # from this check.
    if b"<!" in re.sub(rb"<!--.*?-->", b"", content, flags=re.DOTALL) or b"<?" in content[5:]:
        raise _refused("Give an SVG file without DOCTYPE, entities, CDATA and processing instructions.", path)
    try:
        root = ET.fromstring(content.decode("utf-8-sig"))  # noqa: S314 - it has no entities
    except (UnicodeDecodeError, ET.ParseError, ValueError):
        raise _refused("Give a well-formed SVG file in UTF-8.", path) from None
    if root.tag != f"{_SVG}svg":
        return None
    _check(root, path)
    return Picture("image/svg+xml", *_svg_size(root, path))


def _check(root: ET.Element, path: str) -> None:
    """Refuse elements and attributes that are not on the list of shapes and gradients."""
    pending = [(root, 0)]
    elements = 0
    while pending:
        element, depth = pending.pop()
        elements += 1
        name = element.tag.removeprefix(_SVG)
        if name not in _ELEMENTS or depth > _DEPTH_MAX or elements > _ELEMENTS_MAX:
            shown = re.sub(r"[^\w:.-]", "", name.rpartition("}")[2])[:40]
            message = f"The element {shown} is not allowed. Save the logo as plain shapes, with text as paths."
            if name in _ELEMENTS:
                message = f"Give an SVG file of at most {_ELEMENTS_MAX} elements, nested at most {_DEPTH_MAX} deep."
            raise _refused(message, path)
        for attribute, value in element.attrib.items():
            local = attribute.rpartition("}")[2].lower()
            is_reference = local == "href" and not value.startswith("#")
            if local.startswith("on") or is_reference or _REFERENCE.search(_OWN_REFERENCE.sub("", value)):
                shown = re.sub(r"[^\w:.-]", "", local)[:40]
                raise _refused(f"The attribute {shown} is not allowed, because it runs or loads something.", path)
        pending += [(child, depth + 1) for child in element]


def _svg_size(root: ET.Element, path: str) -> tuple[Fraction, Fraction]:
    parts = root.get("viewBox", "").replace(",", " ").split()
    texts = parts[2:] if len(parts) == 4 else [root.get("width", ""), root.get("height", "")]
    found = [_LENGTH.fullmatch(text) for text in texts]
    if not all(found):
        raise _refused("Give an SVG file with a viewBox.", path)
    width, height = (Fraction(each[1]) for each in found if each)
    return width, height


def _refused(message: str, path: str) -> Refused:
    return Refused(Code.BAD_USER_INPUT, message, (path,))
