"""A step that verbs share: the seller's logo for the templates of documents."""

from typing import Any

from service.documents.logo import logo_texts
from service.storage import logos
from service.storage.database import Statements


async def seller_logo(statements: Statements, sha256: str | None) -> dict[str, Any] | None:
    """Return the data that a template needs to draw the logo with this digest; None without a digest."""
    return None if sha256 is None else logo_texts(await logos.of_digest(statements, sha256))
