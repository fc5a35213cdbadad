"""Text folded for search: texts that a user would call equal become the same string, in every script.

The key is stored beside the text and searched by plain comparison of code points, so that SQLite and PostgreSQL find
the same rows, whatever their collations know of letter case.
"""

import re
from unicodedata import normalize

# Code points that Unicode calls default-ignorable: soft hyphens, joiners, direction marks, variation selectors. They
# are not visible, and are often part of pasted names.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Turkish pairs "I" with a dotless small letter and a dotted capital with "i"; every other language pairs "I" with "i".
# The text does not say its language, so all four letters count as "i": a search may find more, and misses nothing.
_TURKISH_I = re.compile("[i\u0131]\u0307*")


def search_key(text: str) -> str:
    """Return the text in the form that searches compare: NFKC, case-folded, without invisible code points.

    Composed and decomposed letters give the same key, and so do wide and narrow forms, ligatures, "ß" and "ss", both
    Greek small sigmas, and the Turkish letters i. Accents remain: "école" is found, "ecole" is not. The key of a key is
    the key itself. It may be longer than the text: one code point gives at most 18.
    """
    # Decomposed first, because compatibility forms contain capitals ("㎆" is "MB"), and some composed letters fold
    # differently from their parts.
    folded = normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    return normalize("NFKC", _TURKISH_I.sub("i", folded))


def optional_search_key(text: str | None) -> str | None:
    """Return the text's search key, None for no text."""
    return None if text is None else search_key(text)
