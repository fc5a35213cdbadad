"""Settings of webhooks, which are a part of the service's settings."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

TEN_YEARS_MS = 315_360_000_000


class WebhookSettings(BaseSettings):
    """Settings of webhooks, by the same rules as `service.settings.Settings`."""

    webhook_deliveries_kept_ms: int = Field(
        default=2_592_000_000,
        ge=345_600_000,
        le=TEN_YEARS_MS,
        description="Time for which deliveries of webhooks are kept, shown and can be sent again; by default 30 days,"
        " at least 4 days, because deliveries are tried for 76 hours.",
    )
    webhooks_to_loopback: bool = Field(
        default=False,
        description="Accept webhook endpoints on this machine (localhost, 127.0.0.1, ::1), by http:// as well, for"
        " development. By default webhooks are sent to https:// addresses on the internet alone.",
    )

    @property
    def webhook_deliveries_kept(self) -> timedelta:
        """Return the time for which deliveries of webhooks are kept."""
        return timedelta(milliseconds=self.webhook_deliveries_kept_ms)
