"""Which contract an address is meant for, by its prefix or by the host that it was sent to."""

from typing import Any

import pytest
from pydantic import ValidationError

from service.api.rest.contracts import CONTRACTS
from service.api.rest.host_routing import HostRouter
from service.settings import Settings

HOSTS = {"api.lune.test": "lune", "[::1]": "lune"}


async def path_reached(path: str, host: str = "service.test") -> str:
    """The address that the application sees."""
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        scope["state"]["request_id"] = "r-1"
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message: Any) -> None:
        if seen[0].startswith("/lune/"):
            assert (b"cf-ray", b"r-1") in message["headers"]
        else:
            assert message["headers"] == []

    async def receive() -> Any:
        raise AssertionError("nobody reads the body here")

    scope = {"type": "http", "path": path, "headers": [(b"host", host.encode())], "state": {}}
    await HostRouter(app, CONTRACTS, HOSTS)(scope, receive, send)
    return seen[0]


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/lune/v1/orders", "/lune/v1/orders"),
        ("//lune///v1/orders", "/lune/v1/orders"),
        ("/lune/v1//orders", "/lune/v1//orders"),
        ("/lune//v1/orders/by-idempotency-key//a//b", "/lune/v1/orders/by-idempotency-key//a//b"),
        ("/lune", "/lune/"),
        ("/v1/orders", "/v1/orders"),
        ("/lunes/v1/orders", "/lunes/v1/orders"),
        ("/graphql//", "/graphql//"),
        ("", ""),
    ],
)
async def test_repeated_slashes_are_merged_up_to_the_first_segment_of_a_contract(path: str, reached: str) -> None:
    assert await path_reached(path) == reached


@pytest.mark.parametrize("host", ["api.lune.test", "API.Lune.Test:8443", "[::1]:8000", "[::1]"])
async def test_a_host_of_a_contract_serves_it_without_its_prefix(host: str) -> None:
    assert await path_reached("/v1/orders", host) == "/lune/v1/orders"
    assert await path_reached("//v1/orders//x", host) == "/lune/v1/orders//x"
    assert await path_reached("/lune/v1/orders", host) == "/lune/v1/orders"


@pytest.mark.parametrize("path", ["/health/live", "/graphql", "/v2/orders", "/"])
async def test_a_contracts_host_serves_other_addresses_unchanged(path: str) -> None:
    assert await path_reached(path, "api.lune.test") == path


@pytest.mark.parametrize("host", ["", "lune.test", "api.lune.test.evil.example", "lune"])
async def test_another_host_serves_no_contract_without_its_prefix(host: str) -> None:
    assert await path_reached("/v1/orders", host) == "/v1/orders"


def test_hosts_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_HOSTS", "api.lune.test=lune, engine.test = carbon-engine,")

    assert Settings().hosts == {"api.lune.test": "lune", "engine.test": "carbon-engine"}


@pytest.mark.parametrize("text", ["api.lune.test", "api.lune.test=moon", "=", "a=lune=b"])
def test_hosts_that_name_no_contract_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SERVICE_HOSTS", text)

    with pytest.raises(ValidationError):
        Settings()
