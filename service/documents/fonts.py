"""Fonts of the documents, all from packages: the operating system's would give other bytes on every machine."""

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path

from service.kit.font_characters import characters_of

PACKAGES = ("fontpkg_eb_garamond", "fontpkg_amiri", "manimgx_fonts", "manimgx_fonts_cjk")
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
_DISALLOWED = frozenset({0xFEFF, 0xFFFE, 0xFFFF})
"""Code points that PDF/A does not allow in text."""
_WITHOUT_INK = frozenset({"Cf", "Zs", "Zl", "Zp"})
_VARIATION_SELECTORS = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})
_OGHAM_SPACE = 0x1680
"""The only space character that is drawn, as a line."""


def font_folders() -> list[Path]:
    """Return the folders of all installed fonts."""
    return [Path(str(files(package))) for package in PACKAGES]


def unshown(text: str) -> list[str]:
    """Return the characters of the text that no installed font shows, each once, in the order of the text.

    Reads a font file once a process, and only if no smaller one shows a character. All of them take 0.05 s.
    """
    missing = {ord(each) for each in set(text) if not _needs_no_file(each)}
    for path in _font_files() if missing else ():
        missing = missing - _characters(path)  # not -=, which iterates over the larger set
        if not missing:
            break
    return list(dict.fromkeys(each for each in text if ord(each) in missing))


def read_all() -> None:
    """Read all font files, so that `unshown` reads none."""
    for path in _font_files():
        _characters(path)


def are_read() -> bool:
    """Return True if this process has read all font files."""
    return bool(_font_files.cache_info().currsize) and _characters.cache_info().currsize == len(_font_files())


def is_plain(text: str) -> bool:
    """Return True for a text of printable ASCII and line breaks, which the fonts show. Reads no file."""
    return text.isascii() and (text.isprintable() or all(map(_needs_no_file, text)))


def _needs_no_file(character: str) -> bool:
    return " " <= character <= "~" or _needs_no_glyph(character)


def _needs_no_glyph(character: str) -> bool:
    code = ord(character)
    if character in "\t\n\r":
        return True
    if code in _DISALLOWED or code == _OGHAM_SPACE:
        return False
    return unicodedata.category(character) in _WITHOUT_INK or code in _VARIATION_SELECTORS


@cache
def _font_files() -> tuple[Path, ...]:
    """Return the font files, smallest first, but those of Latin, Greek and Cyrillic before all others."""
    found = (path for folder in font_folders() for path in folder.rglob("*") if path.suffix in _SUFFIXES)
    return tuple(sorted(found, key=lambda path: (not path.name.startswith("EBGaramond["), path.stat().st_size)))


@cache
def _characters(path: Path) -> frozenset[int]:
    return characters_of(path) - _DISALLOWED
