"""Files that are logos, and files that are not: other formats, large pictures, and SVG that runs or loads something.

Planted defects that were seen to fail here: a script, a link, an address outside of the file, a style sheet, an entity,
a picture 4,001 pixels wide or high, a file of 65,537 bytes, and an element nested 21 deep each accepted.
"""

import struct
import zlib
from datetime import UTC, datetime

import pytest

from service.domain.logos import BYTES_MAX, Picture, logo_of, picture_of
from service.errors import Code, Refused


def png(width: int = 30, height: int = 10, colour: bytes = b"\x80\x20\x20") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\x00" + colour * min(width, 100)) * min(height, 100)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def svg(inside: str = '<circle cx="5" cy="5" r="4" fill="#206040"/>', attributes: str = 'viewBox="0 0 60 20"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


GRADIENT = (
    '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>'
    '<g style="fill:url(#a)"><path d="M0 0h9v9z" fill="url(#a)"/></g><!-- drawn by hand -->'
)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab" + b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 20, 40) + b"\x01\x01\x11\x00"


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        (png(), Picture("image/png", 30, 10)),
        (png() + bytes(BYTES_MAX - len(png())), Picture("image/png", 30, 10)),
        (png(4_000, 4_000), Picture("image/png", 4_000, 4_000)),
        (JPEG, Picture("image/jpeg", 40, 20)),
        (svg(), Picture("image/svg+xml", 60, 20)),
        (svg(GRADIENT, 'width="30px" height="10px"'), Picture("image/svg+xml", 30, 10)),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n' + svg(), Picture("image/svg+xml", 60, 20)),
    ],
)
def test_logos_of_each_format(content: bytes, picture: Picture):
    assert picture_of(content) == picture


BILLION = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + svg("<title>&b;</title>")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(20),
        png() + bytes(BYTES_MAX + 1 - len(png())),
        png(50_000, 50_000),
        png(4_001, 1),
        png(1, 4_001),
        png(0, 5),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\x00",
        BILLION,
        b"<html><svg></svg></html>",
        svg("<script>alert(1)</script>"),
        svg('<a href="https://evil.example"><path d="M0 0"/></a>'),
        svg('<a><path d="M0 0"/></a>'),
        svg('<image href="https://evil.example/a.png"/>'),
        svg('<use href="#a"/>'),
        svg("<style>path { fill: url(https://evil.example) }</style>"),
        svg("<foreignObject/>"),
        svg("<text>Meridian</text>"),
        svg("<animate/>"),
        svg('<path d="M0 0" onclick="alert(1)"/>'),
        svg('<path d="M0 0" ONLOAD="alert(1)"/>'),
        svg('<path d="M0 0" style="fill:url(https://evil.example)"/>'),
        svg('<linearGradient href="https://evil.example#a"/>'),
        svg('<path d="M0 0" xlink:href="javascript:alert(1)" xmlns:xlink="http://www.w3.org/1999/xlink"/>'),
        svg("<g>" * 21 + "</g>" * 21),
        svg("<g/>" * 2_001),
        svg(attributes=""),
        svg(attributes='viewBox="0 0 a b"'),
        svg(attributes='viewBox="0 0 9999 9"'),
        svg() + b"<g",
        svg("<title>\xe9</title>").decode().encode("latin-1"),
    ],
)
def test_other_files_are_refused(content: bytes):
    with pytest.raises(Refused) as refused:
        picture_of(content)
    assert (refused.value.code, refused.value.path) == (Code.BAD_USER_INPUT, ("logo",))


def test_a_logo_is_named_by_its_bytes():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    one, other = logo_of(png(), now=now), logo_of(svg(), now=now)
    assert one.sha256 != other.sha256
    assert logo_of(png(), now=now) == one
