"""Grouping of commands that wait at the same time. Each caller gets its own result.

Knows nothing of the commands, nor of databases: it is given a function that runs a group and one that runs a single
command.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from service.errors import Code, Refused
from service.kit.measures import Distribution
from service.kit.origins import ORIGINS

C = TypeVar("C")
R = TypeVar("R")

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
"""Upper bounds by which the sizes of groups are counted."""

log = structlog.get_logger(__name__)


class GroupCommit(Generic[C, R]):
    """Runs commands through `run_group`, at most `size_max` together, in at most `writers` groups at once.

    A command that finds a writer idle starts at once and alone; those that arrive meanwhile form the next group. When
    `run_group` raises, its members run singly, through `run_single`, beside the groups that follow: at most
    `singles_max` at once, so that they cannot take every database connection. Those that could not start within
    `single_wait_ms` are refused, so that a few which wait for a lock cannot delay the others. A group that raised may
    have taken effect (a COMMIT whose answer was lost), so commands must be safe to run again.

    Callers wait for `answer_within_ms`, so no command begins later, and `run_single` is told how many of these
    milliseconds are left. Both callables bound their own time. One instance belongs to one event loop.
    """

    def __init__(
        self,
        run_group: Callable[[Sequence[C]], Awaitable[Sequence[R | Refused]]],
        run_single: Callable[[C, int], Awaitable[R | Refused]],
        *,
        size_max: int = 64,
        writers: int = 1,
        queue_max: int = 1024,
        singles_max: int = 8,
        single_wait_ms: int = 5_000,
        answer_within_ms: int = 10_000,
    ) -> None:
        self._run_group = run_group
        self._run_single = run_single
        self._queue_max = queue_max
        self._single_wait_s = single_wait_ms / 1000
        self._answer_within_s = answer_within_ms / 1000
        self._groups: _WriterQueue[C, R] = _WriterQueue(self._together, take_max=size_max, workers_max=writers)
        self._singles: _WriterQueue[C, R] = _WriterQueue(self._alone, take_max=1, workers_max=singles_max)
        self._closing = False
        self.sizes = Distribution(SIZES)
        """Sizes of the groups that were run."""
        self.retried = 0
        """Number of commands that were run singly because their group had failed."""

    @property
    def waiting(self) -> int:
        """Return how many commands wait for their run."""
        return len(self._groups) + len(self._singles)

    @property
    def longest_wait_s(self) -> float:
        """Return how long the command that has waited longest waits; 0 if none does."""
        firsts = [member.answer_by for member in (self._groups.first, self._singles.first) if member is not None]
        return asyncio.get_running_loop().time() - min(firsts) + self._answer_within_s if firsts else 0.0

    async def submit(self, command: C) -> R:
        """Return the command's own result; raise the `Refused` that is its result, or the exception of running it
        singly.

        Refuses `UNAVAILABLE` when `queue_max` commands wait already, and once `close` has begun. If the caller is
        cancelled while its command waits for its first run, the command is withdrawn; later the work goes on and only
        its result is dropped.
        """
        if self._closing:
            raise _unavailable("The service is stopping. Try again.")
        if self.waiting >= self._queue_max:
            raise _unavailable("Too many commands are waiting.")
        loop = asyncio.get_running_loop()
        member: _Member[C, R] = _Member(
            command, loop.create_future(), loop.time() + self._answer_within_s, copy_context()
        )
        self._groups.put([member])
        try:
            outcome = await member.outcome
        except asyncio.CancelledError:
            self._groups.withdraw(member)
            raise
        if isinstance(outcome, _Raised):
            raise outcome.failure
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    async def close(self, *, timeout_ms: int) -> None:
        """Answer every command: those waiting run within `timeout_ms` or are refused `UNAVAILABLE`, and those running
        are awaited without a limit.
        """
        self._closing = True
        now = asyncio.get_running_loop().time
        deadline = now() + timeout_ms / 1000
        while (workers := self._workers()) and (left_s := deadline - now()) > 0:
            await asyncio.wait(workers, timeout=left_s)
        self._groups.stop()
        self._singles.stop()
        while workers := self._workers():
            await asyncio.wait(workers)

    def _workers(self) -> "set[asyncio.Task[None]]":
        return self._groups.workers | self._singles.workers

    async def _together(self, taken: "Sequence[_Member[C, R]]") -> None:
        # A caller may have been cancelled in this step of the event loop, before it could withdraw its command.
        members = [member for member in taken if not member.outcome.cancelled()]
        if not members:
            return
        self.sizes.add(len(members))
        ORIGINS.set([member.context for member in members])
        results = await _outcome_of(self._run_group, [member.command for member in members])
        if isinstance(results, _Raised):
            # Lock timeouts are common, so their traceback is logged on the debug level only.
            log.warning("group_retried_singly", size=len(members), error=repr(results.failure))
            log.debug("group_failed", exc_info=results.failure)
            self.retried += len(members)
            turn_by = asyncio.get_running_loop().time() + self._single_wait_s
            for member in members:
                member.turn_by = min(turn_by, member.answer_by)
            self._singles.put(members)
        elif not isinstance(results, Sequence) or len(results) != len(members):
            # Not run again: the group has committed, and the results cannot be matched to its members.
            for member in members:
                member.answer(_Raised(RuntimeError(f"A group of {len(members)} did not answer each of its members.")))
        else:
            for member, result in zip(members, results, strict=True):
                member.answer(result)

    async def _alone(self, taken: "Sequence[_Member[C, R]]") -> None:
        for member in taken:
            now = asyncio.get_running_loop().time()
            if now > member.turn_by:
                member.answer(_unavailable("Too many commands are waiting for the database."))
            else:
                ORIGINS.set([member.context])
                left_ms = round((member.answer_by - now) * 1000)
                member.answer(await _outcome_of(self._run_single, member.command, left_ms))


@dataclass(frozen=True, slots=True)
class _Raised:
    """An exception as a value. A future whose exception is never retrieved, because its caller was cancelled, would be
    logged as an error.
    """

    failure: Exception


@dataclass(eq=False, slots=True)
class _Member(Generic[C, R]):
    """A command; the future for which its caller waits, and until when; the caller's context; and the time by which it
    must have started if it has to run singly.
    """

    command: C
    outcome: "asyncio.Future[R | Refused | _Raised]"
    answer_by: float
    context: Context
    turn_by: float = 0.0

    def answer(self, outcome: "R | Refused | _Raised") -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class _WriterQueue(Generic[C, R]):
    """Waiting members, and up to `workers_max` tasks that run them in turn; a task ends when none is left."""

    def __init__(
        self, work: Callable[[Sequence[_Member[C, R]]], Awaitable[None]], *, take_max: int, workers_max: int
    ) -> None:
        self._work = work
        self._take_max = take_max
        self._workers_max = workers_max
        self._waiting: deque[_Member[C, R]] = deque()
        self._stopped = False
        self.workers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> _Member[C, R] | None:
        return self._waiting[0] if self._waiting else None

    def put(self, members: Iterable[_Member[C, R]]) -> None:
        self._waiting.extend(members)
        if self._stopped:
            self.stop()
        for _ in range(min(len(self._waiting), self._workers_max - len(self.workers))):
            # An empty context, because a worker outlives the request that started it and its log lines and traces must
            # not carry that request's id.
            task = asyncio.get_running_loop().create_task(self._take_turns(), context=Context())
            self.workers.add(task)
            task.add_done_callback(self._ended)

    def withdraw(self, member: _Member[C, R]) -> None:
        with contextlib.suppress(ValueError):
            self._waiting.remove(member)

    def stop(self) -> None:
        """Refuse the members that wait, and all that are put here later; running ones go on."""
        self._stopped = True
        self._refuse_waiting("The service is stopping. Try again.")

    async def _take_turns(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(self._take_max, len(self._waiting)))]
            try:
                await self._work(taken)
            except BaseException:
                for member in taken:
                    member.answer(
                        _unavailable(
                            "The service is stopping, and the request may have taken effect. Send it again with the "
                            "same idempotency key."
                        )
                    )
                raise
        # Here and not only in the callback, which runs one step later: a command added in between would find no worker.
        self.workers.discard(_this_task())

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.workers.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is None and not task.cancelled():
            return
        log.error("writer_died", exc_info=failure or False)
        if not self.workers:
            self._refuse_waiting("The service is stopping. The request had no effect. Try again.")

    def _refuse_waiting(self, message: str) -> None:
        while self._waiting:
            self._waiting.popleft().answer(_unavailable(message))


async def _outcome_of(run: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Return the answer of `run`, or its exception as a value. A cancellation passes only if it was meant for this
    task: one that comes out of `run` by itself (a driver gave up a connection) is a failure like any other.
    """
    try:
        return await run(*arguments)
    except asyncio.CancelledError:
        if _this_task().cancelling():
            raise
        return _Raised(
            _unavailable(
                "The database did not answer, and the request may have taken effect. Send it again with the same "
                "idempotency key."
            )
        )
    except Exception as failure:  # noqa: BLE001 - whatever it is, it belongs to the callers and must not end the writer
        return _Raised(failure)


def _this_task() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs, runs in a task
    return task


def _unavailable(message: str) -> Refused:
    return Refused(Code.UNAVAILABLE, message)
