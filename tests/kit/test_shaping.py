import pytest
from bidi import get_display
from hypothesis import example, given
from hypothesis import strategies as st

from service.kit.shaping import Style, set_line, shrink, wrap

SERIF, SANS = Style("serif"), Style("sans", 600)


def read(text, style=SERIF):
    """The characters as they stand on the page from left to right."""
    return "".join(glyph.text for run in set_line(text, style).runs for glyph in run.glyphs)


def fonts(text, style=SERIF):
    return [run.font.name for run in set_line(text, style).runs]


@pytest.mark.parametrize(
    ("text", "from_left"),
    [
        ("Acme", "Acme"),
        ("שלום", "םולש"),
        ("יער 12", "12 רעי"),
        ("Acme שלום Ltd", "Acme םולש Ltd"),
        ("שלום (Acme) 2026", "2026 )Acme( םולש"),
        ("12.5 שלום", "םולש 12.5"),
    ],
)
def test_right_to_left_text_stands_in_its_place(text, from_left):
    assert read(text) == from_left


@given(st.text("abזעלج 129.,:-+$%()[]/&'", min_size=1, max_size=14))
@example("ל1)a(")
@example("אa (ב) 1,2%")
def test_the_order_is_that_of_the_unicode_algorithm(text):
    text = " ".join(text.split())
    brackets = str.maketrans(")]", "([")  # a bracket among right-to-left text is mirrored by its glyph, not its code

    assert read(text).translate(brackets) == get_display(text).translate(brackets)


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("Fundação Łukasz Ελλάς Байкал", "EBGaramond-400"),
        ("شركة أرامكو", "NotoSansArabic-400"),
        ("פרויקט", "NotoSansHebrew-400"),
        ("हिमालय", "NotoSansDevanagari-400"),
        ("โครงการ", "NotoSansThai-400"),
        ("熱帯雨林プロジェクト", "NotoSansJP-400"),
        ("四川沼气项目", "NotoSansSC-400"),
        ("제주 풍력", "NotoSansKR-400"),
        ("საქართველო", "NotoSansGeorgian-400"),
    ],
)
def test_each_script_has_a_font_that_knows_it(text, font):
    line = set_line(text, SERIF)

    assert {run.font.name for run in line.runs} == {font}
    assert all(glyph.id for run in line.runs for glyph in run.glyphs), "glyph 0 is the empty box"


def test_scripts_mix_on_one_line():
    assert fonts("Acme 東京 Ltd", SANS) == ["NotoSans-600", "NotoSansSC-600", "NotoSans-600"]


def test_arabic_letters_join():
    # Joined, the letters lose the wide end that each has alone.
    assert set_line("ببب", SERIF).width_em < 2.5 * set_line("ب", SERIF).width_em


def test_a_letter_is_told_once_whatever_the_marks_on_it():
    assert read("بَيِّن") == "نِّيَب"[::1]


def test_a_weight_is_wider_and_kerning_is_applied():
    assert set_line("Acme", Style("sans", 700)).width_em > set_line("Acme", Style("sans", 400)).width_em
    assert set_line("AV", SERIF).width_em < set_line("A", SERIF).width_em + set_line("V", SERIF).width_em


@given(st.text("abc wiשב熱", min_size=1, max_size=60), st.floats(30, 200))
def test_wrapping_loses_nothing_and_fits(text, width):
    lines = wrap(text, SERIF, 10, width)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(set_line(line, SERIF).width_em * 10 <= width for line in lines)


def test_shrinking_keeps_the_text_as_long_as_the_least_size_allows():
    width_em = set_line("Acme Climate", SERIF).width_em

    assert shrink("Acme Climate", SERIF, 20, width_em * 20, 10) == ("Acme Climate", 20)
    assert shrink("Acme Climate", SERIF, 20, width_em * 15, 10) == ("Acme Climate", pytest.approx(15))


def test_what_cannot_be_shrunk_enough_ends_in_an_ellipsis():
    width = set_line("Acme Climate", SERIF).width_em * 9

    text, size = shrink("Acme Climate", SERIF, 20, width, 10)

    assert size == 10
    assert text.endswith("…")
    assert "Acme Climate".startswith(text[:-1])
    assert set_line(text, SERIF).width_em * 10 <= width
