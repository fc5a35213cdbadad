"""Pages about events: the table of their types and the JSON Schemas of webhooks, from their declarations."""
# ruff: noqa: INP001 - a folder of pages, not a package

import json

from service.domain.event_payloads import VERSION, schemas
from service.domain.event_types import EventType

_INTRODUCTION = """\
# Events

An event is the record of one change in an account. It says who made the change, what happened, and which amounts
changed. The author of a change is the id of an API key, or the name of a background job such as `worker:retire`. The
service stores an event in the same transaction as the change. The events of an account are numbered without gaps and
never change.

Every change of an order, a payment or an invoice has an event. Changes of the catalogue, of portfolios, of accounts, of
API keys and of webhook endpoints have events if they are made through an API. Quotes and estimates have no events.
Commands that change accounts, keys or the catalogue record no events. Keep the output of these commands if you need a
record.

The field `timeline` of an order in GraphQL lists the events of the order. [Webhooks](webhooks.md) send the events of an
account to other programs, and the [subscription](graphql-guide.md#subscriptions) `orderEvents` sends those of its
orders to programs and pages that are connected. The column *data* names the members of `data` in a webhook of the
format STANDARD; members in parentheses are absent from some events of the type.
[webhook-events.schema.json](webhook-events.schema.json) has the JSON Schema of each body, version {version}.
"""


def events() -> str:
    """Return the page about events."""
    rows = ["| event | what happened | data |", "| --- | --- | --- |"]
    for each in EventType:
        members = [f"(`{member.name}`)" if member.optional else f"`{member.name}`" for member in each.members]
        rows.append(f"| `{each.value}` | {each.meaning} | {', '.join(members)} |")
    return "\n".join(rows)


def events_page(note: str) -> str:
    """Return the text of events.md."""
    return f"{note}\n\n{_INTRODUCTION.format(version=VERSION)}\n{events()}\n"


def event_schemas() -> str:
    """Return the text of webhook-events.schema.json."""
    return json.dumps(schemas(), indent=2) + "\n"
