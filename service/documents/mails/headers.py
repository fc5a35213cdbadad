"""Headers of mails, written without the email package, which encodes long addresses, drops letters of long names, and
misreads names that look like encoded words.

Values contain no control characters, and no line exceeds 998 bytes, as RFC 5322 requires.
"""

import re
from base64 import b64encode
from collections.abc import Mapping

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"[ -~]{0,60}")
_WORD_BYTES_MAX = 45
"""Bytes of an encoded word, which is then 72 characters long, of 75 that are allowed."""


def one_line(text: str) -> str:
    """Return the text without control characters and ends of lines."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Return the headers, whose values were made by the functions of this module or are plain."""
    for value in headers.values():
        if _CONTROLS.search(value.replace("\r\n ", "")):
            raise ValueError("a header has a control character")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


def text_value(text: str) -> str:
    """Return the text as a value of a header such as Subject."""
    line = one_line(text)
    return line if _is_plain(line) else _encoded(line)


def address_value(name: str, address: str) -> str:
    """Return the address with its owner's name, if that is not empty."""
    line = one_line(name)
    if not line:
        return address
    if not _is_plain(line):
        return f"{_encoded(line)}\r\n <{address}>"
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def _encoded(text: str) -> str:
    """Return the text as encoded words (RFC 2047), none of which ends within a character."""
    words, word = [], b""
    for character in text:
        if len(word) + len(character.encode()) > _WORD_BYTES_MAX:
            words.append(word)
            word = b""
        word += character.encode()
    return "\r\n ".join(f"=?utf-8?b?{b64encode(each).decode()}?=" for each in (*words, word))
