"""Shaped text in a ReportLab page: the operators that show it, and the fonts embedded for it.

Knows nothing of the contents. ReportLab's own TrueType text cannot order or shape, numbers ligatures in the order in
which the process meets them, and embeds raw bytes; here the same text always makes the same bytes, and all of them are
ASCII.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from service.kit.shaping import EM, Font, Line, Run

ASCII_FILTERS = (pdfdoc.PDFBase85Encode, pdfdoc.PDFZCompress)
Codes: TypeAlias = dict[tuple[int, str], int]
"""The code of each glyph with the text it represents: one outline may represent many letters, as joined Arabic
ones do.
"""


@dataclass
class Typesetter:
    """A writer of lines into a canvas. Their fonts are written into its document when that is saved."""

    canvas: Canvas
    _used: dict[Font, Codes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # ReportLab adds these fonts when the document is saved, once every glyph is known.
        vars(self.canvas)["_doc"].delayedFonts.append(self)

    def text(
        self, x: float, y: float, line: Line, size: float, align: Literal["left", "centre", "right"] = "left"
    ) -> None:
        """Draw the line with its baseline at y, and its left end, centre or right end at x."""
        x -= line.width_em * size * {"left": 0, "centre": 0.5, "right": 1}[align]
        content = vars(self.canvas)["_code"]  # ReportLab has no call for text whose glyphs are known
        for run in line.runs:
            codes = self._used.setdefault(run.font, {})
            name = f"T{list(self._used).index(run.font)}"
            content.append(f"BT /{name} {size:.3f} Tf 1 0 0 1 {x:.3f} {y:.3f} Tm {_shown(run, codes, size)} ET")
            x += sum(glyph.advance for glyph in run.glyphs) * size / EM

    def addObjects(self, document: Any) -> None:  # noqa: N802 - the name by which ReportLab calls it
        """Embed each used font, cut down to its used glyphs."""
        fonts = document.idToObject["BasicFonts"].dict
        for index, (font, codes) in enumerate(self._used.items()):
            fonts[f"T{index}"] = _embed(document, font, codes, f"CERT{chr(65 + index // 26)}{chr(65 + index % 26)}")


def _shown(run: Run, codes: Codes, size: float) -> str:
    """Return the operators that show the glyphs: each advances by its own width, adjusted by kerning and mark
    placement.
    """
    shown, moves = "", ""
    for glyph in run.glyphs:
        after = glyph.x_offset + run.font.width(glyph.id) - glyph.advance
        code = codes.setdefault((glyph.id, glyph.text), len(codes) + 1)
        placed = f"{_moved(-glyph.x_offset)}<{code:04X}>{_moved(after)}"
        if glyph.y_offset:
            shown += f"[{moves}] TJ {glyph.y_offset * size / EM:.3f} Ts [{placed}] TJ 0 Ts "
            moves = ""
        else:
            moves += placed
    return f"{shown}[{moves}] TJ".replace("><", "")


def _moved(thousandths: float) -> str:
    return f"{thousandths:.1f}" if abs(thousandths) >= 0.05 else ""


def _embed(document: Any, font: Font, codes: Codes, tag: str) -> Any:
    """Return a Type 0 font (PDF 32000-1, 9.7) for the codes, which count from 1, with a map back to text for
    readers.
    """
    name = pdfdoc.PDFName(f"{tag}+{font.name}")
    glyph_ids = [glyph_id for glyph_id, _ in codes]

    def stream(key: str, content: bytes, **entries: int) -> Any:
        made = pdfdoc.PDFStream(pdfdoc.PDFDictionary(entries), content, filters=ASCII_FILTERS)
        return document.Reference(made, f"{tag}.{key}")

    def dictionary(key: str, **entries: Any) -> Any:
        return document.Reference(pdfdoc.PDFDictionary(entries), f"{tag}.{key}")

    outlines = font.subset(glyph_ids)
    extents = font.shaper.get_font_extents("ltr")
    scale = EM / font.face.upem
    descriptor = dictionary(
        "descriptor",
        Type=pdfdoc.PDFName("FontDescriptor"),
        FontName=name,
        Flags=4,
        FontBBox=pdfdoc.PDFArray([-EM, round(extents.descender * scale), 2 * EM, round(extents.ascender * scale)]),
        ItalicAngle=0,
        Ascent=round(extents.ascender * scale),
        Descent=round(extents.descender * scale),
        CapHeight=700,
        StemV=80,
        FontFile2=stream("outlines", outlines, Length1=len(outlines)),
    )
    identity = {"Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0}
    descendant = dictionary(
        "descendant",
        Type=pdfdoc.PDFName("Font"),
        Subtype=pdfdoc.PDFName("CIDFontType2"),
        BaseFont=name,
        CIDSystemInfo=pdfdoc.PDFDictionary(identity),
        CIDToGIDMap=stream("glyphs", b"".join(glyph_id.to_bytes(2) for glyph_id in (0, *glyph_ids))),
        FontDescriptor=descriptor,
        W=pdfdoc.PDFArray([1, pdfdoc.PDFArray([font.width(glyph_id) for glyph_id in glyph_ids])]),
    )
    return dictionary(
        "font",
        Type=pdfdoc.PDFName("Font"),
        Subtype=pdfdoc.PDFName("Type0"),
        BaseFont=name,
        Encoding=pdfdoc.PDFName("Identity-H"),
        DescendantFonts=pdfdoc.PDFArray([descendant]),
        ToUnicode=stream("unicode", _to_unicode(codes)),
    )


def _to_unicode(codes: Codes) -> bytes:
    mapped = [f"<{code:04X}> <{text.encode('utf-16-be').hex()}>" for (_, text), code in codes.items()]
    blocks = [mapped[at : at + 100] for at in range(0, len(mapped), 100)]  # 100 is the most that a block may hold
    listed = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{listed}endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()
