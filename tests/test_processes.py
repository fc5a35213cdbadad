"""Processes that tests fork are as those that the interpreter starts: output, exit code, folder, environment, signals.

Seen to fail when: the exit code of the child is lost; the environment of the start is added to that of the starter.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.server import environment_of, free_port, wait_until_ready


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [(("account", "list", "--json"), 0, "SERVICE_PROT"), (("serve", "--workers", "2"), 2, "--workers above 1")],
)
def test_a_forked_command_ends_like_a_started_one(
    tmp_path: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    environment = environment_of("sqlite://orders.sqlite3", prot="9") | {"PYTHONPATH": str(processes.ROOT)}
    (tmp_path / "forked").mkdir()
    (tmp_path / "started").mkdir()

    forked = processes.run(arguments, cwd=tmp_path / "forked", env=environment)
    started = subprocess.run(
        [sys.executable, "-m", "service", *arguments], cwd=tmp_path / "started", env=environment,
        capture_output=True, text=True, timeout=processes.RUN_S, check=False,
    )  # fmt: skip

    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)
    assert (forked.returncode, word in forked.stderr) == (code, True)
    left = [sorted(file.name for file in (tmp_path / each).iterdir()) for each in ("forked", "started")]
    assert left[0] == left[1]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_forked_server_ends_by_its_signal(sqlite_url: str, sent: signal.Signals, code: int) -> None:
    port = free_port()
    process = processes.start(["serve", "--port", str(port)], cwd=processes.ROOT, env=environment_of(sqlite_url))
    try:
        wait_until_ready(port, process)
        process.send_signal(sent)
        assert process.wait(processes.RUN_S) == code
    finally:
        process.kill()
        process.wait()
