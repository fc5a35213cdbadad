"""Text of any script as glyphs with positions: bidirectional order, fonts by script, HarfBuzz shaping.

Knows nothing of pages or of the contents of texts. Needs no font of the system's: all come with packages.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import groupby
from typing import Any, Literal, NamedTuple

import uharfbuzz as hb  # type: ignore[import-untyped]

from service.kit.bidi import embedding_levels

EM = 1000
"""Glyphs are measured in thousandths of an em, as PDF does."""

_GARAMOND = ("fontpkg_eb_garamond", "files/EBGaramond[wght].ttf")
_GARAMOND_ITALIC = ("fontpkg_eb_garamond", "files/EBGaramond-Italic[wght].ttf")
_SANS = ("manimgx_fonts", "NotoSans[wght].ttf")
_JAPANESE = ("justmytype_intl_cjk", "fonts/ofl/notosansjp/NotoSansJP[wght].ttf")
_KOREAN = ("justmytype_intl_cjk", "fonts/ofl/notosanskr/NotoSansKR[wght].ttf")
_CHINESE = ("justmytype_intl_cjk", "fonts/ofl/notosanssc/NotoSansSC[wght].ttf")
_TRADITIONAL = ("justmytype_intl_cjk", "fonts/ofl/notosanstc/NotoSansTC[wght].ttf")
_BY_SCRIPT = {
    "HANGUL": _KOREAN,
    "HIRAGANA": _JAPANESE,
    "KATAKANA": _JAPANESE,
    "BOPOMOFO": _TRADITIONAL,
}
_BY_SCRIPT |= {
    script.upper(): ("manimgx_fonts", f"NotoSans{script}[wght].ttf")
    for script in (
        *("Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew"),
        *("Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai"),
    )
}
_EAST_ASIAN = frozenset({"HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO"})
_SYMBOLS = ("manimgx_fonts", "NotoSansSymbols[wght].ttf")
_EMOJI = ("manimgx_fonts", "NotoEmoji[wght].ttf")


_USELESS_IN_PDF = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "name", "post", "cmap", "OS/2", "vhea", "vmtx")


class Style(NamedTuple):
    """A face: the family serves Latin, Greek and Cyrillic; other scripts fall back to Noto Sans of the same weight."""

    family: Literal["serif", "sans"]
    weight: int = 400
    italic: bool = False


class Glyph(NamedTuple):
    """A shaped glyph, in thousandths of an em, and the characters it represents."""

    id: int
    advance: float
    x_offset: float
    y_offset: float
    text: str


@dataclass(frozen=True)
class Run:
    """Glyphs of one font, in the order in which they stand on the page from left to right."""

    font: "Font"
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True)
class Line:
    """Text set on one line."""

    runs: tuple[Run, ...]

    @cached_property
    def width_em(self) -> float:
        return sum(glyph.advance for run in self.runs for glyph in run.glyphs) / EM


@dataclass(frozen=True, eq=False)
class Font:
    """A font file at one weight, ready to shape. Loaded once a process and never changed after."""

    name: str
    face: Any
    shaper: Any
    weight: float
    covered: Any

    def width(self, glyph_id: int) -> int:
        """Return the advance that the embedded font declares, in thousandths of an em."""
        return int(self.shaper.get_glyph_h_advance(glyph_id) * EM / self.face.upem + 0.5)

    def shape(self, text: str, *, rightward: bool, tracking: float) -> Iterator[Glyph]:
        buffer = hb.Buffer()
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "ltr" if rightward else "rtl"
        hb.shape(self.shaper, buffer, {"liga": not tracking})
        clusters = sorted({info.cluster for info in buffer.glyph_infos})
        ends = dict(zip(clusters, [*clusters[1:], len(text)], strict=True))
        scale = EM / self.face.upem
        shaped = list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))
        bases: dict[int, int] = {}  # the widest glyph of a cluster stands for its characters, its marks for nothing
        for index, (info, position) in enumerate(shaped):
            widest = bases.setdefault(info.cluster, index)
            if position.x_advance > shaped[widest][1].x_advance:
                bases[info.cluster] = index
        for index, (info, position) in enumerate(shaped):
            stands_for = text[info.cluster : ends[info.cluster]] if bases[info.cluster] == index else ""
            advance, x, y = position.x_advance * scale, position.x_offset * scale, position.y_offset * scale
            yield Glyph(info.codepoint, advance + (tracking if advance else 0), x, y, stands_for)

    def subset(self, glyph_ids: Sequence[int]) -> bytes:
        """Return a TrueType file with only these outlines, at this weight, under their own numbers."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(glyph_ids)
        wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        wanted.drop_table_tag_set.update(int.from_bytes(tag.encode()) for tag in _USELESS_IN_PDF)
        wanted.pin_axis_location(self.face, "wght", self.weight)
        return bytes(hb.subset(self.face, wanted).blob.data)


@cache
def _font(package: str, path: str, weight: int) -> Font:
    # A font file is package data: it does not change, and is mapped once.
    face = hb.Face(hb.Blob.from_file_path(str(files(package).joinpath(path))))
    axis = next(axis for axis in face.axis_infos if axis.tag == "wght")
    value = min(max(float(weight), axis.min_value), axis.max_value)
    shaper = hb.Font(face)
    shaper.set_variations({"wght": value})
    name = path.rpartition("/")[2].partition("[")[0]
    return Font(f"{name}-{value:.0f}", face, shaper, value, face.unicodes)


@lru_cache(maxsize=4096)
def set_line(text: str, style: Style, tracking: float = 0) -> Line:
    """Set the text on one line: each script in a font that has it, right-to-left parts in their place. `tracking` is
    extra room after each glyph, in thousandths of an em. A character that no font has shows as an empty box.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    levels, fonts = embedding_levels(text), _fonts(text, style)
    runs: list[tuple[int, Run]] = []
    start = 0
    for (level, font), same in groupby(zip(levels, fonts, strict=True)):
        end = start + sum(1 for _ in same)
        glyphs = tuple(font.shape(text[start:end], rightward=level % 2 == 0, tracking=tracking))
        runs.append((level, Run(font, glyphs)))
        start = end
    return Line(tuple(_visual_order(runs)))


def shrink(text: str, style: Style, size: float, width: float, least: float) -> tuple[str, float]:
    """Return the text and the size at which it fits the width: smaller down to `least`, then cut short with an
    ellipsis.
    """
    width_em = set_line(text, style).width_em
    if width_em * size <= width:
        return text, size
    if width_em * least <= width:
        return text, width / width_em
    kept = bisect_left(
        range(len(text)), 1, key=lambda cut: set_line(_cut(text, cut + 1), style).width_em * least > width
    )
    return _cut(text, kept), least


def _cut(text: str, kept: int) -> str:
    return text[:kept].rstrip() + "…"


def wrap(text: str, style: Style, size: float, width: float) -> list[str]:
    """Break the text into lines that fit the width, at spaces and, in a word wider than a line, anywhere."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if set_line(longer, style).width_em * size <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and set_line(lines[-1] + character, style).width_em * size > width:
                lines.append("")
            lines[-1] += character
    return lines


def _fonts(text: str, style: Style) -> list[Font]:
    """Return the font of each character. A character without a script (space, digit, mark) stays in its neighbour's
    font.
    """
    own = _GARAMOND_ITALIC if style.italic else _GARAMOND if style.family == "serif" else _SANS
    scripts = [unicodedata.name(character, "").partition(" ")[0].partition("-")[0] for character in text]
    han = next((_BY_SCRIPT[script] for script in scripts if script in _EAST_ASIAN), _CHINESE)
    fonts: list[Font] = []
    for character, script in zip(text, scripts, strict=True):
        wished = [_BY_SCRIPT[script]] if script in _BY_SCRIPT else [own, _SANS]
        if fonts and unicodedata.category(character)[0] != "L" and ord(character) in fonts[-1].covered:
            fonts.append(fonts[-1])
            continue
        choices = (_font(*file, style.weight) for file in (*wished, han, _TRADITIONAL, _SYMBOLS, _EMOJI))
        fonts.append(next((font for font in choices if ord(character) in font.covered), _font(*own, style.weight)))
    return fonts


def _visual_order(runs: list[tuple[int, Run]]) -> Iterator[Run]:
    """Return the runs from left to right: each stretch of a level or above is reversed, from the highest level down."""
    for level in range(max((level for level, _ in runs), default=0), 0, -1):
        start = 0
        for inside, same in groupby(list(runs), key=lambda levelled: levelled[0] >= level):
            end = start + sum(1 for _ in same)
            if inside:
                runs[start:end] = runs[start:end][::-1]
            start = end
    return (run for _, run in runs)
