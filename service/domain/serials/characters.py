"""Characters of serial numbers: what is removed from pasted text, what is refused, and the forms in which texts are
compared.
"""

import re
import unicodedata

from service.errors import Code, Refused

SERIAL_LENGTH_MAX = 200
RANGE_LENGTH_MAX = 2 * SERIAL_LENGTH_MAX + 10
"""Maximum length of a range: two whole serials and the text between them."""

# These three, modifier minus, hyphen bullet and minus sign, are not dashes to Unicode (Pd).
_OTHER_DASHES = "\u02d7\u2043\u2212"
_OTHER_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Invisible characters that Unicode does not class as format characters (Cf)."""
_BROKEN_LINE = re.compile(r"(?<=[^\s][-_])\s*\n\s*|\s*\n\s*(?=[-_][^\s])")
_BLANKS = re.compile(r"\s+")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def clean(text: str, *path: str | int, length_max: int = RANGE_LENGTH_MAX) -> str:
    """Return the text as the registry wrote it: without invisible characters and blanks at the ends, each other run of
    blanks as one blank. Letter case and kinds of dash stay. A line break next to a dash or underscore is removed,
    because documents wrap lines there.

    Refuses `BAD_USER_INPUT` for a text that is empty or too long, for digits other than 0 to 9, and for any character
    that is not ASCII after compatibility forms and dashes are folded: with a look-alike letter the same credits could
    be received twice.
    """
    if len(text) > 10 * length_max:
        raise _too_long(length_max, path)
    visible = "".join(character for character in text if not _is_invisible(character))
    lines = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", visible).strip()
    received = _dash_safe(_BROKEN_LINE, lines)
    received = _BLANKS.sub(" ", received)
    if not received:
        raise Refused(Code.BAD_USER_INPUT, "Give the serial as the registry writes it. The text is empty.", path)
    if len(received) > length_max:
        raise _too_long(length_max, path)
    for character in received:
        _refuse_foreign(character, path)
    return received


def fold(received: str) -> str:
    """Return a cleaned text in the form that patterns match: ASCII, upper case, every dash as "-". Its length does not
    change.
    """
    return "".join(_fold(character) for character in received)


def canonical(text: str) -> str:
    """Return any text in the form from which keys are made: NFKC, upper case, every dash as "-", without blanks and
    invisible characters.
    """
    if text.isascii():
        return _BLANKS.sub("", text).upper()
    normal = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        "-" if _is_dash(character) else character
        for character in normal
        if not character.isspace() and not _is_invisible(character)
    )


def without_leading_zeros(text: str) -> str:
    """Return the text with every run of digits as a number: "0001-VCU-003" is "1-VCU-3"."""
    return _LEADING_ZEROS.sub("", text)


def _too_long(length_max: int, path: tuple[str | int, ...]) -> Refused:
    return Refused(Code.BAD_USER_INPUT, f"Give at most {length_max} characters.", path)


def _dash_safe(pattern: re.Pattern[str], lines: str) -> str:
    """Remove the matches of the pattern, which expects every dash as "-", and keep the other dashes of the text as they
    are.
    """
    plain = "".join("-" if _is_dash(character) else character for character in lines)
    kept, end = [], 0
    for found in pattern.finditer(plain):
        kept.append(lines[end : found.start()])
        end = found.end()
    return "".join([*kept, lines[end:]])


def _refuse_foreign(character: str, path: tuple[str | int, ...]) -> None:
    if character.isascii() and character.isprintable():
        return
    normal = unicodedata.normalize("NFKC", character)
    if character.isdigit() or re.search("[0-9]", normal):
        message = f"Write numbers with the digits 0 to 9. {_named(character)} is another digit."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    if not _is_dash(character) and not (len(normal) == 1 and normal.isascii() and normal.isprintable()):
        message = f"Write the serial in ASCII letters, digits and signs. {_named(character)} is none of them."
        raise Refused(Code.BAD_USER_INPUT, message, path)


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _fold(character: str) -> str:
    return "-" if _is_dash(character) else unicodedata.normalize("NFKC", character).upper()


def _is_dash(character: str) -> bool:
    return character == "-" or unicodedata.category(character) == "Pd" or character in _OTHER_DASHES


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or _OTHER_INVISIBLE.match(character) is not None
