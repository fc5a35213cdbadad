"""Endpoints for webhooks: the account's webhook endpoints of Lune's format. Those of another format are not shown."""

from uuid import UUID

from msgspec import Struct

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.ids import uuid_of, uuid_or_none
from service.api.rest.lune.models import Id
from service.domain import webhooks
from service.domain.api_keys import Scope
from service.domain.webhooks import WebhookFormat
from service.errors import Code, Refused
from service.operations import manage_webhooks

HEADERS = ("Lune-Account", "Lune-Version")
SHOWN_OF_SECRET = 4
"""Last characters of a secret that are shown after its creation."""


class WebhookView(Struct, kw_only=True):
    """A webhook. `secret` is the last 4 characters of the secret under which requests are signed; the whole secret is
    only in the response that created it.
    """

    id: Id
    url: str
    enabled: bool
    secret: str


class WebhookFullSecret(WebhookView, kw_only=True):
    """A webhook with its whole secret, under which requests are signed."""


class NewWebhook(Struct, kw_only=True):
    """A webhook to create. Without `account_ids` the events of the account and of all its client accounts are sent. A
    retry creates another webhook.
    """

    url: str
    account_ids: list[Id] | None = None


class WebhookChange(Struct, kw_only=True):
    """New values of a webhook. `enabled` and `account_ids` stay as they are if they are absent."""

    url: str
    enabled: bool | None = None
    account_ids: list[Id] | None = None


class WebhooksQuery(Struct, kw_only=True):
    """Selection of webhooks to list: those that are sent the events of the account `account_id`, or of one of these
    accounts if the parameter is repeated.
    """

    account_id: list[str] | None = None


async def create_webhook(call: Call[NewWebhook, None]) -> Answer:
    made = await manage_webhooks.create_endpoint(
        call.context.resources,
        call.caller,
        url=call.body.url,
        format=WebhookFormat.LUNE,
        account_ids=_accounts(call.body.account_ids),
    )
    return Answer(_with_secret(made))


async def list_all_webhooks(call: Call[None, WebhooksQuery]) -> Answer:
    found = await manage_webhooks.list_endpoints(call.context.resources, call.caller)
    shown = [each for each in found if each.format is WebhookFormat.LUNE]
    if call.query.account_id is not None:
        wanted = {str(uuid_or_none(each)) for each in call.query.account_id}
        shown = [each for each in shown if each.account_ids is None or wanted & set(each.account_ids)]
    return Answer([_view(call, each) for each in shown])


async def get_webhook(call: Call[None, None]) -> Answer:
    return Answer(_view(call, await _existing(call)))


async def update_webhook(call: Call[WebhookChange, None]) -> Answer:
    existing, body = await _to_change(call), call.body
    changes: dict[str, object] = {"url": body.url}
    if body.enabled is not None:
        changes["enabled"] = body.enabled
    if body.account_ids is not None:
        changes["account_ids"] = _accounts(body.account_ids)
    changed = await manage_webhooks.update_endpoint(call.context.resources, call.caller, existing.id, changes)
    return Answer(_view(call, changed))


async def delete_webhook(call: Call[None, None]) -> Answer:
    await manage_webhooks.delete_endpoint(call.context.resources, call.caller, (await _to_change(call)).id)
    return Answer(None, 204)


async def rotate_webhook_secret(call: Call[None, None]) -> Answer:
    existing = await _to_change(call)
    return Answer(_with_secret(await manage_webhooks.rotate_secret(call.context.resources, call.caller, existing.id)))


async def _to_change(call: Call[object, None]) -> webhooks.Endpoint:
    """Return the webhook that the address names, for a caller who may change it. The scope is checked before the
    look-up. Refuses `FORBIDDEN`; `NOT_FOUND`.
    """
    call.caller.require(Scope.ORDERS_WRITE)
    return await _existing(call)


async def _existing(call: Call[object, None]) -> webhooks.Endpoint:
    """Return the webhook whose id is in the address. Refuses `NOT_FOUND`."""
    webhook_id = uuid_or_none(call.path["id"])
    found = (
        {}
        if webhook_id is None
        else await manage_webhooks.endpoints_of_ids(call.context.resources, call.caller, [webhook_id])
    )
    existing = None if webhook_id is None else found.get(webhook_id)
    if existing is None or existing.format is not WebhookFormat.LUNE:
        raise Refused(Code.NOT_FOUND, "There is no such webhook.", ("id",))
    return existing


def _accounts(ids: list[str] | None) -> list[UUID] | None:
    return None if ids is None else [uuid_of(text) for text in ids]


def _view(call: Call[object, object], endpoint: webhooks.Endpoint) -> WebhookView:
    secret = manage_webhooks.secret_of(call.context.resources, endpoint)
    return WebhookView(
        id=endpoint.id.hex,
        url=endpoint.url,
        enabled=endpoint.disabled_at is None,
        secret=secret[-SHOWN_OF_SECRET:],
    )


def _with_secret(made: manage_webhooks.WithSecret) -> WebhookFullSecret:
    endpoint = made.endpoint
    return WebhookFullSecret(
        id=endpoint.id.hex, url=endpoint.url, enabled=endpoint.disabled_at is None, secret=made.secret
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/webhooks",
        operation_id="create_webhook",
        summary="Create a webhook.",
        handler=create_webhook,
        body=NewWebhook,
        responses={200: WebhookFullSecret},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/webhooks",
        operation_id="list_all_webhooks",
        summary="List the webhooks of the account.",
        handler=list_all_webhooks,
        query=WebhooksQuery,
        responses={200: list[WebhookView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/webhooks/{id}",
        operation_id="get_webhook",
        summary="Get a webhook.",
        handler=get_webhook,
        responses={200: WebhookView},
        refusals=frozenset({404}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/webhooks/{id}",
        operation_id="update_webhook",
        summary="Change a webhook.",
        handler=update_webhook,
        body=WebhookChange,
        responses={200: WebhookView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/webhooks/{id}/rotate-secret",
        operation_id="rotate_webhook_secret",
        summary="Give a webhook another secret.",
        handler=rotate_webhook_secret,
        responses={200: WebhookFullSecret},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/webhooks/{id}",
        operation_id="delete_webhook",
        summary="Delete a webhook.",
        handler=delete_webhook,
        responses={204: None},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
)
