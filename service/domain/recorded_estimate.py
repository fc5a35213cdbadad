"""An estimate that an account keeps: the activity, the result, and the one order that was placed for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.domain.estimate import Activity, AirFreight, Electricity, Flight, GroundTransport, PlainMass
from service.kit.canonical_json import fingerprint


class ActivityKind(StrEnum):
    """Kind of activity of an estimate."""

    ELECTRICITY = "electricity"
    FLIGHT = "flight"
    AIR_FREIGHT = "air_freight"
    GROUND_TRANSPORT = "ground_transport"
    MASS = "mass"


KINDS: dict[type, ActivityKind] = {
    Electricity: ActivityKind.ELECTRICITY,
    Flight: ActivityKind.FLIGHT,
    AirFreight: ActivityKind.AIR_FREIGHT,
    GroundTransport: ActivityKind.GROUND_TRANSPORT,
    PlainMass: ActivityKind.MASS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEstimate:
    """One caller's command. `told` is the activity in the form of the caller's API, which returns it unchanged."""

    estimate_id: UUID
    activity: Activity
    told: dict[str, Any]
    name: str | None = None
    metadata: dict[str, str] | None = None
    idempotency_key: str | None = None

    def fingerprint(self) -> str:
        """Return the values that a retry with the key has to match. Keys never expire: no renaming may change a name
        here, nor in `told`, whose members are those of the API that was called.
        """
        return fingerprint({"told": self.told, "name": self.name, "metadata": self.metadata})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEstimate:
    """An estimate as it is stored; its mass never changes.

    `factor` is the factor in its stored form, a list of them where the legs of a flight have different ones, and None
    for a mass that the caller gave. Read `factors` instead.
    """

    account_id: UUID
    id: UUID
    activity_kind: ActivityKind
    name: str | None
    mass_g: int
    activity: dict[str, Any]
    factor: dict[str, Any] | list[dict[str, Any]] | None
    working: list[str]
    metadata: dict[str, str]
    idempotency_key: str | None
    fingerprint: str
    order_id: UUID | None
    created_at: datetime

    @property
    def factors(self) -> list[dict[str, Any]]:
        """Return the factors used, without duplicates, as they are stored."""
        match self.factor:
            case None:
                return []
            case dict():
                return [self.factor]
            case _:
                return self.factor


@dataclass(frozen=True, slots=True)
class Recorded:
    """The estimate that answers a command; `replayed` is True if an earlier request had stored it."""

    estimate: RecordedEstimate
    replayed: bool
