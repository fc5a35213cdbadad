"""Rules of the catalogue: validation of each fact that an operator states, through any API or file.

Does not know the existing catalogue or the member names of each API; the path of a refusal is the name of the fact.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from service.domain.amounts import GRAMS_PER_TONNE, MASS_G_MAX, PRICE_MICROS_MAX
from service.domain.catalogue import CreditBatch, PortfolioWeight, PriceTier, Selection
from service.domain.serials.block import SerialBlock, UnnumberedBatch
from service.domain.serials.collisions import Block
from service.domain.serials.forms import SerialForm
from service.domain.texts import kept_text
from service.errors import Code, Refused

REFERENCE_LENGTH_MAX = 200
SLUG_LENGTH_MAX = 100
TIERS_MAX = 20
LABELS_MAX = 20
LABEL_LENGTH_MAX = 100
STORAGE_YEARS_MAX = 10_000
VINTAGES = range(1990, 2201)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HANDLE = re.compile(r"[a-z0-9_-]{1,64}")
_COUNTRY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

STOCK = frozenset(
    {
        *("id", "created_at", "available_g", "held_g", "allocated_g", "retired_g"),
        *("withdrawn_at", "withdrawal_reason"),
    }
)
"""Members of a batch that are not stated when it is received."""
SERIAL_COLUMNS = (
    *("serial_form", "serial_layout", "serial_prefix", "serial_joiner", "serial_suffix", "serial_start"),
    *("serial_width", "registry_reference", "issued_g"),
)
"""Members of a batch that contain its serials."""
_WORDS = {
    "beneficiary_name": "beneficiary",
    "external_pages_visibility": "visibility of pages",
    "may_use_balance": "use of the balance",
    "category_id": "category",
    "project_id": "project",
    "project_type": "type",
    "logo_url": "logo",
    "primary_image_url": "picture",
    "public_url": "link",
    "offset_type": "climate effect",
    "article6_authorisation": "authorisation under Article 6",
    "period_start": "start of the monitoring period",
    "period_end": "end of the monitoring period",
    "issued_g": "mass",
}
"""Words for facts whose member names do not read as words."""
PROJECT_FACTS = ("registry_project_id", "methodology", "offset_type", "storage_years", "public_url")
"""Facts of a project that came later than projects, and that may be left out."""
SALE = frozenset({"id", "created_at", "disabled_at"})
"""Members of a bundle or a project that are set by the service and not by the operator."""


def slug_of(text: str, *path: str | int) -> str:
    """Parse a name for programs and addresses: lower-case words joined by hyphens."""
    if len(text) > SLUG_LENGTH_MAX or not _SLUG.fullmatch(text):
        message = f"Give at most {SLUG_LENGTH_MAX} lower-case letters and digits, as words joined by hyphens."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return text


def handle_of(text: str, *path: str | int) -> str:
    """Parse a client account's name for programs."""
    if not _HANDLE.fullmatch(text):
        message = "Give 1 to 64 lower-case letters, digits, hyphens and underscores."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return text


def country_of(text: str, *path: str | int) -> str:
    """Parse a country as the three letters of ISO 3166-1; its existence is not checked."""
    if not _COUNTRY.fullmatch(text):
        raise Refused(
            Code.BAD_USER_INPUT, "Give the country as its ISO 3166-1 code of three capital letters, such as BRA.", path
        )
    return text


def colour_of(text: str, *path: str | int) -> str:
    """Parse a colour as a number sign and six hexadecimal digits."""
    if not _COLOUR.fullmatch(text):
        raise Refused(
            Code.BAD_USER_INPUT, "Give the colour as a number sign and six hexadecimal digits, such as #E8F1E4.", path
        )
    return text


def vintage_of(year: int, *path: str | int) -> int:
    """Check the year in which emissions were avoided or removed."""
    if year not in VINTAGES:
        raise Refused(Code.BAD_USER_INPUT, f"Give a vintage from {VINTAGES[0]} to {VINTAGES[-1]}.", path)
    return year


def date_of(text: str, *path: str | int) -> date:
    """Parse a date that is written as 2024-12-31. Refuses `BAD_USER_INPUT` for anything else."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Refused(Code.BAD_USER_INPUT, "Give a date as year, month and day, such as 2024-12-31.", path)


def issued_g_of(mass_g: int, *path: str | int) -> int:
    """Check the mass that a registry issued, which is positive."""
    if not 0 < mass_g <= MASS_G_MAX:
        raise Refused(Code.QUANTITY_INVALID, "Give a mass above zero for the batch.", path)
    return mass_g


def tiers_of(tiers: Iterable[PriceTier], *path: str | int) -> tuple[PriceTier, ...]:
    """Return all tiers of one price, lowest minimum first: 1 to `TIERS_MAX`, positive, each minimum once."""
    found = tuple(sorted(tiers, key=lambda tier: tier.minimum_mass_g))
    if not 0 < len(found) <= TIERS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {TIERS_MAX} price tiers.", path)
    if any(lower.minimum_mass_g == upper.minimum_mass_g for lower, upper in pairwise(found)):
        raise Refused(Code.BAD_USER_INPUT, "Give each price tier a different minimum mass.", path)
    if not all(0 < tier.unit_price_micros <= PRICE_MICROS_MAX for tier in found):
        raise Refused(Code.BAD_USER_INPUT, "Give a unit price above zero.", path)
    return found


def rising_tier(tiers: Sequence[PriceTier]) -> int | None:
    """Return the index, in the given order, of the lowest tier whose unit price is above that of the tier before it by
    minimum mass; None if there is none.

    Such a price list is refused: an order of 100 t would cost more than two of 99 t and 1 t.
    """
    ordered = sorted(enumerate(tiers), key=lambda placed: placed[1].minimum_mass_g)
    for (_, lower), (place, upper) in pairwise(ordered):
        # Two tiers with the same minimum are a different error, which `tiers_of` reports.
        if upper.minimum_mass_g > lower.minimum_mass_g and upper.unit_price_micros > lower.unit_price_micros:
            return place
    return None


def stocked(block: Block, **facts: Any) -> CreditBatch:
    """Return a new batch, of which all issued grams are available."""
    return CreditBatch(
        **facts, **serial_columns(block), available_g=facts["issued_g"], held_g=0, allocated_g=0, retired_g=0
    )


def serial_columns(block: Block) -> dict[str, Any]:
    """Return the members of a credit batch that keep its serials."""
    if isinstance(block, UnnumberedBatch):
        return {
            "serial_form": SerialForm.NONE,
            "serial_prefix": "",
            "serial_start": 0,
            "registry_reference": block.reference,
        }
    return {
        "serial_form": block.form,
        "serial_layout": block.layout,
        "serial_prefix": block.prefix,
        "serial_joiner": block.joiner,
        "serial_suffix": block.suffix,
        "serial_start": block.first,
        "serial_width": block.width,
    }


def block_of(batch: CreditBatch) -> Block:
    """Return the serials of a batch. A last credit of which only a part is in the batch counts as a whole."""
    if batch.serial_form is SerialForm.NONE:
        return UnnumberedBatch(batch.registry_reference or "", batch.issued_g)
    return SerialBlock(
        form=batch.serial_form,
        layout=batch.serial_layout,
        prefix=batch.serial_prefix,
        joiner=batch.serial_joiner,
        suffix=batch.serial_suffix,
        first=batch.serial_start,
        last=batch.serial_start - (-batch.issued_g // GRAMS_PER_TONNE) - 1,
        width=batch.serial_width,
    )


def storage_years_of(years: int, *path: str | int) -> int:
    """Check the number of years for which a project's removals count as stored."""
    if not 0 < years <= STORAGE_YEARS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {STORAGE_YEARS_MAX} years.", path)
    return years


def labels_of(texts: Sequence[str], *path: str | int) -> list[str]:
    """Return the labels of a batch sorted, because their order has no meaning. Refuses `BAD_USER_INPUT` for too many,
    and for one that is empty, too long or named twice.
    """
    if len(texts) > LABELS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give at most {LABELS_MAX} labels.", path)
    for index, text in enumerate(texts):
        kept_text(text, LABEL_LENGTH_MAX, *path, index)
        if text in texts[:index]:
            raise Refused(Code.BAD_USER_INPUT, "Give each label once.", (*path, index))
    return sorted(texts)


def unstated_facts(wanted: Any) -> frozenset[str]:
    """Return the optional members of a project that its operator did not state. A repeated request without them is
    still a retry.
    """
    return frozenset(name for name in PROJECT_FACTS if getattr(wanted, name, None) is None)


def differing(one: Any, other: Any, unstated: frozenset[str]) -> list[str]:
    """Return the facts in which two values of one dataclass differ, except those that the operator does not state."""
    names = (field.name for field in fields(one))
    return [name for name in names if name not in unstated and getattr(one, name) != getattr(other, name)]


def reused(noun: str, names: Sequence[str], *path: str | int) -> Refused:
    """Return the refusal of an identifier that already names something else. It says in words which facts differ,
    because each API spells their members in its own way.
    """
    words = ", ".join(_WORDS.get(name, name.replace("_", " ")) for name in names)
    message = f"This identifier already names another {noun}: {words} differ."
    return Refused(Code.IDEMPOTENCY_KEY_REUSED, message, path)


def weights_of(portfolio_id: UUID, selection: Selection) -> list[PortfolioWeight]:
    """Return the portfolio weights for the selection, in its order."""
    return [
        PortfolioWeight(
            portfolio_id=portfolio_id, bundle_id=weight.bundle_id, position=position, hundredths=weight.hundredths
        )
        for position, weight in enumerate(selection)
    ]
