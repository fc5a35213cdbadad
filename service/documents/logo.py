"""Logos in documents: a check that one can be drawn, and the facts by which templates draw it."""

import json
from fractions import Fraction
from typing import Any

import typst

from service.domain.logos import Logo, picture_of

WIDTH_MM, HEIGHT_MM = 60, 16
"""Maximum width and height of a logo on a page; its proportions are kept."""
FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


def can_be_drawn(content: bytes, media_type: str) -> bool:
    """Return whether the compiler can read the picture."""
    text = json.dumps({"bytes": list(content), "format": FORMATS[media_type]})
    source = b'#let it = json(bytes(sys.inputs.it))\n#image(bytes(it.bytes), format: it.format, width: 10mm, alt: "x")'
    try:
        typst.compile(source, format="pdf", sys_inputs={"it": text})
    except typst.TypstError:
        return False
    return True


def logo_texts(logo: Logo | None) -> dict[str, Any] | None:
    """Return what a template needs of the logo: its bytes, its format, and its size in thousandths of a millimetre."""
    if logo is None:
        return None
    picture = picture_of(logo.content)
    scale = min(Fraction(WIDTH_MM * 1000) / picture.width, Fraction(HEIGHT_MM * 1000) / picture.height)
    return {
        "bytes": list(logo.content),
        "format": FORMATS[logo.media_type],
        "width": round(picture.width * scale),
        "height": round(picture.height * scale),
    }
