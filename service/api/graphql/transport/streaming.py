"""Common parts of both transports of subscriptions: start of an operation, permission to stream, end of a stream.

Does not know WebSockets or server-sent events.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import structlog
from graphql import ExecutionResult as Result
from graphql import GraphQLError
from starlette.types import Scope
from strawberry.types import ExecutionResult

from service.api.credential_watch import CredentialWatch
from service.api.graphql.context import Context
from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.transport.request_parsing import GraphQLRequest
from service.api.graphql.transport.stream_limits import StreamLimits
from service.errors import Refused

log = structlog.get_logger(__name__)

Answers: TypeAlias = AsyncGenerator[Result, None]
Subscribe: TypeAlias = Callable[[GraphQLRequest, Context], Awaitable[Answers | ExecutionResult]]


class TooSlow(Exception):  # noqa: N818 - a fact of the subscriber, not an error of the program
    """Raised when the client did not receive a message within its time."""


class End(NamedTuple):
    """Reason for the end of a stream: a word for the log, and the refusal to send to the client, if any."""

    word: str
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Streaming:
    """Dependencies of the transports. `may_connect` checks the origin of a request, `pay` charges points to its
    address.
    """

    schema: MaskedSchema
    get_context: Callable[[Scope], Awaitable[Context]]
    subscribe: Subscribe
    credentials: CredentialWatch
    subscriptions: StreamLimits
    sockets: StreamLimits
    keep_alive_s: float
    send_timeout_s: float
    may_connect: Callable[[Scope], bool]
    pay: Callable[[Scope, int], Awaitable[None]]

    def shown(self, result: Result | ExecutionResult) -> dict[str, Any]:
        """Return the members of an answer, with its errors in the form shown to callers."""
        body: dict[str, Any] = {} if result.data is None and result.errors else {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in self.schema.presented(result.errors, validated=True)]
        return body

    def shown_error(self, error: Exception, message: str = "Internal error") -> list[dict[str, Any]]:
        """Return the errors for an exception; `message` is used if it is not a refusal."""
        text = error.message if isinstance(error, Refused) else message
        shown = self.schema.presented([GraphQLError(text, original_error=error)], validated=True)
        return [dict(each.formatted) for each in shown]


async def next_of(answers: Answers) -> Result | None:
    """Return the next answer, None after the last."""
    return await anext(answers, None)


async def in_time(sending: Awaitable[None], seconds: float) -> None:
    """Wait until something is sent. Raises `TooSlow`."""
    try:
        async with asyncio.timeout(seconds):
            await sending
    except TimeoutError:
        raise TooSlow from None


def note_end(transport: str, context: Context, end: End, *, events: int, seconds: float) -> None:
    """Log the end of a stream."""
    log.info(
        "stream_ended",
        transport=transport,
        reason=end.word,
        events=events,
        seconds=round(seconds, 1),
        account_id=str(context.caller.account.id),
        key_id=context.caller.key_id,
    )
