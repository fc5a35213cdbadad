# ruff: noqa: RUF001 - letters that look alike are the subject of these tests
"""Search keys: what is the same text to a user is the same key, in every script.

Seen to fail when: the key is not composed again; compatibility forms are folded before they are taken apart; invisible
code points stay; the Turkish letters i differ.
"""

from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.kit.search_key import search_key

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.text(st.characters(exclude_categories=["Cs"]))
marked = st.text(st.sampled_from("aeiIıİuüÜßẞσςΣεέΈhеЁأاؤ\u0300\u0301\u0307\u0308\u0323\u0345\u0654\u200c"), max_size=8)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("école", "École Verte"),
        ("e\u0301cole", "École Verte"),  # decomposed, as macOS writes file names
        ("école", "E\u0301COLE VERTE"),
        ("straße", "Hauptstrasse 5"),
        ("STRASSE", "Hauptstraße 5"),
        ("hauptstraẞe", "HAUPTSTRASSE 5"),
        ("istanbul", "İSTANBUL ENERJİ"),
        ("İstanbul", "istanbul enerji"),
        ("ısparta", "ISPARTA GÜL"),
        ("ISPARTA", "ısparta gül"),
        ("οδυσσευς", "ΟΔΥΣΣΕΥΣ ΑΕ"),
        ("ΟΔΥΣΣΕΥΣ", "Οδυσσευς και Σια"),  # a final sigma on one side, none on the other
        ("οδυσσευσ", "οδυσσευς"),
        ("зеленый", "ЗЕЛЕНЫЙ ЛЕС"),
        ("ёлка", "Е\u0308ЛКА"),
        ("ՀԱՅԱՍՏԱՆ", "հայաստան"),
        ("მწვანე", "ᲛᲬᲕᲐᲜᲔ"),  # Georgian capitals
        ("مؤسسة", "مو\u0654سسة الخضراء"),
        ("مؤسسة", "\ufee3\ufe86\ufeb3\ufeb4\ufe94"),  # presentation forms, as old PDF files hold them
        ("میخواهم", "می\u200cخواهم"),  # a joiner that Persian text is written with and without
        ("カーボン", "ｶｰﾎﾞﾝ株式会社"),  # half-width letters with a mark of their own
        ("ｃａｒｂｏｎ", "Carbon KK"),
        ("carbon 株式会社", "ＣＡＲＢＯＮ\u3000株式会社"),  # full-width letters and an ideographic space
        ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),  # Hangul in single letters
        ("tiếng việt", "TIÊ\u0301NG VIÊ\u0323T"),
        ("हिन्दी", "हिन्दी ऊर्जा"),
        ("क़लम", "क\u093cलम"),
        ("office", "oﬃce"),  # a ligature
        ("ltd", "㋏ \u200fLtd."),  # a direction mark, pasted along
        ("carbon", "car\u00adbon"),
        ("no 5", "№ 5"),
    ],
)
def test_a_text_is_found_however_it_is_typed(typed, stored):
    assert search_key(typed) in search_key(stored)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("ecole", "École"), ("grun", "Grün"), ("зелёный", "зеленый"), ("カボン", "カーボン"), ("は", "ば")],
)
def test_letters_that_differ_by_an_accent_stay_apart(typed, stored):
    assert search_key(typed) not in search_key(stored)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("École Verte", "école verte"),
        ("Straße", "strasse"),
        ("İI ıi", "ii ii"),
        ("ı\u0307 i\u0307\u0307", "i i"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("①㎆½", "1mb1⁄2"),
        ("100 %_\\", "100 %_\\"),
        ("", ""),
        ("\u200b\ufeff", ""),
        ("ﷺ", "صلى الله عليه وسلم"),
    ],
)
def test_keys_are_exactly_these(text, key):
    assert search_key(text) == key


def test_every_code_point_gives_one_key_in_any_case_and_form():
    for code_point in (*range(0xD800), *range(0xE000, 0x110000)):
        character = chr(code_point)
        forms = {character.upper(), character.lower(), *(normalize(form, character) for form in FORMS)}
        if forms != {character}:  # most letters of the world have one case and one form
            key = search_key(character)
            assert {search_key(form) for form in (*forms, key)} == {key}, hex(code_point)
            assert len(key) <= 18


@any_speed
@given(st.one_of(texts, marked))
def test_a_key_is_its_own_key_and_that_of_every_form_of_its_text(text):
    key = search_key(text)
    assert search_key(key) == key
    assert {search_key(normalize(form, text)) for form in FORMS} == {key}
