"""GraphQL types of webhook endpoints and their deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.scalars import BigInt
from service.api.graphql.types.enums import described
from service.api.graphql.types.node import Node, global_id
from service.domain import webhooks
from service.domain.webhooks import LOG_MAX, NEVER, DeliveryStatus, DisabledReason


class WebhookFormat(StrEnum):
    """Formats that an account may choose."""

    STANDARD = "STANDARD"
    LUNE = "LUNE"


described(
    WebhookFormat,
    "WebhookFormat",
    "Format of the requests that are sent to a webhook endpoint.",
    {
        WebhookFormat.STANDARD: "One event in each request, signed as Standard Webhooks 1.0 describes. Events may "
        "arrive in any sequence.",
        WebhookFormat.LUNE: "Up to 100 events in each request, in the format of Lune's API, signed in the header "
        "`Lune-HMAC`. Events of an account arrive in sequence: later ones wait until the first one is received. Only "
        "events of orders that Lune's API knows are sent.",
    },
)
described(
    DeliveryStatus,
    "WebhookDeliveryStatus",
    "State of the delivery of an event to a webhook endpoint.",
    {
        DeliveryStatus.PENDING: "The event is sent soon, or again after a failure.",
        DeliveryStatus.DELIVERED: "The receiver answered with a status from 200 to 299.",
        DeliveryStatus.FAILED: "All attempts failed. The event is not sent again unless `replayDelivery` or "
        "`replayEvents` asks for it.",
    },
)
described(
    DisabledReason,
    "WebhookDisabledReason",
    "Reason why a webhook endpoint is disabled.",
    {
        DisabledReason.REQUESTED: "`updateWebhookEndpoint` disabled it.",
        DisabledReason.GONE: "The receiver answered with the status 410 (Gone).",
    },
)


@strawberry.type(description="An address to which the service sends the events of accounts.")
class WebhookEndpoint(Node):
    row: strawberry.Private[webhooks.Endpoint]

    @strawberry.field(description="Address to which the service sends events.")
    def url(self) -> str:
        return self.row.url

    @strawberry.field(description="Format of the requests to the webhook endpoint.")
    def format(self) -> WebhookFormat:
        return WebhookFormat(self.row.format.value)

    @strawberry.field(
        description="Types of events that are sent, such as `order.placed`. Empty if all types are sent, including "
        "those that later releases add."
    )
    def event_types(self) -> list[str]:
        return self.row.event_types

    @strawberry.field(
        description="Ids of the accounts whose events are sent. Null if the events of the account and of all its "
        "client accounts are sent, including client accounts that are created later."
    )
    def account_ids(self) -> list[strawberry.ID] | None:
        ids = self.row.account_ids
        return None if ids is None else [global_id("Account", UUID(each)) for each in ids]

    @strawberry.field(description="True if events are sent to the webhook endpoint.")
    def enabled(self) -> bool:
        return self.row.disabled_at is None

    @strawberry.field(description="Reason why the webhook endpoint is disabled. Null if it is enabled.")
    def disabled_reason(self) -> DisabledReason | None:
        return self.row.disabled_reason

    @strawberry.field(
        description="Time until which requests are signed under the previous secret as well, after "
        "`rotateWebhookSecret`. Null if there is no previous secret."
    )
    def previous_secret_valid_until(self) -> datetime | None:
        return self.row.previous_until

    @strawberry.field(
        description="Number of times in a row that sending failed; 0 after a success. After 3 failures one request at "
        "a time is sent, until one succeeds."
    )
    def consecutive_failures(self) -> int:
        return self.row.failures

    @strawberry.field(description="Time at which the webhook endpoint was created.")
    def created_at(self) -> datetime:
        return self.row.created_at


@strawberry.type(description="One request that was sent to a webhook endpoint, and its response.")
class WebhookAttempt:
    entry: strawberry.Private[dict[str, Any]]

    @strawberry.field(description="Time at which the attempt ended (UTC).")
    def attempted_at(self) -> datetime:
        return datetime.fromisoformat(self.entry["at"])

    @strawberry.field(description="HTTP status of the response. Null if no response arrived; `error` then says why.")
    def status(self) -> int | None:
        status: int | None = self.entry["status"]
        return status

    @strawberry.field(description="Time from the beginning of the request to the end of its response, in milliseconds.")
    def latency_milliseconds(self) -> int:
        latency_ms: int = self.entry["latency_ms"]
        return latency_ms

    @strawberry.field(
        description="Reason why no response arrived, such as `timeout`, `host not found` or `address refused`. Null if "
        "one arrived."
    )
    def error(self) -> str | None:
        error: str | None = self.entry["error"]
        return error

    @strawberry.field(
        description="Beginning of the body of the response, at most 500 characters. Null if the body was empty."
    )
    def excerpt(self) -> str | None:
        excerpt: str | None = self.entry["excerpt"]
        return excerpt


@strawberry.type(description="An event on its way to a webhook endpoint, or to the `callbackUrl` of an order.")
class WebhookDelivery(Node):
    row: strawberry.Private[webhooks.Delivery]

    @strawberry.field(
        description="Id of the webhook endpoint. Null if the order was sent to the `callbackUrl` that it was "
        "placed with."
    )
    def webhook_endpoint_id(self) -> strawberry.ID | None:
        row = self.row
        return None if row.endpoint_id == row.owner_id else global_id("WebhookEndpoint", row.endpoint_id)

    @strawberry.field(description="Id of the account that the event belongs to.")
    def account_id(self) -> strawberry.ID:
        return global_id("Account", self.row.account_id)

    @strawberry.field(description="Number of the event among all events of its account.")
    def sequence(self) -> BigInt:
        return BigInt(self.row.seq)

    @strawberry.field(description="Type of the event, such as `order.placed`. Expect unknown types.")
    def event_type(self) -> str:
        return self.row.event_type.value

    @strawberry.field(description="State of the delivery; see each value.")
    def status(self) -> DeliveryStatus:
        return self.row.status

    @strawberry.field(description="Number of requests that were sent so far.")
    def attempt_count(self) -> int:
        return self.row.attempts

    @strawberry.field(
        description=f"The last {LOG_MAX} requests that were sent, oldest first. Of the format LUNE a failed request is "
        "shown at its first event alone."
    )
    def attempts(self) -> list[WebhookAttempt]:
        return [WebhookAttempt(entry=entry) for entry in self.row.log]

    @strawberry.field(
        description="Time at which the event is sent next, at the earliest. Null if it is not sent again, or if it "
        "waits for an earlier event of its account."
    )
    def next_attempt_at(self) -> datetime | None:
        is_waiting = self.row.status is DeliveryStatus.PENDING and self.row.due_at < NEVER
        return self.row.due_at if is_waiting else None

    @strawberry.field(description="Time at which the event was queued.")
    def created_at(self) -> datetime:
        return self.row.created_at


def endpoint_of(row: webhooks.Endpoint) -> WebhookEndpoint:
    """Return the endpoint as the schema shows it."""
    return WebhookEndpoint(row=row)


def delivery_of(row: webhooks.Delivery) -> WebhookDelivery:
    """Return the delivery as the schema shows it."""
    return WebhookDelivery(row=row)
