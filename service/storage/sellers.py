"""Rows of sellers, and of payers as their invoices print them."""

from collections.abc import Collection
from dataclasses import fields
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
    found = await SELLERS.read(statements, models.Seller.filter(identifier=identifier))
    if found:
        return found[0]
    return UNNAMED_SELLER if identifier == FIRST_SELLER else None


async def seller_of(statements: Statements, details: BillingDetails) -> Seller:
    """Return the payer's seller: its own, or the first one."""
    seller_id = details.seller_id or FIRST_SELLER_ID
    found = await SELLERS.read(statements, models.Seller.filter(id=seller_id))
    return found[0] if found else UNNAMED_SELLER


async def change_seller(statements: Statements, seller: Seller) -> None:
    """Write the seller's row, but for the id, identifier and time of creation of one that exists."""
    if await SELLERS.insert(statements, [seller]):
        return
    columns = [each.name for each in fields(seller) if each.name not in {"id", "identifier", "created_at"}]
    assignments = ", ".join(f"{column} = ${index}" for index, column in enumerate(columns, start=2))
    cells = [getattr(seller, column) for column in columns]
    await statements.execute(f"UPDATE {SELLERS.name} SET {assignments} WHERE id = $1", seller.id, *cells)


async def details_of(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, BillingDetails]:
    """Return the billing details of the payers, by account; empty ones for a payer without any."""
    found = await DETAILS.read(statements, models.BillingDetails.filter(account_id__in=account_ids))
    given = {details.account_id: details for details in found}
    return {account_id: given.get(account_id) or BillingDetails(account_id=account_id) for account_id in account_ids}


async def set_details(statements: Statements, details: BillingDetails) -> None:
    """Write the payer's billing details over those that exist."""
    columns = DETAILS.columns
    values = ", ".join(f"${index}" for index in range(1, len(columns) + 1))
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "account_id")
    await statements.execute(
        f"INSERT INTO {DETAILS.name} ({', '.join(columns)}) VALUES ({values})"
        f" ON CONFLICT (account_id) DO UPDATE SET {changes}",
        *(getattr(details, column) for column in columns),
    )


async def profiles_of(statements: Statements, account_ids: Collection[UUID]) -> list[TaxProfile]:
    """Return the payers' tax profiles, by account and the day from which each is valid."""
    query = models.TaxProfile.filter(account_id__in=account_ids).order_by("account_id", "valid_from")
    return await PROFILES.read(statements, query)


async def set_profile(statements: Statements, profile: TaxProfile) -> None:
    """Write the payer's tax profile over the one that is valid from the same day."""
    await statements.execute(
        f"INSERT INTO {PROFILES.name} (account_id, valid_from, category, rate_hundredths, reason, reason_code)"
        f" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, valid_from) DO UPDATE"
        f" SET category = excluded.category, rate_hundredths = excluded.rate_hundredths, reason = excluded.reason,"
        f" reason_code = excluded.reason_code",
        profile.account_id,
        profile.valid_from,
        profile.category,
        profile.rate_hundredths,
        profile.reason,
        profile.reason_code,
    )
