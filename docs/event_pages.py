"""Pages about events: the table of their types and the JSON Schemas of webhooks, from their declarations."""
# ruff: noqa: INP001 - a folder of pages, not a package

import json

from service.domain.event_payloads import VERSION, schemas
from service.domain.event_seals import StoredEvent, event_bytes
from service.domain.event_types import EventType

_INTRODUCTION = """\
# Events

An event is the record of one change in an account. It says who made the change, what happened, and which amounts
changed. The author of a change is the id of an API key, or the name of a background job such as `worker:retire`. The
service stores an event in the same transaction as the change. The events of an account are numbered without gaps and
never change. [Seals](#seals) show whether somebody changed them in the database.

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

_SEALS = """\
## Seals

The background job `seal_events` seals the events of each account: about once a minute, or as soon as 200 events wait.
A seal is a row of the table `event_seals`. It contains the digest of each event from `first_seq` to `last_seq`, of 32
bytes each, and the time. Seals never change, and backups contain them. Events that an older version stored are sealed
too.

The digest of an event is the SHA-256 of the digest of the event before (32 zero bytes for the first event) and of the
event's canonical bytes, one after the other. These bytes are JSON in UTF-8 without spaces, with the members of each
object in the order of their names. The object has the columns of the event as the members `account_id`, `actor`,
`created_at`, `event_type`, `id`, `order_id` (or null), `payload` and `seq`, for example:

```json
@EXAMPLE@
```

`carbon-orders audit` computes the digests again. It reports:

* `event-seal`: sealed events that were changed or deleted afterwards, by account and number. The first event after a
  deleted seal is reported too.
* `event-seal-gap`: seals that do not begin after the one before, so that a seal between them is missing.
* `event-seal-reference`: seals whose last event does not exist.

The audit cannot show a change that was made before the event was sealed. Nor does it show that somebody removed the
last seals, or computed all seals again after a change. To find that too, keep the digests of last events outside of the
database. An account reads its own in GraphQL, with a key that has the scope `orders:read`:

```graphql
query { account { eventSeal { sequence digest sealedAt } } }
```

Later, `eventSeal(sequence: "7")` shows the digest of event 7 as it is then. The seller reads those of all accounts in
the database, for instance by this query once a day. On SQLite, write `hex(substr(digests, -32))` as the last column:

```sql
SELECT account_id, last_seq, encode(substr(digests, length(digests) - 31), 'hex') FROM event_seals;
```

The digest of an event does not depend on the batches in which events were sealed. So a digest that was kept must equal
the digest of the same event later, also after a restore.
"""

_EXAMPLE = StoredEvent(
    account_id="01890a5d-ac96-774b-bcce-b302099a8057",
    seq=7,
    id="01890a5d-ac96-774b-bcce-b302099a8058",
    event_type="account.contacts_set",
    order_id=None,
    actor="AbCdEfGh",
    payload='{"contacts": 2}',
    created_at="2026-03-01 09:30:00.000000+00:00",
)


def events() -> str:
    """Return the page about events."""
    rows = ["| event | what happened | data |", "| --- | --- | --- |"]
    for each in EventType:
        members = [f"(`{member.name}`)" if member.optional else f"`{member.name}`" for member in each.members]
        rows.append(f"| `{each.value}` | {each.meaning} | {', '.join(members)} |")
    return "\n".join(rows)


def events_page(note: str) -> str:
    """Return the text of events.md."""
    seals = _SEALS.replace("@EXAMPLE@", event_bytes(_EXAMPLE).decode())
    return f"{note}\n\n{_INTRODUCTION.format(version=VERSION)}\n{events()}\n\n{seals}"


def event_schemas() -> str:
    """Return the text of webhook-events.schema.json."""
    return json.dumps(schemas(), indent=2) + "\n"
