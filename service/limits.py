"""Limits that the settings give, in the form in which each part of the service takes them.

Knows settings and the parts, and nothing that exists only while the application runs.
"""

from collections.abc import Awaitable, Callable

from starlette.types import Scope

from service.api.credential_watch import CredentialWatch
from service.api.cross_origin import may_connect
from service.api.graphql.context import Context
from service.api.graphql.cost.document_limits import DocumentLimits
from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.transport.stream_limits import StreamLimits
from service.api.graphql.transport.streaming import Streaming, Subscribe
from service.api.rate_limits import Budget
from service.api.rest.context import Budgets
from service.domain.accounts import Caller
from service.settings import Settings


def document_limits(settings: Settings) -> DocumentLimits:
    """Return the limits of a GraphQL document."""
    return DocumentLimits(
        tokens=settings.query_tokens_max,
        depth=settings.query_depth_max,
        aliases=settings.query_aliases_max,
        directives=settings.query_directives_max,
        cost=settings.query_cost_max,
        page_size=settings.page_size_max,
        default_page_size=settings.page_size_unasked,
    )


def rest_budgets(settings: Settings) -> dict[str, Budgets]:
    """Return the rate limit budgets of each contract, by its name."""
    lune = Budget("lune", settings.lune_requests_per_s)
    carbonext = Budget("carbonext", settings.carbonext_requests_per_s)
    return {
        "lune": Budgets(reads=lune, writes=lune),
        "carbon-engine": Budgets(
            reads=Budget("carbon-engine-reads", settings.carbon_engine_reads_per_s),
            writes=Budget("carbon-engine-writes", settings.carbon_engine_writes_per_s),
        ),
        "carbonext": Budgets(reads=carbonext, writes=carbonext),
    }


def streaming_of(
    settings: Settings,
    *,
    schema: MaskedSchema,
    get_context: Callable[[Scope], Awaitable[Context]],
    subscribe: Subscribe,
    identify: Callable[[Scope], Awaitable[Caller | None]],
    pay: Callable[[Scope, int], Awaitable[None]],
) -> Streaming:
    """Return the means of the transports of subscriptions, within their limits."""

    def limits(what: str) -> StreamLimits:
        return StreamLimits(
            what=what, places_max=settings.subscriptions_max, per_key_max=settings.subscriptions_per_key_max
        )

    return Streaming(
        schema=schema,
        get_context=get_context,
        subscribe=subscribe,
        credentials=CredentialWatch(identify),
        subscriptions=limits("subscriptions"),
        sockets=limits("WebSockets"),
        keep_alive_s=settings.subscription_keep_alive_ms / 1_000,
        send_timeout_s=settings.subscription_send_timeout_ms / 1_000,
        may_connect=lambda scope: may_connect(scope, settings.cors_origins, settings.public_address),
        pay=pay,
    )
