"""Addresses that callers choose and that this service sends to: parsed, and refused if they are in a private or
reserved network.

Knows URLs and IP addresses. The check of the text refuses what can be refused without a resolver; the check of the
resolved addresses is repeated for every connection, because the same name may lead elsewhere by then.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

URL_LENGTH_MAX = 2_000

_URL = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)(?::([0-9]{1,5}))?([/?][!-~]*)?")
"""Scheme, host, port and target, all printable ASCII; no user information, blank, control character or fragment."""
_LABEL = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_FORBIDDEN_IN_TARGET = frozenset('\\"<>^`{|}#')
_INSIDE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp")

_GLOBAL_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_EMBEDDED_IN_LAST_BITS = (_NAT64, IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"))
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_INSIDE_IPV4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments and the metadata service of a cloud
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # the host of a virtual machine in Azure
)


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address: `host` without brackets, `target` from the first slash on."""

    is_tls: bool
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Return the value of the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse_destination(text: str, *, loopback: bool = False) -> Destination:
    """Return the parts of an https address on the internet. Raises `ValueError`, with a reason for the caller, for any
    other.

    With `loopback`, addresses of this machine are accepted as well, also with http.
    """
    found = _URL.fullmatch(text) if len(text) <= URL_LENGTH_MAX else None
    target = "" if found is None else found[4] or "/"
    if found is None or _FORBIDDEN_IN_TARGET & set(target):
        raise ValueError(
            f"Give an absolute https:// address of at most {URL_LENGTH_MAX} printable ASCII characters, without blanks,"
            " user information and fragment. Write a host name of other characters as `xn--…`."
        )
    scheme, host, port = found[1], found[2].strip("[]").lower(), int(found[3] or 0)
    is_tls = scheme == "https"
    if found[3] is not None and not 1 <= port <= 65_535:
        raise ValueError("Give a port from 1 to 65535.")
    if not (loopback and _is_this_machine(host)):
        if not is_tls:
            raise ValueError("Give an address that begins with https://.")
        _refuse_inside(host, bracketed=found[2].startswith("["))
    return Destination(is_tls, host, port or (443 if is_tls else 80), target if target[0] == "/" else f"/{target}")


def is_outside(address: str) -> bool:
    """Return True if the IP address, and every IPv4 address that it embeds, is a public one of a single machine."""
    try:
        parsed = ip_address(address)
    except ValueError:  # for example an address with a zone
        return False
    if isinstance(parsed, IPv4Address):
        return _is_outside(parsed)
    if parsed not in _GLOBAL_IPV6 and parsed not in _NAT64:
        return False
    embedded = list(_embedded(parsed))
    return all(map(_is_outside, embedded)) and (bool(embedded) or _is_outside(parsed))


def is_loopback(address: str) -> bool:
    """Return True if the IP address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _refuse_inside(host: str, *, bracketed: bool) -> None:
    inside = ValueError("Give an address that is reached from the internet.")
    name = host.removesuffix(".")
    labels = name.split(".")
    if bracketed or _NUMBER.fullmatch(labels[-1]):
        # A name that ends in a number is an IPv4 address, which resolvers read in spellings like 127.1 and 0x7f.1 too.
        if not is_outside(host):
            raise inside
        return
    if not all(map(_LABEL.fullmatch, labels)) or len(name) > 253:
        raise ValueError("Give a valid host name.")
    if len(labels) == 1 or f".{name}".endswith(_INSIDE_NAMES):
        raise inside


def _is_outside(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address) and any(address in network for network in _INSIDE_IPV4):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not address.is_link_local
    )


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    number = int(address)
    if any(address in network for network in _EMBEDDED_IN_LAST_BITS) or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)
