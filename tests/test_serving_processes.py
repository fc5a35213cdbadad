"""Several processes at one port: each answers, one that dies is replaced, and one signal ends them all."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile

import psutil
import pytest

from tests import processes
from tests.server import ROOT, environment_of, free_port

PROCESSES = 2
PATIENCE_S = 60


def children_of(pid: int) -> set[int]:
    """The processes that it started to serve: those that import the service, and not multiprocessing's own."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in listed if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()}


def answers(port: int, path: str = "/health/ready") -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    return False


def ports_of(pid: int) -> set[int]:
    """The ports on which the process listens."""
    connections = psutil.Process(pid).net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}


def free_range() -> int:
    """The first of as many free ports in a row as there are processes."""
    while True:
        first = free_port()
        with suppress(OSError, OverflowError), ExitStack() as stack:
            for port in range(first, first + PROCESSES):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_processes_share_a_port_replace_each_other_and_end_together(postgresql_url: str):
    port, metrics_port = free_port(), free_range()
    shown = range(metrics_port, metrics_port + PROCESSES)
    parent = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--workers", str(PROCESSES), "--port", str(port)],
        cwd=ROOT,
        env=environment_of(postgresql_url, workers_embedded=False, metrics_bind=f"127.0.0.1:{shown[0]}-{shown[-1]}"),
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port) and len(children_of(parent.pid)) == PROCESSES)
        children = children_of(parent.pid)
        # When one of them is killed, the other goes on answering and a third takes its place.
        until(lambda: all(answers(each, "/metrics") for each in shown))
        assert sorted(list(ports_of(child) & set(shown)) for child in children) == [[each] for each in shown]
        victim = min(children)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(children_of(parent.pid) - {victim}) == PROCESSES)
        until(lambda: answers(port))
        # It takes the port of the metrics too.
        until(lambda: all(answers(each, "/metrics") for each in shown))
        children = children_of(parent.pid)
        parent.terminate()
        assert parent.wait(PATIENCE_S) == 0
        assert not any(alive(child) for child in children)
        assert not answers(port)
    finally:
        with suppress(OSError):
            for child in children_of(parent.pid):
                os.kill(child, signal.SIGKILL)
        parent.kill()


def test_processes_end_with_a_parent_that_is_killed(postgresql_url: str):
    port = free_port()
    command = [sys.executable, "-m", "service", "serve", "--workers", str(PROCESSES), "--port", str(port)]
    environment = environment_of(postgresql_url, workers_embedded=False, log_level="info", log_json="true")
    children: set[int] = set()
    with TemporaryFile() as log:
        parent = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        try:
            until(lambda: answers(port) and os.pread(log.fileno(), 10**6, 0).count(b"startup complete") == PROCESSES)
            children = children_of(parent.pid)
            parent.kill()
            assert parent.wait(PATIENCE_S) == -signal.SIGKILL
            until(lambda: not any(alive(child) for child in children))
            said = os.pread(log.fileno(), 10**6, 0)
        finally:
            parent.kill()
            for child in filter(alive, children):
                os.kill(child, signal.SIGKILL)
    assert len(children) == PROCESSES
    assert said.count(b'"parent_gone"') == PROCESSES
    assert said.count(b"Finished server process") == PROCESSES
    with socket.create_server(("127.0.0.1", port)):
        pass  # the next service can take the port


STARTING = """
import sys
from service.server.uvicorn_server import CannotServeError, bind, end_on_sigterm, serve_on
from service.settings import Settings

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("starting", flush=True)
        sys.stdin.readline()
        return await send({"type": "lifespan.startup.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})

end_on_sigterm()
settings = Settings()
try:
    serve_on(bind(settings), app, settings)
except CannotServeError as error:
    sys.exit(str(error))
"""
"""The server of the service with an application that starts when it is told so."""


def test_a_process_refuses_connections_until_it_can_answer_and_one_of_two_gets_the_port():
    port = free_port()
    environment = environment_of("sqlite://unused", port=port)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(subprocess.Popen([sys.executable, "-c", STARTING], cwd=ROOT, env=environment, **pipes))
            for _ in range(PROCESSES)
        )
        stack.callback(one.kill)
        stack.callback(other.kill)
        for each in (one, other):
            assert "starting\n" in iter(each.stdout.readline, "")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        one.stdin.write("\n")
        one.stdin.flush()
        until(lambda: answers(port))
        _, said = other.communicate("\n", timeout=PATIENCE_S)
        assert other.returncode == 1
        assert said.splitlines()[-1] == (
            f"cannot listen on 127.0.0.1:{port}: Address already in use. End what uses the port, or choose another one"
            " in SERVICE_PORT (--port)."
        )
        assert answers(port)


GATED = """
import asyncio, sys
from pathlib import Path
from service.server.uvicorn_server import CannotServeError, bind, end_on_sigterm, serve_by_processes
from service.settings import Settings

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        Path("starting").touch()
        while not Path("go").exists():
            await asyncio.sleep(0.02)
        return await send({"type": "lifespan.startup.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})

def factory():
    return app

if __name__ == "__main__":
    end_on_sigterm()
    settings = Settings()
    try:
        serve_by_processes(bind(settings), "gated:factory", settings, processes=1)
    except CannotServeError as error:
        sys.exit(str(error))
"""
"""Several processes, one of them here, whose application starts when there is a file `go` beside it."""


def test_several_processes_refuse_connections_until_one_is_ready_and_share_no_port(tmp_path: Path):
    port = free_port()
    with ExitStack() as stack:
        folders = [tmp_path / "one", tmp_path / "other"]
        services = []
        for folder in folders:
            folder.mkdir()
            (folder / "gated.py").write_text(GATED)
            environment = environment_of("postgresql://unused", port=port) | {"PYTHONPATH": f"{folder}:{ROOT}"}
            command = [sys.executable, "gated.py"]
            service = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
            services.append(stack.enter_context(service))
            stack.callback(service.terminate)
        one, other = services
        until(lambda: all((folder / "starting").exists() for folder in folders))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        (folders[0] / "go").touch()
        until(lambda: answers(port))
        (folders[1] / "go").touch()
        _, said = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use." in said.splitlines()[-1]
        assert answers(port)
        one.terminate()
        assert one.wait(PATIENCE_S) == 0


def test_sqlite_is_served_by_one_process(sqlite_url: str):
    command = ["serve", "--workers", "2", "--port", str(free_port())]
    said = processes.run(command, cwd=ROOT, env=environment_of(sqlite_url))
    assert said.returncode == 2
    assert "--workers above 1 needs PostgreSQL" in said.stderr


def test_each_process_needs_a_port_for_its_metrics(postgresql_url: str):
    environment = environment_of(postgresql_url, metrics_bind="127.0.0.1:9464-9465")
    said = processes.run(["serve", "--workers", "3", "--port", str(free_port())], cwd=ROOT, env=environment)
    assert said.returncode == 2
    assert said.stderr.strip().endswith(
        "SERVICE_METRICS_BIND needs a port for each of 3 processes, such as 127.0.0.1:9464-9466."
    )


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["work"]])
def test_a_port_of_the_metrics_in_use_is_one_line(sqlite_url: str, command: list[str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        used = [str(free_port()) if each == "0" else each for each in command]
        said = processes.run(used, cwd=ROOT, env=environment_of(sqlite_url, metrics_bind=f"127.0.0.1:{port}"))
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert (
        f"cannot listen on any port of SERVICE_METRICS_BIND, 127.0.0.1:{port}-{port}: Address already in use"
        in said.stderr
    )
