"""Names on documents: each of their characters is shown, or stands in brackets by its code point; none disappears.

Seen to fail when: a package of fonts is not read; text that is refused is dropped instead of put in brackets; marks of
letters are read out as their letters again; invisible characters are read out.
"""

import re
import unicodedata
from functools import cache
from io import BytesIO

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service.documents.drawing import draw
from service.documents.fonts import font_folders, unshown
from service.kit.font_characters import characters_of
from tests.documents.certificates import certificate_json
from tests.documents.names import REFUSED, SHOWN

CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BROKEN = {
    "bengali": "a vowel that stands on both sides of its consonant repeats the syllable",
    "lao": "a space before a vowel",
    "khmer": "line breaks and controls inside of words",
    "right to left with Latin": "brackets are mirrored",
}
"""Names whose text is not read out as it was entered, and the difference."""


@cache
def drawn(name: str) -> bytes:
    return draw("certificate", certificate_json(recipient=name)).pdf


def read(pdf: bytes) -> str:
    """The text as a reader of PDFs gives it, without the controls of direction that it adds."""
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    return CONTROLS.sub("", text)


@pytest.mark.parametrize("script", SHOWN)
def test_a_name_in_this_script_is_shown(script: str):
    assert unshown(SHOWN[script]) == []
    assert draw("certificate", certificate_json(recipient=SHOWN[script])).missing == ""


@pytest.mark.parametrize("script", REFUSED)
def test_the_characters_that_no_font_shows_are_named(script: str):
    name = f"Acme {REFUSED[script]}"
    letters = [each for each in dict.fromkeys(REFUSED[script]) if each != " "]

    assert unshown(name) == letters
    text = "".join(read(drawn(name)).split())
    assert all(f"[U+{ord(each):04X}]" in text for each in letters)
    assert "Acme" in text


@pytest.mark.parametrize("script", [script for script in SHOWN if script not in BROKEN])
def test_a_reader_of_pdfs_finds_the_name(script: str):
    assert SHOWN[script] in read(drawn(SHOWN[script]))


@pytest.mark.parametrize("script", SHOWN)
def test_a_reader_of_pdfs_finds_each_letter_once(script: str):
    name = SHOWN[script]
    after = read(drawn(name)).partition("made out to")[2].partition("12.345678")[0]

    if script == "bengali":
        assert set(letters(after)) == set(letters(name))
    else:
        assert sorted(letters(after)) == sorted(letters(name))


def letters(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each)[0] == "L")


def test_the_cmaps_are_read_as_the_font_library_reads_them():
    files = [path for folder in font_folders() for path in folder.rglob("*") if path.suffix in {".ttf", ".ttc"}]

    assert len(files) > 20
    for path in files:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            assert characters_of(path) == frozenset(font.getBestCmap()), path.name


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_whatever_the_name_a_document_is_drawn(name: str):
    made = draw("certificate", certificate_json(recipient=name))

    assert set(unshown(name)) <= set(made.missing)
    assert len(pypdfium2.PdfDocument(BytesIO(made.pdf))) >= 1


def test_a_long_name_is_whole():
    for name in ("W" * 200, "ب" * 120, "Improved cook stoves and mangrove restoration " * 6):
        text = read(drawn(name)).partition("made out to")[2].partition("12.345678")[0]
        assert "".join(each for each in text if each.isalpha()) == "".join(name.split())
    boxes = pypdfium2.PdfDocument(drawn("W" * 200))[0].get_textpage()
    assert max(boxes.get_charbox(index)[2] for index in range(boxes.count_chars())) < 595 - 60
