"""GraphQL type of sealed events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.scalars import BigInt
from service.api.graphql.types.account_lists import readers_at
from service.operations.read_event_seals import SealedEvent, sealed_events

Number = Annotated[
    BigInt | None,
    strawberry.argument(
        description="Number of the event whose digest is asked for, to compare it with a digest that was kept. By "
        "default the last event that is sealed."
    ),
]


@strawberry.type(
    description="Digest that seals the events of an account up to one event. Keep the number and the digest outside of "
    "the service: if any of these events is changed later, the digest for the same number differs or no longer fits "
    "the events."
)
class EventSeal:
    row: strawberry.Private[SealedEvent]

    @strawberry.field(description="Number of the last event that the digest seals, counted within the account from 1.")
    def sequence(self) -> BigInt:
        return BigInt(self.row.sequence)

    @strawberry.field(
        description="SHA-256 of the digest of the event before and of this event, as 64 hexadecimal digits. It seals "
        "all events of the account from the first to this one, and never changes."
    )
    def digest(self) -> str:
        return self.row.digest.hex()

    @strawberry.field(description="Time at which the event was sealed.")
    def sealed_at(self) -> datetime:
        return self.row.sealed_at


async def event_seals(parents: Sequence[Any], info: Info, sequence: Number = None) -> list[EventSeal | None]:
    """Return the seal of each account at that event."""
    found = await sealed_events(info.context.resources, await readers_at(parents, info), sequence)
    return [None if each is None else EventSeal(row=each) for each in found]
