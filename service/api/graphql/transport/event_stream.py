"""Answers of a subscription as server-sent events, in the distinct connections mode of the GraphQL over SSE protocol.

Each answer is an event `next` with its JSON, and the end is an event `complete`. A comment is sent at once, so that a
proxy forwards the headers, and again after each pause.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, aclosing, suppress
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from service.api.graphql.context import Context
from service.api.graphql.transport.request_parsing import EVENTS, GraphQLRequest
from service.api.graphql.transport.streaming import Answers, End, Streaming, TooSlow, in_time, next_of, note_end
from service.errors import Refused

COMMENT, COMPLETE = b":\n\n", b"event: complete\ndata:\n\n"
HEADERS = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # otherwise nginx would buffer events
    (b"vary", b"Accept"),
]
FAREWELL_S = 1.0
"""Seconds within which the last event must be sent when the service ends a stream."""


def event_of(body: Mapping[str, Any]) -> bytes:
    """Return the event for one answer. JSON contains no raw line breaks."""
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"


class EventStreams:
    """Serves the subscriptions of HTTP requests."""

    def __init__(self, streaming: Streaming) -> None:
        self._streaming = streaming

    async def begin(
        self, request: GraphQLRequest, context: Context, scope: Scope
    ) -> "EventStream | ExecutionResult | None":
        """Return the stream of a subscription, which the caller must send, or the only answer to one that cannot begin.
        Return None for any other operation, which is not run. Refuses as `Streaming.subscribe`, and `THROTTLED`.
        """
        try:
            answers = await self._streaming.subscribe(request, context)
        except InvalidOperationTypeError:
            return None
        if isinstance(answers, ExecutionResult):
            return answers
        held = ExitStack()
        try:
            held.enter_context(self._streaming.subscriptions.place(context.caller.key_id))
        except Refused:
            await answers.aclose()
            raise
        return EventStream(self._streaming, context, scope, answers, held)


class EventStream:
    """One streaming response. The context `held` is closed when it ends."""

    def __init__(self, streaming: Streaming, context: Context, scope: Scope, answers: Answers, held: ExitStack) -> None:
        self._streaming = streaming
        self._context = context
        self._scope = scope
        self._answers = answers
        self._held = held
        self._events = 0

    async def send_all(self, receive: Receive, send: Send) -> None:
        """Send the events until the subscription ends, the client disconnects or has no valid key any more, or the
        server stops.
        """
        self._receive, self._send = receive, send
        with self._held:
            async with aclosing(self._answers):
                await self._run()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        ended: asyncio.Future[End] = loop.create_future()

        def end(refusal: Refused) -> None:
            if not ended.done():
                ended.set_result(End(refusal.code, refusal))

        work = loop.create_task(self._pump())
        others = [loop.create_task(self._until_left()), loop.create_task(self._until_stopping())]
        last = End("cancelled")
        try:
            with self._streaming.credentials.watching(self._scope, end):
                waited: list[asyncio.Future[Any]] = [work, *others, ended]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            last = await self._finish(work, others, ended)
        finally:
            for task in (work, *others):
                task.cancel()
            await asyncio.gather(work, *others, return_exceptions=True)
            note_end("sse", self._context, last, events=self._events, seconds=loop.time() - began_s)

    async def _finish(
        self, work: asyncio.Task[None], others: list[asyncio.Task[End]], ended: asyncio.Future[End]
    ) -> End:
        if work.done():
            try:
                work.result()
            except TooSlow:
                self._cut()
                return End("slow")
            return End("completed")
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        end = next((each.result() for each in (ended, *others) if each.done()), End("left"))
        if end.word != "left":
            farewell = b""
            if end.refusal is not None:
                farewell = event_of({"errors": self._streaming.shown_error(end.refusal)}) + COMPLETE
            try:
                await in_time(self._body(farewell, last=True), FAREWELL_S)
            except TooSlow:
                self._cut()
        return end

    async def _pump(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._body(COMMENT)
        loop = asyncio.get_running_loop()
        coming = loop.create_task(next_of(self._answers))
        try:
            while True:
                done, _ = await asyncio.wait([coming], timeout=self._streaming.keep_alive_s)
                if not done:
                    await self._body_in_time(COMMENT)
                    continue
                answer = coming.result()
                if answer is None:
                    break
                self._events += 1
                await self._body_in_time(event_of(self._streaming.shown(answer)))
                coming = loop.create_task(next_of(self._answers))
            await in_time(self._body(COMPLETE, last=True), self._streaming.send_timeout_s)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _body_in_time(self, text: bytes) -> None:
        await in_time(self._body(text), self._streaming.send_timeout_s)

    async def _body(self, text: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": text, "more_body": not last})

    async def _until_left(self) -> End:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        return End("left")

    async def _until_stopping(self) -> End:
        """Wait until the server stops. Servers other than the service's own do not announce it."""
        stopping = self._scope.get("state", {}).get("stopping")
        await (asyncio.Event() if stopping is None else stopping).wait()
        return End("stopping")

    def _cut(self) -> None:
        """Close the connection at once without sending the rest, for which a slow client could make the server wait."""
        cut = self._scope.get("state", {}).get("cut")
        if cut is None:
            raise TooSlow
        with suppress(OSError):
            cut()
