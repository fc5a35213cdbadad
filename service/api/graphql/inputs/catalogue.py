"""What operators put into the catalogue, and what a parent says of its client accounts. Refuses with the path of the
fault.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.inputs.fault_paths import at
from service.api.graphql.inputs.orders import BundleShareInput, selection_from
from service.api.graphql.scalars import BigInt, CurrencyCode
from service.api.graphql.types.amounts import MassInput
from service.api.graphql.types.node import parse_id
from service.domain import supply
from service.domain.accounts import Visibility
from service.domain.amounts import price_micros_of
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType, PriceTier, Selection
from service.domain.serials.characters import RANGE_LENGTH_MAX, SERIAL_LENGTH_MAX
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_text, kept_url
from service.errors import Code, Refused

PROJECTS_MAX = 100


@strawberry.input(description="Credits that a registry issued and that are now yours to sell.")
class ReceiveCreditBatchInput:
    reference: str = strawberry.field(
        description="Chosen by the caller, 1 to 200 characters, once for each batch. A retry with the same reference "
        "and the same input answers the batch that stands; the same reference with another input is refused."
    )
    project_id: strawberry.ID = strawberry.field(description="The project that issued the credits.")
    mode: Mode = strawberry.field(description="Live for real credits; test for made-up ones to try things out with.")
    vintage: int = strawberry.field(
        description="The year in which emissions were avoided or removed: 1990 to 2200. Old vintages are sold first."
    )
    mass: MassInput = strawberry.field(description="What the registry issued: one tonne is one credit.")
    serial_range: str | None = strawberry.field(
        default=None,
        description="All serials of the batch as the registry writes their range, at most 410 characters. They must be "
        "as many as the tonnes of `mass`, and may not overlap another batch of the mode. Leave it out where "
        "`firstSerial` and `lastSerial` are given; only a series of Cercarbono has all three.",
    )
    first_serial: str | None = strawberry.field(
        default=None,
        description="The serial of the first credit, at most 200 characters; needs `lastSerial`.",
    )
    last_serial: str | None = strawberry.field(
        default=None,
        description="The serial of the last credit, which counts; at most 200 characters. It differs from "
        "`firstSerial` in its number alone.",
    )
    serial_form: SerialForm | None = strawberry.field(
        default=None,
        description="The form of the serials. By default it follows from the project's registry; where that leaves a "
        "choice it is required, because a form is never guessed from a text.",
    )
    registry_reference: str | None = strawberry.field(
        default=None,
        description="The registry's own reference for these credits, 1 to 200 characters, instead of serials: only "
        "where the registry numbers no credits (form `NONE`).",
    )
    period_end: date | None = strawberry.field(
        default=None,
        description="The last day (UTC) of the monitoring period, which must be past. By default it is read from the "
        "serials; where they do not state it, the vintage year must be over.",
    )
    serial_prefix: str | None = strawberry.field(
        default=None,
        description="The text before the number in each serial, 1 to 200 characters, the last of them no digit; needs "
        "`serialStart`. The serials are then of the form `PLAIN`.",
        deprecation_reason="Use serialRange, or firstSerial and lastSerial. Removed after 2027-11-30.",
    )
    serial_start: BigInt | None = strawberry.field(
        default=None,
        description="The number of the first credit, which follows the prefix: 0 to 10^18 - 1.",
        deprecation_reason="Use serialRange, or firstSerial and lastSerial. Removed after 2027-11-30.",
    )

    def facts(self) -> dict[str, Any]:
        return {
            "reference": kept_text(self.reference, supply.REFERENCE_LENGTH_MAX, "reference"),
            "project_id": parse_id("Project", self.project_id, "projectId"),
            "mode": self.mode,
            "vintage": supply.vintage_of(self.vintage, "vintage"),
            "issued_g": supply.issued_g_of(at(["mass", "amount"], self.mass.grams), "mass", "amount"),
            "period_end": self.period_end,
            "stated": StatedSerials(
                serial_form=self.serial_form,
                serial_range=_kept(self.serial_range, RANGE_LENGTH_MAX, "serialRange"),
                first_serial=_kept(self.first_serial, SERIAL_LENGTH_MAX, "firstSerial"),
                last_serial=_kept(self.last_serial, SERIAL_LENGTH_MAX, "lastSerial"),
                registry_reference=_kept(self.registry_reference, SERIAL_LENGTH_MAX, "registryReference"),
                serial_prefix=_kept(self.serial_prefix, NAME_LENGTH_MAX, "serialPrefix"),
                serial_start=self.serial_start,
            ),
        }


def _kept(text: str | None, length_max: int, name: str) -> str | None:
    return None if text is None else kept_text(text, length_max, name)


@strawberry.input(description="A project that issues credits.")
class CreateProjectInput:
    slug: str = strawberry.field(
        description="Its name in addresses: lower-case words joined by hyphens, at most 100 characters. It names the "
        "project: a retry with the same input answers the project that stands; another input is refused."
    )
    name: str = strawberry.field(description="What people call it: 1 to 200 characters.")
    category: str = strawberry.field(
        description="The kind of project, such as forest conservation: 1 to 200 characters. It is made if it is absent."
    )
    type: str = strawberry.field(description="The method by which it avoids or removes emissions: 1 to 200 characters.")
    country: str = strawberry.field(description="Where it is: ISO 3166-1 alpha-3, such as BRA.")
    registry_name: str = strawberry.field(description="The registry that issues its credits: 1 to 200 characters.")
    description: str = strawberry.field(description="What it does, in a few sentences: 1 to 1,000 characters.")
    logo_url: str | None = strawberry.field(default=None, description="Its logo: an absolute https address.")

    def facts(self) -> dict[str, Any]:
        return {
            "slug": supply.slug_of(self.slug, "slug"),
            "name": kept_text(self.name, NAME_LENGTH_MAX, "name"),
            "category": kept_text(self.category, NAME_LENGTH_MAX, "category"),
            "project_type": kept_text(self.type, NAME_LENGTH_MAX, "type"),
            "country": supply.country_of(self.country, "country"),
            "registry_name": kept_text(self.registry_name, NAME_LENGTH_MAX, "registryName"),
            "description": kept_text(self.description, DESCRIPTION_LENGTH_MAX, "description"),
            "logo_url": None if self.logo_url is None else kept_url(self.logo_url, "logoUrl"),
        }


@strawberry.input(description="A set of projects that is sold at one price.")
class CreateBundleInput:
    slug: str = strawberry.field(
        description="Its name for programs: lower-case words joined by hyphens, at most 100 characters. It names the "
        "bundle: a retry with the same input answers the bundle that stands; another input is refused."
    )
    name: str = strawberry.field(description="What people call it: 1 to 200 characters.")
    description: str = strawberry.field(description="What it supports, in a few sentences: 1 to 1,000 characters.")
    offset_type: OffsetType = strawberry.field(description="Whether its projects avoid or remove emissions.")
    approach: Approach = strawberry.field(description="How proven its methods are.")
    carbon_permanence: CarbonPermanence = strawberry.field(description="How long the carbon stays away.")
    project_ids: list[strawberry.ID] = strawberry.field(description="The projects it is made of: 1 to 100.")
    primary_image_url: str | None = strawberry.field(
        default=None, description="A picture for it: an absolute https address."
    )
    background_colour: str | None = strawberry.field(
        default=None, description="The colour behind the picture as six hex digits: `#E8F1E4`."
    )

    def facts(self) -> dict[str, Any]:
        if not 0 < len(self.project_ids) <= PROJECTS_MAX:
            raise Refused(Code.BAD_USER_INPUT, f"Name 1 to {PROJECTS_MAX} projects.", ("projectIds",))
        return {
            "slug": supply.slug_of(self.slug, "slug"),
            "name": kept_text(self.name, NAME_LENGTH_MAX, "name"),
            "description": kept_text(self.description, DESCRIPTION_LENGTH_MAX, "description"),
            "offset_type": self.offset_type,
            "approach": self.approach,
            "carbon_permanence": self.carbon_permanence,
            "project_ids": [
                parse_id("Project", each, "projectIds", index) for index, each in enumerate(self.project_ids)
            ],
            "primary_image_url": None
            if self.primary_image_url is None
            else kept_url(self.primary_image_url, "primaryImageUrl"),
            "background_colour": None
            if self.background_colour is None
            else supply.colour_of(self.background_colour, "backgroundColour"),
        }


@strawberry.input(description="The price of a tonne for orders of at least a certain mass.")
class PriceTierInput:
    minimum_mass: MassInput = strawberry.field(description="The smallest order that gets this price; 0 for any order.")
    unit_price: Decimal = strawberry.field(
        description="Currency units for one tonne, without commission; positive, at most 6 decimals."
    )


@strawberry.input(description="All price tiers of a bundle in one currency.")
class SetPriceInput:
    bundle_id: strawberry.ID = strawberry.field(description="The bundle.")
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")
    tiers: list[PriceTierInput] = strawberry.field(
        description="All of them, 1 to 20, each with a minimum of its own; they replace those that stand. The unit "
        "price never rises with the minimum mass: a tier that is dearer than one of a smaller minimum is refused, by "
        "its place."
    )

    def price_tiers(self) -> list[PriceTier]:
        return [
            PriceTier(
                at(["tiers", index, "minimumMass", "amount"], tier.minimum_mass.grams),
                at(["tiers", index, "unitPrice"], lambda tier=tier: price_micros_of(format(tier.unit_price, "f"))),  # type: ignore[misc]
            )
            for index, tier in enumerate(self.tiers)
        ]


@strawberry.input(description="A portfolio that every account may use.")
class SetPortfolioInput:
    identifier: str = strawberry.field(
        description="Its stable name for programs: lower-case words joined by hyphens. One that stands is changed, one "
        "that is absent is made."
    )
    label: str = strawberry.field(description="A name for people: 1 to 200 characters.")
    selection: list[BundleShareInput] = strawberry.field(description="Its bundles, at most 20, with their parts.")

    def facts(self) -> tuple[str, str, Selection]:
        return (
            supply.slug_of(self.identifier, "identifier"),
            kept_text(self.label, NAME_LENGTH_MAX, "label"),
            at(["selection"], lambda: selection_from(self.selection)),
        )


@strawberry.input(description="Which bundle to take off sale, or to sell again.")
class SwitchBundleInput:
    bundle_id: strawberry.ID = strawberry.field(description="The bundle.")


@strawberry.input(one_of=True, description="What an account buys when an order names nothing; give exactly one.")
class SetAccountPortfolioInput:
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A portfolio that the account may use."
    )
    selection: list[BundleShareInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Bundles of the account's own choice, at most 20; they replace its own portfolio as a whole.",
    )

    def wanted(self) -> UUID | Selection:
        if isinstance(self.portfolio_id, str):
            return parse_id("Portfolio", self.portfolio_id, "portfolioId")
        return at(["selection"], lambda: selection_from(self.selection or []))


@strawberry.input(description="An account under the caller's account.")
class CreateClientAccountInput:
    name: str = strawberry.field(description="Whom it is for: 1 to 200 characters.")
    currency: CurrencyCode = strawberry.field(description="The currency of its orders that name none: ISO 4217 code.")
    handle: str | None = strawberry.field(
        default=None,
        description="Its name among the client accounts, for programs: lower-case letters, digits, hyphens and "
        "underscores, at most 64. A retry with the same handle and input answers the account that stands; without a "
        "handle a retry makes another.",
    )
    beneficiary: str | None = strawberry.field(
        default=None,
        description="For whom its credits are retired unless an order says otherwise: 1 to 200 characters.",
    )
    external_pages_visibility: Visibility = strawberry.field(
        default=Visibility.PUBLIC,
        description="PUBLIC if anybody who has the address may read pages and files of its certificates and receipts "
        "without a key; HIDDEN if every such address answers 404. PUBLIC by default.",
    )

    may_use_balance: bool = strawberry.field(
        default=False,
        description="True if orders placed with the client account's own API keys may be paid from the balance of its "
        "parent; false by default. Orders that the parent's key places for it may always be.",
    )

    def facts(self) -> dict[str, Any]:
        return {
            "name": kept_text(self.name, NAME_LENGTH_MAX, "name"),
            "currency": self.currency,
            "handle": None if self.handle is None else supply.handle_of(self.handle, "handle"),
            "beneficiary_name": None
            if self.beneficiary is None
            else kept_text(self.beneficiary, NAME_LENGTH_MAX, "beneficiary"),
            "external_pages_visibility": self.external_pages_visibility,
            "may_use_balance": self.may_use_balance,
        }


@strawberry.input(description="What to change of a client account: facts that are left out stay as they are.")
class UpdateClientAccountInput:
    id: strawberry.ID = strawberry.field(description="The client account.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Whom it is for; it cannot be null.")
    handle: str | None = strawberry.field(default=strawberry.UNSET, description="Its handle; null takes it away.")
    beneficiary: str | None = strawberry.field(
        default=strawberry.UNSET, description="For whom its credits are retired; null takes it away."
    )
    external_pages_visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET,
        description="PUBLIC if anybody who has the address may read pages and files of its certificates and receipts "
        "without a key; HIDDEN if every such address answers 404. "
        "It cannot be null.",
    )

    may_use_balance: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True if orders placed with the client account's own API keys may be paid from the balance of its "
        "parent; it cannot be null.",
    )

    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if self.name is not strawberry.UNSET:
            changes["name"] = kept_text(self.name or "", NAME_LENGTH_MAX, "name")
        if self.handle is not strawberry.UNSET:
            changes["handle"] = None if self.handle is None else supply.handle_of(self.handle, "handle")
        if self.beneficiary is not strawberry.UNSET:
            text = self.beneficiary
            changes["beneficiary_name"] = None if text is None else kept_text(text, NAME_LENGTH_MAX, "beneficiary")
        if self.external_pages_visibility is None:
            raise Refused(Code.BAD_USER_INPUT, "Say public or hidden.", ("externalPagesVisibility",))
        if self.external_pages_visibility is not strawberry.UNSET:
            changes["external_pages_visibility"] = self.external_pages_visibility
        if self.may_use_balance is None:
            raise Refused(Code.BAD_USER_INPUT, "Say true or false.", ("mayUseBalance",))
        if self.may_use_balance is not strawberry.UNSET:
            changes["may_use_balance"] = self.may_use_balance
        return changes
