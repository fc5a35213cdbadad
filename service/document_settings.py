"""Settings of documents, which are a part of the service's settings."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from service.webhook_settings import TEN_YEARS_MS


class DocumentSettings(BaseSettings):
    """Settings of documents, by the same rules as `service.settings.Settings`."""

    document_links_valid_ms: int = Field(
        default=2_592_000_000,
        ge=1_000,
        le=TEN_YEARS_MS,
        description="Minimum time for which a link to an invoice, a credit note, an order confirmation, a receipt or"
        " the page of a receipt is valid after the API showed it; by default 30 days. It is valid for up to a day"
        " longer, so that an address stays the same for a day. Certificates do not expire.",
    )

    @property
    def document_links_valid(self) -> timedelta:
        """Return the time for which a link to a document is valid at least."""
        return timedelta(milliseconds=self.document_links_valid_ms)
