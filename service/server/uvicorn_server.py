"""Serving by this process: a bound socket, uvicorn on it, and an end that finishes the requests in progress.

Knows nothing of the application.
"""

import asyncio
import errno
import gc
import math
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Literal, NoReturn

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from service.server.connections import (
    CONNECTIONS_DEFAULT_MAX,
    ConnectionLimits,
    ConnectionTable,
    backlog_for,
    connections_possible,
    files_max,
)
from service.server.http_protocol import BoundedProtocol
from service.server.websocket_protocol import BoundedWebSocket
from service.settings import Settings

GARBAGE_BEFORE_COLLECTION = 5_000
"""Thresholds of the garbage collector. Answers leave no cycles, but compiled plans that are dropped do: with higher
thresholds, documents that nobody repeats would pile up tens of megabytes of them.
"""

HOST_ADVICE = "Set SERVICE_HOST (--host) to an address of this machine, such as 127.0.0.1."
NO_PROXY_ADVICE = (
    "Name the proxy's addresses in SERVICE_TRUSTED_PROXIES and let it set X-Forwarded-For:"
    " until then all callers without an API key share the budget of one address."
)
"""Advice if `Settings.names_no_proxy`."""
LISTEN_ADVICE = {
    errno.EADDRINUSE: "End what uses the port, or choose another one in SERVICE_PORT (--port).",
    errno.EACCES: "Choose a port from 1024 on in SERVICE_PORT (--port).",
}

log = structlog.get_logger(__name__)


class CannotServeError(Exception):
    """The server cannot start; the message says why and what to do."""


def bind(settings: Settings) -> socket.socket:
    """Return a bound socket, so that a port in use is found before anything is loaded. Raises CannotServeError.

    The server listens on it once it is ready: until then connections are refused, and a proxy sends its requests to
    another process in the place of letting them wait for this one.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((settings.host, settings.port))
    except (OSError, UnicodeError) as error:
        bound.close()
        raise _cannot_listen(error, settings) from error
    return bound


def _cannot_listen(error: OSError | UnicodeError, settings: Settings) -> CannotServeError:
    place = f"cannot listen on {settings.host}:{settings.port}"
    if isinstance(error, socket.gaierror | UnicodeError):  # UnicodeError: no name of a host, such as a..b
        return CannotServeError(f"{place}: no such host. {HOST_ADVICE}")
    reason = os.strerror(error.errno or 0)  # strerror of the error may repeat the address
    return CannotServeError(f"{place}: {reason}. {LISTEN_ADVICE.get(error.errno or 0, HOST_ADVICE)}")


def listen_for_metrics(settings: Settings) -> socket.socket | None:
    """Return a socket on the first free port of `SERVICE_METRICS_BIND`, None without that setting. Raises
    CannotServeError if none is free.
    """
    ports = settings.metrics_bind
    if ports is None:
        return None
    family = socket.AF_INET6 if ":" in ports.host else socket.AF_INET
    reason = ""
    for port in range(ports.first, ports.last + 1):
        try:
            return socket.create_server((ports.host, port), family=family)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
    raise CannotServeError(
        f"cannot listen on any port of SERVICE_METRICS_BIND, {ports.host}:{ports.first}-{ports.last}: {reason}. Each"
        " process that shares this setting needs one."
    )


@asynccontextmanager
async def serving_metrics(listener: socket.socket, settings: Settings, app: ASGIApp) -> AsyncIterator[None]:
    """Serve the application on the listener, beside what this event loop serves, until the context is left."""
    server = _SilentServer(_config(app, settings, lifespan="off"))
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]), name="metrics")
    host, port = listener.getsockname()[:2]
    log.info("metrics_served", host=host, port=port)
    try:
        yield
    finally:
        server.should_exit = True
        with suppress(Exception):  # the service ends all the same
            await task


class _SilentServer(uvicorn.Server):
    """A server that leaves the signals to the one beside which it runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _ListeningServer(uvicorn.Server):
    """A server that raises OSError if it cannot listen on a socket. uvloop closes such a socket without an error."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        with ExitStack() as stack:
            kept = [stack.enter_context(each.dup()) for each in sockets or ()]
            await super().startup(sockets=sockets)
            try:
                for each in kept:
                    each.listen(self.config.backlog)  # again, which changes nothing
            except OSError:
                await self.shutdown()
                raise


class _Processes(Multiprocess):
    """Processes that listen on one socket from the moment at which the first of them is ready. If another service took
    the port until then, which uvloop does not tell, they end, and `lost_port` is True.
    """

    lost_port = False
    _has_listened = False

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if self._has_listened or self.should_exit.is_set() or not any(each.is_ready() for each in self.processes):
            return
        self._has_listened = bool(self.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        if not self._has_listened:
            self.lost_port = True
            self.should_exit.set()


def end_on_sigterm() -> None:
    """Make SIGTERM end the process with exit code 0: at once before serving starts, and afterwards when the requests in
    progress are finished, because uvicorn raises the signals that it caught again when it has ended.
    """
    signal.signal(signal.SIGTERM, _end)


def serve_on(bound: socket.socket, app: ASGIApp, settings: Settings) -> None:
    """Answer requests on a bound socket until SIGTERM or Ctrl+C. Raises CannotServeError if the application does not
    start, or another process took the port meanwhile.
    """
    server = _ListeningServer(_config(app, settings))
    spare_the_collector()
    _log_address(settings)
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        return
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise _cannot_listen(error, settings) from error
    except SystemExit as end:
        if server.started:
            raise
        raise CannotServeError("the service did not start; the log says why.") from end


def serve_by_processes(bound: socket.socket, factory: str, settings: Settings, *, processes: int) -> None:
    """Answer requests by several processes that share the bound socket. A process that dies is replaced; SIGTERM ends
    all of them. Raises CannotServeError if another process took the port meanwhile.

    Each imports `factory`, "module:function", and calls it for its application: only the environment is shared.
    """
    config = _config(factory, settings)
    config.workers = processes
    _log_address(settings)
    together = _Processes(config, sockets=[bound])
    together.run()
    if together.lost_port:
        error = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        raise _cannot_listen(error, settings)


def connections_max(settings: Settings) -> int:
    """Return how many connections one process keeps open: what is set, or 10,000, within the files it may open."""
    possible = connections_possible(files_max(), settings.pool_size_max)
    return min(possible, settings.connections_max or CONNECTIONS_DEFAULT_MAX)


def _config(app: ASGIApp | str, settings: Settings, lifespan: Literal["on", "off"] = "on") -> uvicorn.Config:
    table = ConnectionTable(ConnectionLimits(connections_max=connections_max(settings)))
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        loop="auto",  # uvloop, except on Windows
        http=partial(BoundedProtocol, table=table),  # type: ignore[arg-type]  # called, and nothing else
        ws=BoundedWebSocket,
        ws_max_size=settings.body_bytes_max,
        ws_ping_interval=settings.subscription_keep_alive_ms / 1_000,
        ws_ping_timeout=settings.subscription_keep_alive_ms / 1_000,
        ws_per_message_deflate=False,  # it would take memory for each connection, and time for each message
        backlog=backlog_for(files_max()),
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here depends on the caller's address or scheme
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.shutdown_timeout_ms / 1000),
    )


def _log_address(settings: Settings) -> None:
    connections = connections_max(settings)
    log.info(
        "serving", address=settings.public_address, host=settings.host, port=settings.port, connections_max=connections
    )
    if connections < (settings.connections_max or 0):
        log.warning("connections_limited", wanted=settings.connections_max, possible=connections, files_max=files_max())
    if settings.names_no_proxy:
        log.warning("proxy_not_named", advice=NO_PROXY_ADVICE)


def spare_the_collector() -> None:
    """Exclude the objects that exist by now, mostly the schema, from garbage collection, which would otherwise visit
    all of them at every thousandth answer; and collect less often, because answers leave no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_BEFORE_COLLECTION, 5, 5)


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)
