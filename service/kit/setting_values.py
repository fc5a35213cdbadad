"""Texts of settings that are lists, pairs or addresses: parsed, or refused without repeating a secret."""

import re
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from service.kit.database_address import parse_address

_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")
_PUBLIC_URL = re.compile(r"https?://[^\s?#]+")
_HOST_NAME = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]")
_NUMBER = re.compile(r"/?[0-9]*/?")
"""The path of a Redis URL: none, or the number of a database."""

_PORTS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):([0-9]{1,5})(?:-([0-9]{1,5}))?")


class PortRange(NamedTuple):
    """Ports of a host, from the first to the last. Each process listens on the first that is free."""

    host: str
    first: int
    last: int


def port_range(text: object) -> object:
    """Parse `host:port` or `host:first-last`. Raise ValueError for anything else."""
    if not isinstance(text, str):
        return text
    found = _PORTS.fullmatch(text.strip())
    if found is None:
        raise ValueError("write host:port, or host:first-last for several processes")
    first = int(found[3])
    last = int(found[4] or first)
    if not 1 <= first <= last <= 65_535:
        raise ValueError("ports are numbers from 1 to 65535, the smaller first")
    return PortRange(found[1] or found[2], first, last)


def pairs(text: object) -> object:
    """Parse `a=b, c=d` into a mapping. Raise ValueError for a part of another form, or for a name with two values.
    Return any value that is no text unchanged, for pydantic to refuse.
    """
    if not isinstance(text, str):
        return text
    found: dict[str, str] = {}
    for part in _parts(text):
        name, _, value = (each.strip() for each in part.partition("="))
        if not _HOST_NAME.fullmatch(name) or not value:
            raise ValueError("write host=API, such as api.example.com=lune, without https:// and port")
        if found.setdefault(name.lower(), value) != value:
            raise ValueError("give each host once")
    return found


def origins(text: object) -> object:
    """Parse `https://a, https://b:8443` into a tuple. Raise ValueError for anything that is no origin."""
    if not isinstance(text, str):
        return text
    found = _parts(text)
    for origin in found:
        if origin != "*" and not (_ORIGIN.fullmatch(origin) and _has_host(origin)):
            raise ValueError("an origin is https://host or https://host:port, in lower case and without a path, or *")
    return found


def networks(text: object) -> object:
    """Parse `a, b/8` into networks. Raise ValueError for anything that is no network."""
    if not isinstance(text, str):
        return text
    try:
        return tuple(ip_network(part, strict=False) for part in _parts(text))
    except ValueError:
        raise ValueError(
            "write IP addresses or networks, such as 127.0.0.1,10.0.0.0/8; host names are not possible"
        ) from None


def checked_public_url(url: str | None) -> str | None:
    """Return the URL. Raise ValueError if links cannot begin with it."""
    if url is not None and not (_PUBLIC_URL.fullmatch(url) and _has_host(url)):
        raise ValueError("write https://host or https://host/path, without ? and #")
    return url


def checked_database_url(url: str) -> str:
    """Return the URL. Raise ValueError if it names no database."""
    parse_address(url)
    return url


def checked_read_database_url(url: str | None) -> str | None:
    """Return the URL. Raise ValueError if it names no PostgreSQL."""
    if url is not None and parse_address(url).dialect != "postgresql":
        raise ValueError("write postgresql://user:password@host:port/name: a SQLite file has no replicas")
    return url


def checked_redis_secret(url: SecretStr | None) -> SecretStr | None:
    """Return the URL, which may hold a password. Raise ValueError if it names no Redis server."""
    if url is not None:
        _check_redis_url(url.get_secret_value())
    return url


def _check_redis_url(url: str) -> None:
    form = "write redis://host:port/number, or rediss:// for TLS; write / in a password as %2F and # as %23"
    try:
        address = urlsplit(url)
        _ = address.port  # ValueError unless it is a number from 0 to 65535
    except ValueError:
        raise ValueError(form) from None  # the error would repeat a part of the URL, which may be a password
    if address.scheme == "redis+unix" and address.path:
        return
    # redis-py would silently use database 0 if the path is no number.
    if address.scheme not in ("redis", "rediss") or not address.hostname or not _NUMBER.fullmatch(address.path):
        raise ValueError(form)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _has_host(url: str) -> bool:
    try:
        address = urlsplit(url)
        return bool(address.hostname) and address.port != 0
    except ValueError:  # a port out of range, or brackets that are not closed
        return False
