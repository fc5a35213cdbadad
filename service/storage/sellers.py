"""Rows of sellers, and of payers as their invoices print them."""

from collections.abc import Collection
from uuid import UUID

from service.domain.parties import FIRST_SELLER, FIRST_SELLER_ID, UNNAMED_SELLER, BillingDetails, Seller, TaxProfile
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

SELLERS = Table(models.Seller, Seller)
DETAILS = Table(models.BillingDetails, BillingDetails)
PROFILES = Table(models.TaxProfile, TaxProfile)


async def all_sellers(statements: Statements) -> list[Seller]:
    """Return every seller, the first one first, the others by identifier."""
    found = await SELLERS.read(statements, models.Seller.all().order_by("identifier"))
    others = [seller for seller in found if seller.id != FIRST_SELLER_ID]
    return [next((seller for seller in found if seller.id == FIRST_SELLER_ID), UNNAMED_SELLER), *others]


async def by_identifier(statements: Statements, identifier: str) -> Seller | None:
    """Return the seller of that identifier, or None."""
    found = await SELLERS.read_first(statements, models.Seller.filter(identifier=identifier))
    return found or (UNNAMED_SELLER if identifier == FIRST_SELLER else None)


async def seller_of(statements: Statements, details: BillingDetails) -> Seller:
    """Return the payer's seller: its own, or the first one."""
    seller_id = details.seller_id or FIRST_SELLER_ID
    return await SELLERS.read_first(statements, models.Seller.filter(id=seller_id)) or UNNAMED_SELLER


async def change_seller(statements: Statements, seller: Seller) -> None:
    """Write the seller's row; of an existing seller, id, identifier and time of creation stay unchanged."""
    if not await SELLERS.insert(statements, [seller]):
        columns = [column for column in SELLERS.columns if column not in {"id", "identifier", "created_at"}]
        await SELLERS.change(statements, seller, columns, "id")


async def details_of(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, BillingDetails]:
    """Return the billing details of the payers, by account; empty ones for a payer without any."""
    given = await DETAILS.read_by(statements, models.BillingDetails.filter(account_id__in=account_ids), "account_id")
    return {account_id: given.get(account_id) or BillingDetails(account_id=account_id) for account_id in account_ids}


async def set_details(statements: Statements, details: BillingDetails) -> None:
    """Write the payer's billing details over those that exist."""
    await DETAILS.write_over(statements, details, "account_id")


async def profiles_of(statements: Statements, account_ids: Collection[UUID]) -> list[TaxProfile]:
    """Return the payers' tax profiles, by account and the day from which each is valid."""
    query = models.TaxProfile.filter(account_id__in=account_ids).order_by("account_id", "valid_from")
    return await PROFILES.read(statements, query)


async def set_profile(statements: Statements, profile: TaxProfile) -> None:
    """Write the payer's tax profile over the one that is valid from the same day."""
    await PROFILES.write_over(statements, profile, "account_id", "valid_from")
