"""A process that has the service imported and forks for each start: `python -m tests.process_starter FD`.

Reads messages (tests/processes.py) from the socket FD. A child takes the arguments, folder, environment and standard
streams of its message and runs `python -m service`, with process id, signals and exit code of its own. Only the imports
are shared, which take two seconds of a processor otherwise.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
import time
from typing import Any, NoReturn

MESSAGE_BYTES = 2**18


def import_service() -> None:
    """Import what commands import when they run."""
    import service.commands

    names = [each.name for each in pkgutil.walk_packages(service.commands.__path__, "service.commands.")]
    for name in ("service.app", "service.server.companions", *names):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that children share the pages of these objects


def next_start(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each message and return in the child what it has to run; None at the end of the messages."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, MESSAGE_BYTES, 3)
        if not message:
            return None
        asked = json.loads(message)
        if "ended" in asked:
            pid, status, used = os.wait4(asked["ended"], os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if pid else None
            channel.send(json.dumps({"code": code, "cpu_s": used.ru_utime + used.ru_stime}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            channel.close()
            return asked, descriptors
        for each in descriptors:
            os.close(each)
        channel.send(json.dumps({"pid": pid}).encode())


def become(asked: dict[str, Any], descriptors: list[int]) -> None:
    """Take the folder, environment, streams and arguments of a start."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [sys.argv[0], *asked["arguments"]]


def run_and_exit() -> NoReturn:
    """Run `python -m service` and end as Python does, but without freeing each object.

    To free them takes as long as most commands do.
    """
    code: object = 0
    try:
        runpy.run_module("service", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # joins threads and ends pools of processes
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends pytest, and then this
    import_service()
    started = next_start(socket.socket(fileno=int(sys.argv[1])))
    if started is not None:
        become(*started)
        run_and_exit()
