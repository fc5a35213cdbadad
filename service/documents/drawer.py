"""Processes that draw documents at a lower priority than the service, so that requests do not wait for them.

They start with the first document, and end when the process that started them has ended for any reason.
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
    """Pool of processes that draw documents, one for each processor."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    async def draw(self, template: str, facts: str) -> bytes:
        """Return the document that the template makes of the facts, a JSON text. Characters that no font has are
        printed as code points in brackets, and logged.
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
        """Return a copy of the PDF with ASCII bytes only; the PDF itself if it is ASCII already."""
        if pdf.isascii():
            return pdf
        copy: bytes = await self._run("ascii_copy", "ascii_copy", pdf)
        return copy

    async def shows(self, content: bytes, media_type: str) -> bool:
        """Return True if documents can show the picture."""
        can: bool = await self._run("logo", "can_be_drawn", content, media_type)
        return can

    async def _run(self, module: str, function: str, *arguments: Any) -> Any:
        """Run the function, given by its name, in one of the processes. Its module is not imported here, because it
        loads the compiler, 90 MB that the service does not need.
        """
        loop = asyncio.get_running_loop()
        pool = self._started()
        try:
            return await loop.run_in_executor(pool, _call, module, function, *arguments)
        except BrokenProcessPool:
            # One of the processes was ended. The document is drawn again once; a second failure is reported.
            if self._pool is pool:
                self._pool = None
            return await loop.run_in_executor(self._started(), _call, module, function, *arguments)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not forked, because a copy of a process with threads may contain locks that are never released.
            self._pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"), initializer=_begin)
        return self._pool


@cache
def shared_drawer() -> Drawer:
    """Return the drawer of this process. Its processes end with it."""
    return Drawer()


def _call(module: str, function: str, *arguments: Any) -> Any:
    """Call the function of a module of this package, and return its result."""
    return getattr(import_module(f"service.documents.{module}"), function)(*arguments)


def _begin() -> None:
    """Prepare a drawing process: set its priority, let it end with the service, and ignore Ctrl-C."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101 - runs in a child
    wait([parent.sentinel])
    os._exit(0)
