"""Settings of subscriptions, which are a part of the service's settings."""

from pydantic import Field
from pydantic_settings import BaseSettings

SUBSCRIPTIONS_MAX = 1_000_000


class SubscriptionSettings(BaseSettings):
    """Settings of subscriptions, by the same rules as `service.settings.Settings`."""

    subscriptions_max: int = Field(
        default=2_000,
        ge=0,
        le=SUBSCRIPTIONS_MAX,
        description="Maximum number of GraphQL subscriptions that each process serves at the same time. Further ones"
        " are refused. With 0 there are no subscriptions.",
    )
    subscriptions_per_key_max: int = Field(
        default=100,
        ge=1,
        le=SUBSCRIPTIONS_MAX,
        description="Maximum number of GraphQL subscriptions, and of WebSockets, that each process serves at the same"
        " time for one API key and its access tokens.",
    )
    subscription_poll_ms: int = Field(
        default=200,
        ge=10,
        le=60_000,
        description="Time after which a process looks for new events of the accounts with subscriptions. An event"
        " reaches its subscribers after at most this time and that of the query.",
    )
    subscription_keep_alive_ms: int = Field(
        default=12_000,
        ge=100,
        le=600_000,
        description="Time after which a connection of a subscription that was silent carries a sign of life: a ping"
        " over a WebSocket, a comment in server-sent events. It must be less than the read timeout of your proxy.",
    )
    subscription_send_timeout_ms: int = Field(
        default=10_000,
        ge=100,
        le=600_000,
        description="Maximum time that a subscriber may take to receive an event. The connection of a slower one is"
        " closed, over a WebSocket with the code 4410. It can subscribe again after the last event that it received.",
    )
