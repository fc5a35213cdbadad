"""Ornaments of a certificate: the guilloche border, the rosette, the ring of shares, the QR code.

Knows no words and no facts; the same arguments always draw the same lines.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from math import cos, pi, sin

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

INK = HexColor("#14342B")
GOLD = HexColor("#A9853A")
MUTED = HexColor("#5D6B64")
FAINT = HexColor("#DCE6DE")
_BAND = 15.0


def shades(count: int) -> list[Color]:
    """Return one colour for each share, from deep green through leaf to gold."""
    stops = (HexColor("#14342B"), HexColor("#3F7D5C"), HexColor("#9DBE8C"), HexColor("#D9B65D"))
    return [_between(stops, index / max(count - 1, 1)) for index in range(count)]


def border(canvas: Canvas, width: float, height: float, margin: float) -> None:
    """Draw a border of two rules, and between them woven waves as on a banknote."""
    canvas.saveState()
    canvas.setLineWidth(0.3)
    canvas.setStrokeColor(_between((FAINT, HexColor("#3F7D5C")), 0.75))
    centre = margin + _BAND / 2
    canvas.drawPath(_weave(width, height, centre))
    canvas.setStrokeColor(GOLD)
    for inset, thickness in ((margin, 1.2), (margin + _BAND, 0.6), (margin + _BAND + 3, 0.25)):
        canvas.setLineWidth(thickness)
        canvas.rect(inset, inset, width - 2 * inset, height - 2 * inset)
    for x in (centre, width - centre):
        for y in (centre, height - centre):
            _corner(canvas, x, y)
    canvas.restoreState()


def rosette(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw a faint rosette as the background of this place."""
    canvas.saveState()
    canvas.setLineWidth(0.25)
    canvas.setStrokeColor(_between((FAINT, HexColor("#FFFFFF")), 0.25))
    canvas.drawPath(_hypotrochoid(x, y, radius))
    canvas.restoreState()


def ring(canvas: Canvas, x: float, y: float, radius: float, shares: Sequence[int], colours: Sequence[Color]) -> None:
    """Draw the shares as a ring, clockwise from the top; the smallest is still a visible line."""
    canvas.saveState()
    canvas.setStrokeColor(HexColor("#FFFFFF"))
    canvas.setLineWidth(0.5 if len(shares) > 1 else 0)
    start, whole = 90.0, sum(shares)
    for share, colour in zip(shares, colours, strict=True):
        extent = -360.0 * share / whole
        canvas.setFillColor(colour)
        if len(shares) == 1:
            canvas.circle(x, y, radius, stroke=0, fill=1)
        else:
            canvas.wedge(x - radius, y - radius, x + radius, y + radius, start, extent, stroke=1, fill=1)
        start += extent
    canvas.setFillColor(HexColor("#FFFFFF"))
    canvas.circle(x, y, radius * 0.62, stroke=0, fill=1)
    canvas.restoreState()


def qr_code(canvas: Canvas, x: float, y: float, side: float, content: str) -> None:
    """Draw a QR code of `content` in the square whose lower left corner is (x, y), its quiet zone included."""
    modules = [list(row) for row in segno.make(content, error="m", micro=False).matrix_iter(border=4)]
    module = side / len(modules)
    path = canvas.beginPath()
    for down, row in enumerate(modules):
        at = 0
        for dark, same in groupby(row):
            length = sum(1 for _ in same)
            if dark:
                path.rect(x + at * module, y + side - (down + 1) * module, length * module, module)
            at += length
    canvas.saveState()
    canvas.setFillColor(HexColor("#FFFFFF"))
    canvas.rect(x, y, side, side, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _sides(width: float, height: float, inset: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    gap = inset + _BAND / 2 + 2  # the corners are left to their medallions
    return [
        ((gap, inset), (width - gap, inset)),
        ((gap, height - inset), (width - gap, height - inset)),
        ((inset, gap), (inset, height - gap)),
        ((width - inset, gap), (width - inset, height - gap)),
    ]


@cache  # half the time of a page, if drawn anew for each
def _weave(width: float, height: float, inset: float) -> PDFPathObject:
    path = PDFPathObject()
    for phase in range(6):
        for (x0, y0), (x1, y1) in _sides(width, height, inset):
            _wave(path, x0, y0, x1, y1, phase * pi / 6)
    return path


def _wave(path: PDFPathObject, x0: float, y0: float, x1: float, y1: float, phase: float) -> None:
    horizontal = y0 == y1
    length = (x1 - x0) if horizontal else (y1 - y0)
    periods = round(length / 30)
    steps = periods * 14
    for step in range(steps + 1):
        along = length * step / steps
        away = 5.6 * sin(2 * pi * periods * step / steps + phase) * cos(phase / 2)
        x, y = (x0 + along, y0 + away) if horizontal else (x0 + away, y0 + along)
        (path.lineTo if step else path.moveTo)(round(x, 2), round(y, 2))


def _corner(canvas: Canvas, x: float, y: float) -> None:
    canvas.setFillColor(HexColor("#FFFFFF"))
    canvas.setLineWidth(0.6)
    canvas.rect(x - _BAND / 2, y - _BAND / 2, _BAND, _BAND, fill=1)
    canvas.setLineWidth(0.3)
    path = canvas.beginPath()
    for index in range(97):
        angle = 2 * pi * index / 96
        reach = _BAND * (0.3 + 0.13 * cos(8 * angle))
        (path.lineTo if index else path.moveTo)(x + reach * cos(angle), y + reach * sin(angle))
    canvas.drawPath(path)
    canvas.circle(x, y, 1.4, stroke=1)


@cache
def _hypotrochoid(x: float, y: float, radius: float, turns: int = 17, lobes: int = 48) -> PDFPathObject:
    path = PDFPathObject()
    for step in range(lobes * 30 + 1):
        angle = 2 * pi * turns * step / (lobes * 30)
        across = 0.54 * cos(angle) + 0.46 * cos(angle * lobes / turns)
        up = 0.54 * sin(angle) - 0.46 * sin(angle * lobes / turns)
        (path.lineTo if step else path.moveTo)(round(x + radius * across, 2), round(y + radius * up, 2))
    return path


def _between(stops: Sequence[Color], at: float) -> Color:
    position = at * (len(stops) - 1)
    index = min(int(position), len(stops) - 2)
    a, b, part = stops[index], stops[index + 1], position - index
    return Color(*(p + (q - p) * part for p, q in zip(a.rgb(), b.rgb(), strict=True)))
