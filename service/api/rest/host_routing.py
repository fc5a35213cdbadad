"""Routing before the request limits: the contract that serves a request, and the headers that it adds to every answer.

A program that can change only its host name sends `/v1/…` to the contract's own host; one that joins addresses
carelessly sends `//v1/…`. Both are rewritten to the contract's prefix, so that limits and APIs see one form of the
address.
"""

from collections.abc import Collection, Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.headers import headers_of
from service.api.rest.contract import Contract


class HostRouter:
    """Middleware that rewrites addresses. `hosts` maps host names, in lower case and without port, to names of
    contracts.
    """

    def __init__(self, app: ASGIApp, contracts: Collection[Contract], hosts: Mapping[str, str]) -> None:
        self._app = app
        self._contracts = {contract.name: contract for contract in contracts}
        self._hosts = {host.lower(): self._contracts[name] for host, name in hosts.items()}
        # Requests that cannot be for a contract pass without a look at their headers.
        self._roots = {*self._contracts, *(root for contract in self._hosts.values() for root in contract.roots)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _cut(scope["path"])[0] in self._roots:
            contract, path = self._meant(scope["path"], headers_of(scope, b"host"))
            if contract is not None:
                scope = {**scope, "path": path, "state": {**scope.get("state", {})}}
                send = _with_headers(contract, scope, send)
        await self._app(scope, receive, send)

    def _meant(self, path: str, hosts: Sequence[str]) -> tuple[Contract | None, str]:
        """Return the contract that serves the address, and the address below its prefix. Repeated slashes are reduced
        up to the first segment after the prefix; the rest belongs to the contract, where two slashes may have a
        meaning.
        """
        first, rest = _cut(path)
        own = self._contracts.get(first)
        if own is not None:
            second, tail = _cut(rest)
            return own, f"{own.prefix}/{second}{tail}"
        # If there are several Host headers, the request limits refuse the request in the form of the contract that one
        # of them selects.
        hosted = next(filter(None, (self._hosts.get(_name_of(host)) for host in hosts)), None)
        if hosted is not None and first in hosted.roots:
            return hosted, f"{hosted.prefix}/{first}{rest}"
        return None, path


def _cut(path: str) -> tuple[str, str]:
    """Return the first segment, and the rest of the path."""
    if not path.startswith("/"):
        return "", path
    first, slash, rest = path.lstrip("/").partition("/")
    return first, slash + rest


def _name_of(host: str) -> str:
    name = host.lower()
    return name if name.endswith("]") else name.rpartition(":")[0] or name


def _with_headers(contract: Contract, scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            spelled_headers = contract.headers(scope, scope["state"].get("request_id", ""))
            encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in spelled_headers.items()]
            message = {**message, "headers": [*message.get("headers", ()), *encoded]}
        await send(message)

    return sending
