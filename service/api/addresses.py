"""Callers without a key, who are identified by their IP address, and their budgets of cost points.

Does not know the APIs. A caller is one IPv4 address, or one /64 of IPv6, because providers assign whole /64 networks.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.headers import header_of
from service.api.rate_limits import Budget, RateLimits
from service.api.refusal_pace import FREE_A_SECOND, Pace

WINDOW_S = 60
REQUEST_POINTS = 1
UNKNOWN_KEY_POINTS = 10
"""Points of a request that is answered 401: a key was looked up for it, and guesses at keys must be limited."""
CHARACTERS_A_POINT = 25
"""Characters of a GraphQL document that is parsed and validated for a caller without a key, for each point."""

_FORWARDED_MAX = 32
_IPV6_PREFIX = 64
log = structlog.get_logger(__name__)


def address_budget(points_a_minute: int) -> Budget:
    """Return the budget of one address."""
    return Budget(
        "address",
        points_a_minute,
        WINDOW_S,
        unit="cost points",
        whose="Requests without a valid API key from your address share",
        unbounded=True,
    )


def document_points(characters: int) -> int:
    """Return the cost points of parsing and validating a document of this length."""
    return math.ceil(characters / CHARACTERS_A_POINT)


class Addresses:
    """The address that a request comes from: that of the connection, or one that a trusted proxy has put into
    X-Forwarded-For.

    Each proxy appends the address of its caller to that header. So it is read from the end to the first address that is
    not a trusted proxy; everything before that could be forged.
    """

    def __init__(self, trusted_proxies: Collection[IPv4Network | IPv6Network] = ()) -> None:
        self._trusted = tuple(trusted_proxies)
        self._has_warned = False

    def of(self, scope: Scope) -> str:
        """Return the address or network whose budget pays for the request."""
        peer = _address((scope.get("client") or ("",))[0])
        if peer is None:  # a Unix socket
            return "local"
        if self._is_trusted(peer):
            return _holder(self._forwarded(scope, peer))
        if peer.is_private and not self._has_warned and header_of(scope, b"x-forwarded-for") is not None:
            self._has_warned = True
            advice = "If this is your proxy, name it in SERVICE_TRUSTED_PROXIES: its callers share one budget."
            log.warning("proxy_not_trusted", address=str(peer), advice=advice)
        return _holder(peer)

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)

    def _forwarded(self, scope: Scope, peer: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
        said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        client = peer
        for text in reversed(said.rsplit(",", _FORWARDED_MAX)[-_FORWARDED_MAX:]):
            address = _address(text)
            if address is None:
                break
            client = address
            if not self._is_trusted(address):
                break
        return client


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`, else None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _holder(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return str(address)


class AddressLimits:
    """Wraps an ASGI application. Every request without a key costs its address points, before its body is read, and
    every one that is answered 401 costs more; refused `THROTTLED` where they are spent.

    `prices` are the points of requests whose path begins with one of these. Those of `free` paths cost nothing; above
    100 in a second from one address they wait.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        budget: Budget,
        addresses: Addresses,
        rate_limits: Callable[[], RateLimits],
        prices: Mapping[str, int] | None = None,
        free: Sequence[str] = (),
        pace_of_free: Pace | None = None,
    ) -> None:
        self._app = app
        self._budget = budget
        self._addresses = addresses
        self._rate_limits = rate_limits
        self._prices = dict(prices or {})
        self._free = tuple(free)
        self._pace_of_free = pace_of_free or Pace(FREE_A_SECOND)

    async def admit(self, scope: Scope) -> None:
        """Let the address of a request without a key pay for it; called before the application is."""
        if scope["path"].startswith(self._free):
            if pause_s := self._pace_of_free.turn(self._addresses.of(scope)).pause_s:
                await asyncio.sleep(pause_s)
        elif header_of(scope, b"authorization") is None:
            await self._pay(scope, self._price(scope["path"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._free):
            await self._app(scope, receive, send)
            return

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and message["status"] == 401:
                return self._pay_for_refusal(scope, message, send)
            return send(message)

        await self._app(scope, receive, sending)

    def _price(self, path: str) -> int:
        for prefix, points in self._prices.items():
            if path.startswith(prefix):
                return points
        return REQUEST_POINTS

    async def _pay_for_refusal(self, scope: Scope, message: Message, send: Send) -> None:
        await self._pay(scope, UNKNOWN_KEY_POINTS)
        await send(message)

    async def _pay(self, scope: Scope, points: int) -> None:
        await pay_from(self._rate_limits(), self._budget, self._addresses.of(scope), points)


async def pay_from(rate_limits: RateLimits, budget: Budget, address: str, points: int) -> None:
    """Pay the points from the address's budget, or all of that if it is less. Refuses `THROTTLED`."""
    state = await rate_limits.spend(budget, address, cost=min(points, budget.requests))
    state.refuse_unless_admitted()
