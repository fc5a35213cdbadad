"""Validation of callers' texts: their length, and characters that a database or a log could not store."""

import re
from urllib.parse import urlsplit

from service.errors import Code, Refused
from service.kit.destinations import URL_LENGTH_MAX, parse_destination

NAME_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 1_000
IDEMPOTENCY_KEY_LENGTH_MAX = 512
METADATA_ENTRIES_MAX = 50
METADATA_LENGTH_MAX = 500
"""Maximum length of a metadata entry's name, and of its value."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def kept_text(text: str, length_max: int, *path: str | int, required: bool = True) -> str:
    """Return the text unchanged. Refuses `BAD_USER_INPUT` for one that is too long, empty unless that is allowed, or
    impossible to store: NUL, which PostgreSQL cannot store, and lone surrogates, which no encoding can.
    """
    if len(text) > length_max or (required and not text) or _UNSTORABLE.search(text):
        least = 1 if required else 0
        raise Refused(Code.BAD_USER_INPUT, f"Give {least} to {length_max} characters, without the character NUL.", path)
    return text


def kept_reference(text: str, length_max: int, *path: str | int) -> str:
    """Return a reference without blanks at its ends. Nobody sees them, and a retry without them would otherwise count
    as a second payment. Refuses as `kept_text`.
    """
    return kept_text(text.strip(), length_max, *path)


def kept_url(text: str, *path: str | int) -> str:
    """Return the text, if it is an absolute https address with a host and no user information."""
    kept_text(text, URL_LENGTH_MAX, *path)
    try:
        parts = urlsplit(text)
        well_formed = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        well_formed = False
    if not well_formed:
        raise Refused(Code.BAD_USER_INPUT, "Give an absolute https:// address.", path)
    return text


def refuse_unless_outside(url: str, *path: str | int, loopback: bool = False) -> None:
    """Refuse `BAD_USER_INPUT` for a URL that this service must not send to: one that is not https, is malformed or too
    long, or whose host is private or reserved. With `loopback` this machine's own addresses are accepted, also with
    http.
    """
    try:
        parse_destination(url, loopback=loopback)
    except ValueError as fault:
        raise Refused(Code.BAD_USER_INPUT, str(fault), path) from fault
