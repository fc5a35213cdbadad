"""Texts of settings that are lists, pairs or addresses: parsed, or refused without repeating a secret."""

import re
from ipaddress import ip_network
from urllib.parse import urlsplit

from service.kit.database_address import parse_address

_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


def pairs(text: object) -> object:
    """Parse `a=b, c=d` into a mapping. Return any other value unchanged, for pydantic to refuse."""
    if not isinstance(text, str):
        return text
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in parts}


def origins(text: object) -> object:
    """Parse `https://a, https://b:8443` into a tuple. Raise ValueError for anything that is no origin."""
    if not isinstance(text, str):
        return text
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for origin in found:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError("an origin is https://host or https://host:port, in lower case and without a path, or *")
    return found


def networks(text: object) -> object:
    """Parse `a, b/8` into networks. Raise ValueError for anything that is no network."""
    if not isinstance(text, str):
        return text
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def checked_database_url(url: str) -> str:
    """Return the URL. Raise ValueError if it names no database."""
    parse_address(url)
    return url


def checked_redis_url(url: str) -> str:
    """Return the URL. Raise ValueError if it names no Redis server."""
    address = urlsplit(url)
    has_place = address.path if address.scheme.endswith("unix") else address.hostname
    if address.scheme not in ("redis", "rediss", "redis+unix") or not has_place:
        raise ValueError("write redis://host:port/number, or rediss:// for TLS")
    _ = address.port  # ValueError unless it is a number from 0 to 65535
    return url
