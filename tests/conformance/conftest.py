"""Tools of others, run by node. Without node these tests are skipped; REQUIRE_NODE=1 makes its absence a failure."""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount

from service.api.graphql.masking import QuietSchema
from service.api.graphql.view import GraphQLView

HERE = Path(__file__).parent
Script = Callable[..., subprocess.CompletedProcess[str]]


def absent(what: str) -> None:
    if os.environ.get("REQUIRE_NODE") == "1":
        pytest.fail(what)
    pytest.skip(f"{what} (REQUIRE_NODE=1 makes this a failure)")


@pytest.fixture(scope="session")
def script() -> Script:
    """Runs one of the scripts here. Their packages are installed once for each state of the lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        absent("node and npm are not on the PATH")
    lock = (HERE / "package-lock.json").read_bytes()
    installed = HERE / "node_modules" / ".installed-lock.json"
    if not installed.exists() or installed.read_bytes() != lock:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            absent(f"npm ci failed: {done.stderr.strip()[-300:]}")
        installed.write_bytes(lock)

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [node, str(HERE / name), *map(str, arguments)]
        return subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)

    return run


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str | None:
        return "world"


async def no_context(_: Request) -> dict[str, Any]:
    return {}


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A running server; the audits ask for nothing but introspection."""
    page = lambda _: HTMLResponse("<h1>explorer</h1>")  # noqa: E731 - a page, not a function worth a name
    view = GraphQLView(QuietSchema(Query), get_context=no_context, render_page=page)
    app = Starlette(routes=[Mount("/graphql", app=view)])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql/"
        server.should_exit = True
        thread.join()


@pytest.fixture
def audits(script: Script, endpoint: str) -> list[dict[str, str]]:
    done = script("audits.mjs", endpoint)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
