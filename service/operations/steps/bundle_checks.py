"""A step that several operations share: checks that the bundles of a portfolio are on sale and have a price in a
currency.
"""

from collections.abc import Collection
from uuid import UUID

from service.domain.catalogue import Selection
from service.errors import Code, Refused
from service.storage import catalogue
from service.storage.database import Statements


async def refuse_unsold(statements: Statements, selection: Selection, where: str) -> None:
    """Refuse `BUNDLE_UNAVAILABLE`, with its index below the path `where`, for a bundle that is unknown or disabled."""
    bundles = await catalogue.bundles_of_ids(statements, {weight.bundle_id for weight in selection})
    for index, weight in enumerate(selection):
        if weight.bundle_id not in bundles or bundles[weight.bundle_id].disabled_at is not None:
            raise Refused(Code.BUNDLE_UNAVAILABLE, "There is no such bundle on sale.", (where, index))


async def refuse_unpriced(statements: Statements, bundle_ids: Collection[UUID], currency: str, where: str) -> None:
    """Refuse `CURRENCY_UNAVAILABLE` unless every bundle has a price in the currency."""
    priced = {price.bundle_id for price in await catalogue.prices_of(statements, bundle_ids, currency)}
    if priced != set(bundle_ids):
        message = f"The portfolio contains bundles without a price in {currency}. Set a price for them first."
        raise Refused(Code.CURRENCY_UNAVAILABLE, message, (where,))
