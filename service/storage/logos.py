"""Rows of logos, by the SHA-256 of their bytes; the table refuses updates and deletes."""

from service.domain.logos import Logo
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

LOGOS = Table(models.Logo, Logo)


async def of_digest(statements: Statements, sha256: str) -> Logo | None:
    """Return the logo whose bytes have that digest, or None."""
    return await LOGOS.read_first(statements, models.Logo.filter(sha256=sha256))
