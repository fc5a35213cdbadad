"""Several processes behind one port: each answers, one that dies is replaced, and one signal ends them all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.server import ROOT, environment_of, free_port

PROCESSES = 2
PATIENCE_S = 60


def children_of(pid: int) -> set[int]:
    """The processes that it started to serve: those that import the service, and not multiprocessing's own."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in listed if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()}


def answers(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    return False


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_processes_share_a_port_replace_each_other_and_end_together(postgresql_url: str):
    port = free_port()
    parent = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--workers", str(PROCESSES), "--port", str(port)],
        cwd=ROOT,
        env=environment_of(postgresql_url, workers_embedded=False),
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port) and len(children_of(parent.pid)) == PROCESSES)
        children = children_of(parent.pid)
        # When one of them is killed, the other goes on answering and a third takes its place.
        victim = min(children)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(children_of(parent.pid) - {victim}) == PROCESSES)
        until(lambda: answers(port))
        children = children_of(parent.pid)
        parent.terminate()
        assert parent.wait(PATIENCE_S) == 0
        assert not any(alive(child) for child in children)
        assert not answers(port)
    finally:
        parent.kill()


def test_sqlite_is_served_by_one_process(sqlite_url: str):
    said = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--workers", "2", "--port", str(free_port())],
        check=False, cwd=ROOT, env=environment_of(sqlite_url), capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert said.returncode == 2
    assert "--workers above 1 needs PostgreSQL" in said.stderr
