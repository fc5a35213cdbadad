"""A step that verbs share: the seller's logo as the templates of documents draw it."""

from typing import Any

from service.documents.logo import logo_texts
from service.storage import logos
from service.storage.database import Statements


async def seller_logo(statements: Statements, sha256: str | None) -> dict[str, Any] | None:
    """Return what a template needs of the logo of that digest; None without one."""
    return None if sha256 is None else logo_texts(await logos.of_digest(statements, sha256))
