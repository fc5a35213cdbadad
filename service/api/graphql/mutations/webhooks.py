"""Mutations of webhook endpoints, and of what is sent to them again."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.webhooks import (
    CreateWebhookEndpointInput,
    ReplayDeliveryInput,
    ReplayEventsInput,
    UpdateWebhookEndpointInput,
    WebhookEndpointRefInput,
    endpoint_id,
)
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_id
from service.api.graphql.types.webhooks import WebhookDelivery, WebhookEndpoint, delivery_of, endpoint_of
from service.errors import Refused
from service.operations import manage_webhooks, replay_webhooks

_ERRORS = "Reasons why the request was refused. Empty if the request succeeded."
_REF = strawberry.argument(description="Webhook endpoint of the account, by its id.")


@strawberry.type(description="Result of a mutation that changes a webhook endpoint.")
class WebhookEndpointPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(
        description="Webhook endpoint after the change, or as it was before it was deleted. Null if the request was "
        "refused."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="Result of a mutation that makes a secret.")
class WebhookSecretPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(
        description="Webhook endpoint that the secret belongs to. Null if the request was refused."
    )
    secret: str | None = strawberry.field(
        description="Secret with which receivers verify the signatures of requests. It begins with `whsec_`. The "
        "service shows it in this response alone. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="Result of a mutation that sends an event.")
class WebhookDeliveryPayload:
    webhook_delivery: WebhookDelivery | None = strawberry.field(
        description="Delivery that was queued. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="Result of the mutation `replayEvents`.")
class ReplayEventsPayload:
    replayed_count: int | None = strawberry.field(
        description="Number of events that are sent again. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(
        description="Creates a webhook endpoint, to which events are sent from now on; at most 20 of an account. A "
        "retry creates another one: if the response was lost, delete the webhook endpoint whose secret you do not know."
    )
    async def create_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[
            CreateWebhookEndpointInput, strawberry.argument(description="Webhook endpoint and its address.")
        ],
    ) -> WebhookSecretPayload | None:
        context = info.context
        try:
            created = await manage_webhooks.create_endpoint(context.resources, context.caller, **input.facts())
        except Refused as refusal:
            return _no_secret(refusal, input)
        return _secret(created)

    @strawberry.mutation(
        description="Changes, enables or disables a webhook endpoint. Members that the input leaves out keep their "
        "values. A retry changes nothing."
    )
    async def update_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[
            UpdateWebhookEndpointInput,
            strawberry.argument(description="Webhook endpoint, and the values to change."),
        ],
    ) -> WebhookEndpointPayload | None:
        context = info.context
        try:
            changed = await manage_webhooks.update_endpoint(
                context.resources, context.caller, endpoint_id(input.id, "id"), input.changes()
            )
        except Refused as refusal:
            return WebhookEndpointPayload(webhook_endpoint=None, user_errors=[user_error(refusal, input)])
        return WebhookEndpointPayload(webhook_endpoint=endpoint_of(changed), user_errors=[])

    @strawberry.mutation(
        description="Deletes a webhook endpoint and its secrets. Nothing is sent to it any more. A retry is refused "
        "with `NOT_FOUND`."
    )
    async def delete_webhook_endpoint(
        self, info: Info, input: Annotated[WebhookEndpointRefInput, _REF]
    ) -> WebhookEndpointPayload | None:
        context = info.context
        try:
            deleted = await manage_webhooks.delete_endpoint(
                context.resources, context.caller, endpoint_id(input.id, "id")
            )
        except Refused as refusal:
            return WebhookEndpointPayload(webhook_endpoint=None, user_errors=[user_error(refusal, input)])
        return WebhookEndpointPayload(webhook_endpoint=endpoint_of(deleted), user_errors=[])

    @strawberry.mutation(
        description="Makes another secret for a webhook endpoint. For 24 hours requests of the format STANDARD are "
        "signed under both secrets; in the format LUNE the former secret ends at once. A retry makes another secret "
        "again, and of the two former ones only the later one is still used."
    )
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[WebhookEndpointRefInput, _REF]
    ) -> WebhookSecretPayload | None:
        context = info.context
        try:
            rotated = await manage_webhooks.rotate_secret(
                context.resources, context.caller, endpoint_id(input.id, "id")
            )
        except Refused as refusal:
            return _no_secret(refusal, input)
        return _secret(rotated)

    @strawberry.mutation(
        description="Records an event of the type `webhook.test` and sends it to one webhook endpoint, whatever types "
        "of events that endpoint asks for. A retry sends another one."
    )
    async def send_test_event(
        self, info: Info, input: Annotated[WebhookEndpointRefInput, _REF]
    ) -> WebhookDeliveryPayload | None:
        context = info.context
        try:
            sent = await replay_webhooks.send_test_event(context.resources, context.caller, endpoint_id(input.id, "id"))
        except Refused as refusal:
            return WebhookDeliveryPayload(webhook_delivery=None, user_errors=[user_error(refusal, input)])
        return WebhookDeliveryPayload(webhook_delivery=delivery_of(sent), user_errors=[])

    @strawberry.mutation(
        description="Sends the event of a delivery again, whatever the state of the delivery. A retry sends it "
        "once more."
    )
    async def replay_delivery(
        self,
        info: Info,
        input: Annotated[ReplayDeliveryInput, strawberry.argument(description="Delivery whose event is sent again.")],
    ) -> WebhookDeliveryPayload | None:
        context = info.context
        try:
            again = await replay_webhooks.replay_delivery(
                context.resources, context.caller, parse_id("WebhookDelivery", input.id, "id")
            )
        except Refused as refusal:
            return WebhookDeliveryPayload(webhook_delivery=None, user_errors=[user_error(refusal, input)])
        return WebhookDeliveryPayload(webhook_delivery=delivery_of(again), user_errors=[])

    @strawberry.mutation(
        description="Sends every event since a time again to a webhook endpoint, as far as the endpoint asks for its "
        "type: events that were delivered, that failed, and that occurred before the endpoint was created. A retry "
        "sends them once more."
    )
    async def replay_events(
        self,
        info: Info,
        input: Annotated[
            ReplayEventsInput,
            strawberry.argument(description="Webhook endpoint, and first time."),
        ],
    ) -> ReplayEventsPayload | None:
        context = info.context
        try:
            count = await replay_webhooks.replay_events(
                context.resources,
                context.caller,
                endpoint_id(input.webhook_endpoint_id, "webhookEndpointId"),
                input.since,
            )
        except Refused as refusal:
            return ReplayEventsPayload(replayed_count=None, user_errors=[user_error(refusal, input)])
        return ReplayEventsPayload(replayed_count=count, user_errors=[])


def _secret(made: manage_webhooks.WithSecret) -> WebhookSecretPayload:
    return WebhookSecretPayload(webhook_endpoint=endpoint_of(made.endpoint), secret=made.secret, user_errors=[])


def _no_secret(refusal: Refused, given: object) -> WebhookSecretPayload:
    return WebhookSecretPayload(webhook_endpoint=None, secret=None, user_errors=[user_error(refusal, given)])
