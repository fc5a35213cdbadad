"""Characters that a font file shows, read from its table `cmap`. Knows nothing of shaping.

Reads the two formats that fonts of today have: 4 for the first 65,536 characters, and 12 for all of them.
"""

from collections.abc import Iterable, Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import unpack_from

_COLLECTION = b"ttcf"
_FORMATS = {(3, 10): 2, (0, 6): 2, (0, 4): 2, (3, 1): 1, (0, 3): 1}
"""Unicode tables by platform and encoding; a table of a higher rank contains all characters of a lower one."""


def characters_of(path: Path) -> frozenset[int]:
    """Return the code points that the font shows; of a collection those of its first font."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:  # a file has up to 32 MB
        return _characters(data)


def _characters(data: mmap) -> frozenset[int]:
    start = unpack_from(">I", data, 12)[0] if data[:4] == _COLLECTION else 0
    tables = unpack_from(">H", data, start + 4)[0]
    records = (unpack_from(">4sIII", data, start + 12 + 16 * index) for index in range(tables))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    choices = (unpack_from(">HHI", data, cmap + 4 + 8 * i) for i in range(unpack_from(">H", data, cmap + 2)[0]))
    ranked = [(_FORMATS[platform, kind], offset) for platform, kind, offset in choices if (platform, kind) in _FORMATS]
    table = cmap + max(ranked)[1]
    found: set[int] = set()
    for code_points in _format_12(data, table) if unpack_from(">H", data, table)[0] == 12 else _format_4(data, table):
        found.update(code_points)
    return frozenset(found)


def _format_12(data: mmap, table: int) -> Iterator[Iterable[int]]:
    for group in range(unpack_from(">I", data, table + 12)[0]):
        first, last, glyph = unpack_from(">III", data, table + 16 + 12 * group)
        yield range(first + (glyph == 0), last + 1)  # glyph 0 is the placeholder for missing characters


def _format_4(data: mmap, table: int) -> Iterator[Iterable[int]]:
    count = unpack_from(">H", data, table + 6)[0] // 2
    ends, starts = table + 14, table + 16 + 2 * count
    deltas, ranges = starts + 2 * count, starts + 4 * count
    for segment in range(count):
        at = 2 * segment
        (last,), (first,) = unpack_from(">H", data, ends + at), unpack_from(">H", data, starts + at)
        (delta,), (offset,) = unpack_from(">H", data, deltas + at), unpack_from(">H", data, ranges + at)
        characters = range(first, min(last, 0xFFFE) + 1)
        if offset:
            glyphs = unpack_from(f">{len(characters)}H", data, ranges + at + offset)
            yield [each for each, glyph in zip(characters, glyphs, strict=True) if glyph and (glyph + delta) & 0xFFFF]
        else:
            empty = -delta & 0xFFFF
            yield range(first, min(empty, characters.stop)) if empty in characters else characters
            yield range(empty + 1, characters.stop) if empty in characters else ()
