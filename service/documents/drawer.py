"""Processes that draw documents beside the service, at a lower priority: a request never waits for one's processor.

They start with the first document. Each ends by itself when the process that started it has ended in any way.
"""

import asyncio
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib import import_module
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from service.documents.drawing import Drawn

log = structlog.get_logger(__name__)

NICENESS = 10
"""Steps by which the priority of the processes is below the service's: Linux then gives them about a tenth of a core
that both want.
"""


class Drawer:
    """Draws documents in processes of its own, as many at once as there are processors."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    async def draw(self, template: str, facts: str) -> bytes:
        """Return the document that the template makes of the facts, a JSON text. Characters that no font shows stand
        as code points in brackets, and are logged.
        """
        return self._logged(template, await self._run("drawing", "draw", template, facts))

    async def draw_invoice(self, facts: str, stored: str) -> bytes:
        """Return the invoice that its template makes of the facts, with the XML of the stored facts if it has one."""
        return self._logged("invoice", await self._run("drawing", "draw_invoice", facts, stored))

    @staticmethod
    def _logged(template: str, drawn: "Drawn") -> bytes:
        if drawn.missing:
            codes = [f"U+{ord(each):04X}" for each in drawn.missing]
            log.warning("document_characters_missing", template=template, characters=codes)
        return drawn.pdf

    async def in_ascii(self, pdf: bytes) -> bytes:
        """Return a copy of the PDF in ASCII alone, or the PDF itself where it is ASCII."""
        if pdf.isascii():
            return pdf
        copy: bytes = await self._run("ascii_copy", "ascii_copy", pdf)
        return copy

    async def shows(self, content: bytes, media_type: str) -> bool:
        """Return whether documents can show the picture."""
        can: bool = await self._run("logo", "can_be_drawn", content, media_type)
        return can

    async def _run(self, module: str, function: str, *arguments: Any) -> Any:
        """Run the function in one of the processes. By its name, because its module imports the compiler: 90 MB that
        the service itself does not need.
        """
        loop = asyncio.get_running_loop()
        pool = self._started()
        try:
            return await loop.run_in_executor(pool, _call, module, function, *arguments)
        except BrokenProcessPool:
            # Somebody ended one of the processes. Documents can be drawn again; a second failure is the document's.
            if self._pool is pool:
                self._pool = None
            return await loop.run_in_executor(self._started(), _call, module, function, *arguments)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not forked: a copy of a process that has threads may hold their locks for ever.
            self._pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"), initializer=_begin)
        return self._pool


@cache
def shared_drawer() -> Drawer:
    """Return the drawer of this process. Its processes end with it."""
    return Drawer()


def _call(module: str, function: str, *arguments: Any) -> Any:
    """Return what the function of a module of this package returns."""
    return getattr(import_module(f"service.documents.{module}"), function)(*arguments)


def _begin() -> None:
    """Prepare a process: its priority, and its end with the service's, of which Ctrl-C is no sign."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101 - runs in a child
    wait([parent.sentinel])
    os._exit(0)
