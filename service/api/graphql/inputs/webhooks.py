"""Inputs of webhook endpoints. Refusals have the path of the faulty member."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.types.node import parse_id
from service.api.graphql.types.webhooks import WebhookFormat
from service.domain import webhooks

_URL = (
    "an https address on the internet, of at most 2,000 printable ASCII characters, without user information and "
    "fragment. Redirects are not followed."
)


@strawberry.input(description="Webhook endpoint to create, with its address.")
class CreateWebhookEndpointInput:
    url: str = strawberry.field(description=f"Address to send events to: {_URL}")
    format: WebhookFormat = strawberry.field(
        default=WebhookFormat.STANDARD, description="Format of the requests. It cannot be changed."
    )
    event_types: list[str] | None = strawberry.field(
        default=None,
        description="Types of events to send, such as `order.placed`. By default all types are sent, including those "
        "that later releases add.",
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Accounts whose events are sent: the account itself and client accounts of it. By default the "
        "events of the account and of all its client accounts are sent, including those that are created later.",
    )

    def facts(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "format": webhooks.WebhookFormat(self.format.value),
            "event_types": self.event_types or (),
            "account_ids": _accounts(self.account_ids),
        }


@strawberry.input(description="Changes to a webhook endpoint. Members that the input leaves out keep their values.")
class UpdateWebhookEndpointInput:
    id: strawberry.ID = strawberry.field(description="Id of the webhook endpoint, as its field `id` shows it.")
    url: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Address to send events to: {_URL} Null is refused."
    )
    event_types: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Types of events to send. Null or an empty list stand for all types."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Accounts whose events are sent from now on. Null stands for the account and all its client "
        "accounts.",
    )
    enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="False to stop sending, true to send again. A webhook endpoint that is enabled again is sent the "
        "events that it missed, as far as deliveries are kept (30 days by default). Null changes nothing.",
    )

    def changes(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.url is not strawberry.UNSET:
            given["url"] = self.url or ""
        if self.event_types is not strawberry.UNSET:
            given["event_types"] = self.event_types
        if self.account_ids is not strawberry.UNSET:
            given["account_ids"] = _accounts(self.account_ids)
        if self.enabled is not strawberry.UNSET and self.enabled is not None:
            given["enabled"] = self.enabled
        return given


@strawberry.input(description="A webhook endpoint of the account.")
class WebhookEndpointRefInput:
    id: strawberry.ID = strawberry.field(description="Id of the webhook endpoint, as its field `id` shows it.")


@strawberry.input(description="A delivery whose event is sent again.")
class ReplayDeliveryInput:
    id: strawberry.ID = strawberry.field(description="Id of the delivery, as its field `id` shows it.")


@strawberry.input(description="Events to send again to a webhook endpoint.")
class ReplayEventsInput:
    webhook_endpoint_id: strawberry.ID = strawberry.field(description="Id of the webhook endpoint to send them to.")
    since: datetime = strawberry.field(
        description="Time from which on events are sent again, at most as long ago as deliveries are kept (30 days by "
        "default). At most 5,000 events are sent again by one request."
    )


def endpoint_id(text: str, *path: str) -> UUID:
    """Return the id of a webhook endpoint. Refuses `BAD_USER_INPUT` for an id of another type."""
    return parse_id("WebhookEndpoint", text, *path)


def _accounts(ids: list[strawberry.ID] | None) -> list[UUID] | None:
    return None if ids is None else [parse_id("Account", text, "accountIds", at) for at, text in enumerate(ids)]
