"""An HTTP client for addresses that callers choose: it sends one body and reads the beginning of the response.

Knows HTTP and destinations. A connection leads to an address that was resolved and checked for it, so no resolver can
answer otherwise in between. httpcore is used without httpx because it has no redirects, proxies, cookies, credentials
from files and decompression that would have to be turned off. TLS certificates are verified by the name in the address.
"""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakSet

import anyio
import certifi
import httpcore

from service.kit.destinations import Destination, is_loopback, is_outside, parse_destination

READ_BYTES_MAX = 16_384
"""Maximum number of bytes that are read of a response body; the connection is closed if there are more."""
EXCERPT_LENGTH_MAX = 500
RESOLVERS = 16
"""Threads for resolving names. They are separate, so that a name server that does not answer delays only deliveries."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A function that returns the IP addresses of a host name. Raises OSError if there are none."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome of one request: `status` is that of the response, or None if none arrived, and `error` then says why.

    `excerpt` is the beginning of the response body, and `retry_after` the header of that name.
    """

    status: int | None
    latency_ms: int
    excerpt: str | None = None
    retry_after: str | None = None
    error: str | None = None


class DestinationRefusedError(Exception):
    """A host name leads to an address that must not be connected to."""


class HttpSender:
    """A pool of at most `connections_max` connections. With `loopback` addresses of this machine may be reached."""

    def __init__(self, *, connections_max: int, loopback: bool = False, resolve: Resolve | None = None) -> None:
        self._loopback = loopback
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
        self._backend = _CheckedBackend(resolve or self._resolve, loopback=loopback)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context(),
            max_connections=connections_max,
            max_keepalive_connections=connections_max,
            keepalive_expiry=10,
            network_backend=self._backend,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Sent:
        """Send the body once and return what came of it within `timeout_s` in all; raises nothing but a
        cancellation.
        """
        began_s = time.monotonic()
        status: int | None = None
        more: dict[str, Any] = {}
        try:
            destination = parse_destination(url, loopback=self._loopback)
        except ValueError:
            return Sent(None, 0, error="address refused")
        try:
            # httpcore protects its clean-up from the cancellation by this scope, but not from asyncio.timeout.
            with anyio.fail_after(timeout_s):
                status, more = await self._post(destination, body, headers, timeout_s)
        except DestinationRefusedError:
            more = {"error": "address refused"}
        except (TimeoutError, httpcore.TimeoutException):
            more = {"error": "timeout"}
        except ssl.SSLError as error:
            more = {"error": f"TLS: {error.reason or 'failed'}"[:EXCERPT_LENGTH_MAX]}
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            more = {"error": _described(error)}
        return Sent(status, round((time.monotonic() - began_s) * 1000), **more)

    async def close(self) -> None:
        """Close all connections, including those that the pool lost because a request was cancelled while it closed
        them.
        """
        await self._pool.aclose()
        await self._backend.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _post(
        self, destination: Destination, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[int, dict[str, Any]]:
        url = httpcore.URL(
            scheme=b"https" if destination.is_tls else b"http",
            host=destination.host.encode(),
            port=destination.port,
            target=destination.target.encode(),
        )
        sent = {"Host": destination.origin, "Content-Length": str(len(body)), "Accept-Encoding": "identity", **headers}
        limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
        async with self._pool.stream(
            "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": limits}
        ) as response:
            named = {name.lower(): value for name, value in response.headers}
            retry_after = named.get(b"retry-after")
            return response.status, {
                "excerpt": await _beginning(response),
                "retry_after": None if retry_after is None else retry_after.decode("latin-1"),
            }

    async def _resolve(self, host: str, port: int) -> list[str]:
        find = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, find)
        return list(dict.fromkeys(str(each[4][0]) for each in found))


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Network backend that connects only to checked IP addresses, never to names."""

    def __init__(self, resolve: Resolve, *, loopback: bool) -> None:
        self._resolve = resolve
        self._loopback = loopback
        self._backend = httpcore.AnyIOBackend()
        self._opened: WeakSet[httpcore.AsyncNetworkStream] = WeakSet()

    async def close(self) -> None:
        """Close every connection that is still open."""
        for stream in list(self._opened):
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        if not addresses or not all(map(self._is_allowed, addresses)):
            raise DestinationRefusedError
        failure: Exception = OSError("no address")
        for address in addresses[:4]:
            try:
                stream = await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._opened.add(stream)
                return stream
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _is_allowed(self, address: str) -> bool:
        return is_outside(address) or (self._loopback and is_loopback(address))


async def _beginning(response: httpcore.Response) -> str | None:
    read = b""
    async for piece in response.aiter_stream():
        read += piece
        if len(read) >= READ_BYTES_MAX:
            break
    # NUL and lone surrogates cannot be stored in the database.
    text = read[: EXCERPT_LENGTH_MAX * 4].decode("utf-8", "replace").replace("\x00", "")[:EXCERPT_LENGTH_MAX]
    return text or None


def _described(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {cause.reason or 'failed'}"[:EXCERPT_LENGTH_MAX]
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, socket.gaierror):
        return "host not found"
    if isinstance(error, httpcore.ConnectError):
        return "connection refused or unreachable"
    if isinstance(error, httpcore.ProtocolError):
        return "no valid HTTP response"
    return "connection lost"


def ssl_context() -> ssl.SSLContext:
    """Return a context with the authorities of `SSL_CERT_FILE`, or of certifi if that is not set."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
