"""Conversion of Lune's requests to order requests. Refuses with Lune's codes where these are more specific than the
service's.
"""

from collections.abc import Sequence
from uuid import UUID

from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.api.rest.lune.models import BundleMass, BundleShare, Choice, Mass, Metadata, QuoteByMass, QuoteByValue
from service.domain.amounts import MassUnit, mass_g_of, minor_units_below
from service.domain.catalogue import BUNDLES_MAX, Selection, hundredths_of, selection_of
from service.domain.order import ByBundleMasses, ByMass, ByValue, OrderRequest
from service.domain.texts import METADATA_ENTRIES_MAX, METADATA_LENGTH_MAX, kept_text
from service.errors import Refused, at


def request_by_mass(body: QuoteByMass) -> OrderRequest:
    """Return the order request for a request by mass."""
    if (body.mass is None) == (body.bundle_masses is None):
        raise invalid("validation_error", "Give either mass or bundle_masses, not both.", "mass")
    if body.mass is not None:
        return OrderRequest(
            ask=ByMass(_mass_g(body.mass, "mass")), selection=selection(body.bundle_selection), step=step(body)
        )
    if body.bundle_selection is not None:
        raise invalid("validation_error", "bundle_masses choose the bundles themselves.", "bundle_selection")
    return OrderRequest(ask=_bundle_masses(body.bundle_masses or []), step=step(body))


def request_by_value(body: QuoteByValue, currency: str) -> OrderRequest:
    """Return the order request for a request by value. A fraction of a minor unit is not spent."""
    value_minor = at(["value"], lambda: minor_units_below(body.value, currency))
    if value_minor == 0:
        raise invalid("order_value_invalid", f"Give an amount of at least the smallest unit of {currency}.", "value")
    return OrderRequest(ask=ByValue(value_minor), selection=selection(body.bundle_selection), step=step(body))


def step(body: Choice) -> MassUnit:
    """Return the unit to which quantities are rounded down; grams by default."""
    return MassUnit(body.quantity_trunc or "g")


def selection(shares: Sequence[BundleShare] | None) -> Selection | None:
    """Return the request's bundles; None leaves the choice to the account."""
    if shares is None:
        return None
    if len(shares) > BUNDLES_MAX:
        raise invalid("bundle_selection_bundle_invalid", f"Give at most {BUNDLES_MAX} bundles.", "bundle_selection")
    return at(
        ["bundle_selection"],
        lambda: selection_of(
            [
                (bundle_id(share.bundle_id, index), _hundredths(share.percentage, index))
                for index, share in enumerate(shares)
            ]
        ),
    )


def bundle_id(text: str, *path: str | int) -> UUID:
    """Parse the id of a bundle. The existence of the bundle is not checked here."""
    try:
        return uuid_of(text)
    except ValueError:
        raise invalid("bundle_id_invalid", "Give the id of a bundle as 32 letters and digits.", *path) from None


def metadata(given: Metadata | None) -> dict[str, str] | None:
    """Return the caller's metadata within the bounds that every API applies."""
    if given is None:
        return None
    if len(given) > METADATA_ENTRIES_MAX:
        raise invalid("validation_error", f"Give at most {METADATA_ENTRIES_MAX} metadata entries.", "metadata")
    for name, text in given.items():
        kept_text(name, METADATA_LENGTH_MAX, "metadata")
        kept_text(text, METADATA_LENGTH_MAX, "metadata", name, required=False)
    return dict(given)


def _hundredths(percentage: int | str | None, index: int) -> int | None:
    if percentage is None:
        return None
    try:
        return hundredths_of(str(percentage))
    except Refused as refused:
        code = "bundle_selection_ratios_invalid_format"
        raise invalid(code, refused.message, index, "percentage") from None


def _mass_g(mass: Mass, *path: str | int) -> int:
    return at([*path, "amount"], lambda: mass_g_of(mass.amount, MassUnit(mass.unit)))


def _bundle_masses(masses: Sequence[BundleMass]) -> ByBundleMasses:
    if not 0 < len(masses) <= BUNDLES_MAX:
        raise invalid("validation_error", f"Give 1 to {BUNDLES_MAX} bundles.", "bundle_masses")
    return ByBundleMasses(
        tuple(
            (bundle_id(each.bundle_id, "bundle_masses", index), _mass_g(each.mass, "bundle_masses", index, "mass"))
            for index, each in enumerate(masses)
        )
    )
