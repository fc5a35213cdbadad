"""Mail addresses: their form, with letters beyond ASCII, and the form in which mail servers are given them."""

import re
import unicodedata
from typing import NamedTuple, Self

import idna

EMAIL_LENGTH_MAX = 254
_LOCAL_BYTES_MAX = 64
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+")
_CATEGORIES_REFUSED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})


_SENDER = re.compile(r"([^<>\"\x00-\x1f\x7f]*)<([^<>]+)>")


class MailAddress(NamedTuple):
    """A mail address, and the name of its owner, which may be empty."""

    name: str
    email: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that `name@example.com` or `Name <name@example.com>` is. Raise ValueError for another."""
        found = _SENDER.fullmatch(text.strip())
        return cls(found[1].strip(), composed(found[2])) if found else cls("", composed(text.strip()))


def composed(text: str) -> str:
    """Return the address, composed (NFC). Raise ValueError for one that no mail can be sent to.

    Quoted local parts, comments and address literals are refused, and so are blanks and control characters.
    """
    address = unicodedata.normalize("NFC", text)
    _check(address)
    return address


def address_key(address: str) -> str:
    """Return the key under which two forms of one address are equal: in lower case, its domain in ASCII."""
    return sendable(address).lower()


def sendable(address: str) -> str:
    """Return the address with its domain in ASCII, as every mail server reads it. Only a local part beyond ASCII needs
    a server that knows SMTPUTF8.
    """
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def _check(address: str) -> None:
    local, at, domain = address.rpartition("@")
    words = local.split(".")
    if not at or len(address) > EMAIL_LENGTH_MAX or len(local.encode()) > _LOCAL_BYTES_MAX:
        raise ValueError("too long")
    if not all(_WORD.fullmatch(word) for word in words):
        raise ValueError("local part")
    if any(unicodedata.category(letter) in _CATEGORIES_REFUSED for letter in address):
        raise ValueError("characters")
    labels = _ascii_domain(domain).split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("domain")
    if len(sendable(address).encode()) > EMAIL_LENGTH_MAX:
        raise ValueError("too long")


def _ascii_domain(domain: str) -> str:
    """Return the domain in ASCII. Raise ValueError (as idna does) for one that has no such form."""
    return domain if domain.isascii() else idna.encode(domain, uts46=True, std3_rules=True).decode()
