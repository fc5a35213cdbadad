"""Correction of the text that programs extract from a PDF by Typst: each character once, and no invisible ones.

Typst gives a letter's dots and marks, which are glyphs of their own in many fonts, the letter's text once more, and
copies the characters that only control direction and line breaks. The page looks the same before and after.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

import pikepdf

_INVISIBLE = re.compile("[\u200b\u2066-\u2069]")
_MAPPED = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]*)>(?=\n)")
_REPLACED = re.compile(rb"/ActualText<FEFF([0-9A-F]*)>")
_NO_TEXT = pikepdf.Dictionary(ActualText=pikepdf.String(b"\xfe\xff"))


def mended(pdf: bytes) -> bytes:
    """Return the PDF with its text corrected. Equal input gives equal output."""
    with pikepdf.open(BytesIO(pdf)) as document:
        for page in document.pages:
            fonts: Any = page.Resources.get("/Font", {})
            marks = {name: _mend_font(font) for name, font in fonts.items()}
            content = _REPLACED.sub(_visible, page.Contents.read_bytes())
            page.Contents.write(content)
            if any(marks.values()):
                page.Contents.write(_without_marks(page, marks))
        file = BytesIO()
        document.save(file, deterministic_id=True, fix_metadata_version=False)
    return file.getvalue()


def _visible(found: re.Match[bytes]) -> bytes:
    return b"/ActualText<FEFF%b>" % _visible_text(found[1])


def _visible_text(digits: bytes) -> bytes:
    text = bytes.fromhex(digits.decode()).decode("utf-16-be")
    return _INVISIBLE.sub("", text).encode("utf-16-be").hex().upper().encode()


def _mend_font(font: Any) -> frozenset[int]:
    """Map the marks of the font to empty text, and return them: the glyphs with a width of zero."""
    descendant = font.DescendantFonts[0]
    widths, default = _widths(descendant), float(descendant.get("/DW", 1000))
    marks = set()

    def mend(found: re.Match[bytes]) -> bytes:
        glyph = int(found[1], 16)
        if widths.get(glyph, default) == 0:
            marks.add(glyph)
            return b"<%b> <>" % found[1]
        return b"<%b> <%b>" % (found[1], _visible_text(found[2]))

    font.ToUnicode.write(_MAPPED.sub(mend, font.ToUnicode.read_bytes()))
    return frozenset(marks)


def _widths(font: Any) -> dict[int, float]:
    """Return the widths of the font's glyphs, from an array of "first [widths …]" and "first last width"."""
    widths: dict[int, float] = {}
    values = iter(font.get("/W", []))
    for first in values:
        following = next(values)
        if isinstance(following, pikepdf.Array):
            widths |= {int(first) + index: float(width) for index, width in enumerate(following)}
        else:
            widths |= dict.fromkeys(range(int(first), int(following) + 1), float(next(values)))
    return widths


def _without_marks(page: pikepdf.Page, marks: Mapping[str, frozenset[int]]) -> bytes:
    """Return the page's content in which the text that replaces only marks is empty."""
    instructions: list[Any] = list(pikepdf.parse_content_stream(page))
    open_spans: list[tuple[int, set[bool]]] = []
    font_marks: frozenset[int] = frozenset()
    for index, instruction in enumerate(instructions):
        match str(instruction.operator):
            case "Tf":
                font_marks = marks.get(str(instruction.operands[0]), frozenset())
            case "BDC" | "BMC":
                open_spans.append((index, set()))
            case "Tj" | "TJ":
                shown = {glyph in font_marks for glyph in _glyphs(instruction.operands)}
                for _, among in open_spans:
                    among.update(shown)
            case "EMC":
                start, kinds = open_spans.pop()
                operands = instructions[start].operands
                if kinds == {True} and len(operands) == 2 and "/ActualText" in operands[1]:
                    instructions[start] = ([operands[0], _NO_TEXT], pikepdf.Operator("BDC"))
    return pikepdf.unparse_content_stream(instructions)


def _glyphs(operands: Iterable[Any]) -> Iterator[int]:
    for operand in operands:
        if isinstance(operand, pikepdf.String):
            codes = bytes(operand)
            yield from (codes[index] << 8 | codes[index + 1] for index in range(0, len(codes), 2))
        elif isinstance(operand, pikepdf.Array):
            yield from _glyphs(operand)
