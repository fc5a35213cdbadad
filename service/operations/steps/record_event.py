"""A step that several operations share: a change is committed together with its event.

The event belongs to the account that acted, an operator's included; it contains the actor, the type and the amounts,
and no secret.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.events import EventRecorder, EventType
from service.operations.resources import Resources
from service.storage import accounts
from service.storage.database import Statements
from service.storage.events import EVENTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """Result of a verb with its event: type and amounts, as texts and numbers. The type is None if nothing changed."""

    value: T
    event_type: EventType | None
    payload: Mapping[str, Any]


async def transact_with_event(
    resources: Resources, caller: Caller, work: Callable[[Statements, Head], Awaitable[Done[T]]], *also: UUID
) -> T:
    """Run the work in a transaction and commit it with its event. The heads of the caller's account and of `also` are
    locked first.
    """

    async def attempt(statements: Statements) -> T:
        heads = await accounts.lock_heads(statements, {caller.account.id, *also})
        head = heads[caller.account.id]
        done = await work(statements, head)
        if done.event_type is not None:
            recorder = EventRecorder(
                {caller.account.id: head.event_seq},
                actor=caller.key_id,
                now=resources.clock(),
                new_id=resources.new_id,
            )
            recorder.record(caller.account.id, done.event_type, **done.payload)
            await EVENTS.insert(statements, recorder.events)
            await accounts.raise_heads(statements, recorder.event_seqs)
        return done.value

    return await resources.transact(attempt)


async def record_update(
    resources: Resources, statements: Statements, caller: Caller | None, head: Head, changed: Collection[str]
) -> None:
    """Record in the account's own events that an operator changed these facts; its head must be locked. Changes by the
    command line, which has no caller, are recorded only in its log.
    """
    if caller is None:
        return
    account_id = head.account.id
    recorder = EventRecorder(
        {account_id: head.event_seq}, actor=caller.key_id, now=resources.clock(), new_id=resources.new_id
    )
    recorder.record(account_id, EventType.ACCOUNT_UPDATED, changed=sorted(changed))
    await EVENTS.insert(statements, recorder.events)
    await accounts.raise_heads(statements, recorder.event_seqs)
