"""The form in which webhooks send an event, and its JSON Schema; both follow from the event's declaration.

Within a version members are only added, never removed. Receivers have to ignore unknown members and types.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.amounts import MassUnit, mass_text, money_text, price_text
from service.domain.event_types import EventType, Kind, Member
from service.domain.events import Event
from service.kit.global_ids import write_global_id

VERSION = "v1"

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_MASS = {
    "type": "object",
    "properties": {"grams": {"type": "string", "pattern": "^-?[0-9]+$"}, "tonnes": _DECIMAL},
    "required": ["grams", "tonnes"],
}
_MONEY = {
    "type": "object",
    "properties": {
        "amount": _DECIMAL,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "minorUnits": {"type": "string", "pattern": "^-?[0-9]+$"},
    },
    "required": ["amount", "currency", "minorUnits"],
}
_ID = {"type": "string", "minLength": 1}
_SCHEMAS: dict[Kind, dict[str, Any]] = {
    Kind.MASS: _MASS,
    Kind.MONEY: _MONEY,
    Kind.ID: _ID,
    Kind.TEXT: {"type": "string"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.NUMBER: {"type": "integer"},
    Kind.PERCENT: _DECIMAL,
    Kind.TIERS: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"minimumMass": _MASS, "unitPrice": _DECIMAL},
            "required": ["minimumMass", "unitPrice"],
        },
    },
    Kind.WEIGHTS: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"bundleId": _ID, "percentage": _DECIMAL},
            "required": ["bundleId", "percentage"],
        },
    },
}


def timestamp(time: datetime) -> str:
    """Return the time in the format of payloads: RFC 3339 in UTC, with microseconds."""
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def shown(event: Event) -> dict[str, Any]:
    """Return the event in the form that webhooks send."""
    members = event.event_type.members
    return {
        "id": str(event.id),
        "type": event.event_type.value,
        "apiVersion": VERSION,
        "timestamp": timestamp(event.created_at),
        "accountId": write_global_id("Account", event.account_id),
        "sequence": str(event.seq),
        "orderId": None if event.order_id is None else write_global_id("Order", event.order_id),
        "actor": event.actor,
        "data": {
            member.name: _SHOWN[member.kind](event.payload[member.stored], member, event.payload)
            for member in members
            if member.stored in event.payload
        },
    }


def schema_of(event_type: EventType) -> dict[str, Any]:
    """Return the JSON Schema of the body of a webhook that carries an event of the type."""
    members = event_type.members
    data: dict[str, Any] = {
        "type": "object",
        "properties": {each.name: {"description": each.description, **_SCHEMAS[each.kind]} for each in members},
        "required": [each.name for each in members if not each.optional],
    }
    return {
        "description": event_type.meaning,
        "type": "object",
        "properties": {
            "id": {"description": "Id of the event, the same in every delivery of it.", "type": "string"},
            "type": {"const": event_type.value},
            "apiVersion": {"description": "Version of the form.", "const": VERSION},
            "timestamp": {
                "description": "Time at which the event occurred (UTC).",
                "type": "string",
                "format": "date-time",
            },
            "accountId": {"description": "Global id of the account that the event belongs to.", **_ID},
            "sequence": {
                "description": "Number of the event among all events of the account, without gaps.",
                "type": "string",
                "pattern": "^[1-9][0-9]*$",
            },
            "orderId": {
                "description": "Global id of the order that the event is about, or null.",
                "type": ["string", "null"],
            },
            "actor": {
                "description": "Cause of the event: the id of an API key, or the name of a background job.",
                "type": "string",
            },
            "data": data,
        },
        "required": ["id", "type", "apiVersion", "timestamp", "accountId", "sequence", "orderId", "actor", "data"],
    }


def schemas() -> dict[str, Any]:
    """Return one JSON Schema document with the schema of every type of event."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Bodies of webhooks, version {VERSION}",
        "oneOf": [{"$ref": f"#/$defs/{each.value}"} for each in EventType],
        "$defs": {each.value: schema_of(each) for each in EventType},
    }


def _mass(mass_g: int) -> dict[str, str]:
    return {"grams": str(mass_g), "tonnes": mass_text(mass_g, MassUnit.TONNE)}


def _money(minor_units: int, currency: str) -> dict[str, str]:
    return {"amount": money_text(minor_units, currency), "currency": currency, "minorUnits": str(minor_units)}


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


_SHOWN: dict[Kind, Callable[[Any, Member, Mapping[str, Any]], Any]] = {
    Kind.MASS: lambda value, _, __: _mass(value),
    Kind.MONEY: lambda value, _, payload: _money(value, payload["currency"]),
    Kind.ID: lambda value, member, _: write_global_id(member.of, UUID(value)),
    Kind.TEXT: lambda value, _, __: value,
    Kind.TEXTS: lambda value, _, __: list(value),
    Kind.NUMBER: lambda value, _, __: value,
    Kind.PERCENT: lambda value, _, __: _percent(value),
    Kind.TIERS: lambda value, _, __: [
        {"minimumMass": _mass(mass_g), "unitPrice": price_text(micros)} for mass_g, micros in value
    ],
    Kind.WEIGHTS: lambda value, _, __: [
        {"bundleId": write_global_id("Bundle", UUID(bundle_id)), "percentage": _percent(hundredths)}
        for bundle_id, hundredths in value
    ],
}
