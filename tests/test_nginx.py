"""deploy/nginx.conf in a real nginx: TLS, bounds for each address, and restarts that nobody notices."""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Thread

import pytest

from tests.nginx import READY_S, certify, running_nginx, until_open
from tests.server import ROOT, environment_of, free_port

pytestmark = pytest.mark.tools
ANSWERING = """
import sys
from service.server.uvicorn_server import end_on_sigterm, listen, serve_on
from service.settings import Settings

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    headers = dict(scope["headers"])
    body = b" ".join([headers.get(b"x-forwarded-for", b"-"), headers[b"host"], scope["raw_path"]])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})

end_on_sigterm()
settings = Settings()
serve_on(listen(settings), app, settings)
"""
"""The server of the service with an application that starts at once."""


class Backend:
    """A process of the service's server."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._log = (folder / "backends.log").open("a")
        self.begin()

    def begin(self) -> None:
        command = [sys.executable, "-c", ANSWERING]
        environment = environment_of("sqlite://unused", port=self.port, log_level="warning")
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=self._log)

    def until_open(self) -> None:
        until_open(self.port, self._process)

    def end(self) -> None:
        self._process.terminate()
        assert self._process.wait(READY_S) == 0

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


@dataclass
class Proxy:
    """nginx with the site of deploy/, and the two servers behind it."""

    port: int
    plain_port: int
    backends: list[Backend]

    def get(self, path: str = "/", **headers: str) -> tuple[HTTPResponse, bytes]:
        with closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer, answer.read()

    def connect(self, lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> HTTPSConnection:
        context = ssl._create_unverified_context()
        context.minimum_version = lowest
        return HTTPSConnection("127.0.0.1", self.port, timeout=READY_S, context=context)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    certify(folder)
    return folder


@pytest.fixture(scope="module")
def backends(folder: Path) -> Iterator[list[Backend]]:
    backends = [Backend(folder), Backend(folder)]
    try:
        for backend in backends:
            backend.until_open()
        yield backends
    finally:
        for backend in backends:
            backend.close()


@pytest.fixture
def proxy(folder: Path, backends: list[Backend], request: pytest.FixtureRequest) -> Iterator[Proxy]:
    rate = getattr(request, "param", "50r/s")
    with running_nginx(folder, [each.port for each in backends], rate=rate) as (port, plain_port):
        yield Proxy(port, plain_port, backends)


def test_the_site_speaks_tls_and_says_who_called(proxy: Proxy) -> None:
    answer, body = proxy.get("/lune//v1?a=b", Host="orders.example.com", X_Forwarded_For="203.0.113.9")

    assert (answer.status, body) == (200, b"127.0.0.1 orders.example.com /lune//v1")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    with closing(HTTPConnection("127.0.0.1", proxy.plain_port, timeout=READY_S)) as connection:
        connection.request("GET", "/a?b", headers={"host": "orders.example.com"})
        moved = connection.getresponse()
        assert (moved.status, moved.headers["location"]) == (301, "https://orders.example.com/a?b")


def test_one_address_is_refused_above_its_rate(proxy: Proxy) -> None:
    with closing(proxy.connect()) as connection:
        statuses = []
        for _ in range(400):
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            if answer.status == 429:
                break
    # The burst is 100, and 50 come back in a second: whoever is slower than that is never refused.
    assert statuses[:100] == [200] * 100
    assert set(statuses) <= {200, 429}


@pytest.mark.parametrize("proxy", ["100000r/s"], indirect=True)
def test_no_request_is_lost_while_one_server_after_the_other_is_restarted(proxy: Proxy) -> None:
    def restart() -> None:
        for backend in proxy.backends:
            backend.end()
            backend.begin()
            backend.until_open()

    restarting = Thread(target=restart)
    statuses = [proxy.get()[0].status for _ in range(10)]
    restarting.start()
    while restarting.is_alive():
        statuses.append(proxy.get()[0].status)
    restarting.join()
    statuses += [proxy.get()[0].status for _ in range(10)]

    assert set(statuses) == {200}
