"""Read logos, which are public: anybody may show them."""

from service.domain.logos import Logo
from service.operations.resources import Resources
from service.storage import logos


async def public_logo(resources: Resources, sha256: str) -> Logo | None:
    """Return the logo whose bytes have this SHA-256 digest, or None."""
    return await logos.of_digest(resources.database.reader, sha256)
