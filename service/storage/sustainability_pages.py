"""Rows of the public pages of accounts. A page is looked up by its address before the account is known."""

from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.sustainability_pages import SustainabilityPage
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

PAGES = Table(models.SustainabilityPage, SustainabilityPage)


async def of_account(statements: Statements, account_id: UUID) -> SustainabilityPage | None:
    """Return the page of the account, or None."""
    return await PAGES.read_first(statements, models.SustainabilityPage.filter(account_id=account_id))


async def of_slug(statements: Statements, mode: Mode, slug: str) -> SustainabilityPage | None:
    """Return the page with this slug in the mode, or None."""
    return await PAGES.read_first(statements, models.SustainabilityPage.filter(mode=mode, slug=slug))


async def put(statements: Statements, page: SustainabilityPage) -> bool:
    """Write the account's page, replacing its former one; return False if another account has the slug. The transaction
    must then be rolled back.
    """
    await PAGES.delete(statements, account_id=page.account_id)
    return await PAGES.insert(statements, [page]) == 1
