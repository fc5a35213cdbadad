"""Texts of settings that are lists, pairs or addresses: parsed, or refused without repeating a secret."""

import re
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from service.kit.database_address import parse_address

_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")

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
