"""Processes of `carbon-orders`, forked from one that has imported it (tests/process_starter.py).

They are processes as any other, with their own arguments, folder, environment, streams and exit code. Tests of the
start itself, or of the packages that a command imports, use `subprocess` instead.
"""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

from tests.process_starter import MESSAGE_BYTES

ROOT = Path(__file__).parent.parent
RUN_S = 60
Stream = int | IO[Any] | None


class _Starter:
    """The process that forks; it is started by the first message and ends with this process."""

    def __init__(self) -> None:
        self.is_used = False
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        with self._lock:
            if self._channel is None:
                self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    command = [sys.executable, "-m", "tests.process_starter", str(theirs.fileno())]
                    self._process = subprocess.Popen(
                        command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
                    )
            socket.send_fds(self._channel, [json.dumps(message).encode()], descriptors)
            answer: dict[str, Any] = json.loads(self._channel.recv(MESSAGE_BYTES))
            return answer

    def use(self) -> None:
        """Fork from now on. Where there are no descriptors of processes (macOS), each is started by itself."""
        self.is_used = hasattr(os, "pidfd_open")

    def end(self) -> None:
        if self._channel is not None and self._process is not None:
            self._channel.close()
            self._process.wait()
            self._channel = self._process = None


_starter = _Starter()
use_starter, end_starter = _starter.use, _starter.end
"""For pytest. Benchmarks and other programs start each process by itself, because they measure it."""


class Process:
    """A running `carbon-orders`. The methods are those of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.cpu_s = 0.0
        self._arguments = arguments
        self.descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        if self.returncode is None:
            answer = _starter.send({"ended": self.pid})
            self.returncode, self.cpu_s = answer["code"], answer["cpu_s"]
            if self.returncode is not None:
                os.close(self.descriptor)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, negative for the signal that killed it."""
        if self.poll() is None:
            poller = select.poll()
            poller.register(self.descriptor, select.POLLIN)
            poller.poll(None if timeout is None else timeout * 1_000)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(list(self._arguments), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self.descriptor, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Started = Process | subprocess.Popen[bytes]


def start(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: Stream = None, stderr: Stream = None
) -> Started:
    """Start `carbon-orders` with the arguments. Streams are files, or constants of `subprocess` other than PIPE."""
    if not _starter.is_used:
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.Popen(command, cwd=cwd, env={**env, "PYTHONPATH": str(ROOT)}, stdout=stdout, stderr=stderr)
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        out = _descriptor(stdout, nothing, 1)
        streams = [nothing.fileno(), out, out if stderr == subprocess.STDOUT else _descriptor(stderr, nothing, 2)]
        answer = _starter.send({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}, streams)
    return Process(arguments, answer["pid"])


def _descriptor(stream: Stream, nothing: IO[bytes], inherited: int) -> int:
    if stream is None:
        return inherited
    if stream == subprocess.DEVNULL:
        return nothing.fileno()
    return stream if isinstance(stream, int) else stream.fileno()


async def ended(process: Started) -> int:
    """Return the exit code when the process has ended, without blocking the event loop."""
    if isinstance(process, subprocess.Popen):
        return await asyncio.to_thread(process.wait)
    if process.poll() is None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(process.descriptor, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(process.descriptor)
    return process.wait()


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], errors: str = "strict", timeout: float = RUN_S
) -> subprocess.CompletedProcess[str]:
    """Run `carbon-orders` to its end and return its exit code and what it printed. `errors` is that of bytes.decode."""
    with TemporaryFile() as out, TemporaryFile() as error:
        process = start(arguments, cwd=cwd, env=env, stdout=out, stderr=error)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        printed = [os.pread(each.fileno(), os.fstat(each.fileno()).st_size, 0) for each in (out, error)]
    texts = [each.decode(errors=errors) for each in printed]
    return subprocess.CompletedProcess(["carbon-orders", *arguments], code, *texts)
