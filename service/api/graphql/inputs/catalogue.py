"""Inputs for the catalogue (operators) and for client accounts (parents). Refusals have the path of the faulty
member.
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


@strawberry.input(description="A batch of credits that a registry issued and that the service takes into stock.")
class ReceiveCreditBatchInput:
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 200 characters without the blanks around it, once for each "
        "batch. A retry with the same reference and input returns the existing batch; the same reference with another "
        "input is refused."
    )
    project_id: strawberry.ID = strawberry.field(description="Id of the project that issued the credits.")
    mode: Mode = strawberry.field(
        description="LIVE for real credits, TEST for made-up credits that only test accounts can order."
    )
    vintage: int = strawberry.field(
        description="Year in which the emissions were avoided or removed: 1990 to 2200. Credits of old vintages are "
        "sold first."
    )
    mass: MassInput = strawberry.field(
        description="Mass that the registry issued; more than zero. One tonne is one credit."
    )
    serial_range: str | None = strawberry.field(
        default=None,
        description="Serial numbers of the batch as the registry writes a range, at most 410 characters. Their number "
        "must equal the tonnes of `mass`, and they must not overlap another batch of the same mode. Leave it out if "
        "you give `firstSerial` and `lastSerial`; only a Cercarbono series needs all three.",
    )
    first_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the first credit, at most 200 characters. Requires `lastSerial`.",
    )
    last_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the last credit, which belongs to the batch; at most 200 characters. Only its "
        "number may differ from `firstSerial`.",
    )
    serial_form: SerialForm | None = strawberry.field(
        default=None,
        description="Format of the serial numbers. By default it follows from the project's registry. It is required "
        "if the registry uses several formats.",
    )
    registry_reference: str | None = strawberry.field(
        default=None,
        description="Registry's reference for the batch, 1 to 200 characters, instead of serial numbers. Allowed only "
        "if the registry does not number credits (format `NONE`).",
    )
    period_end: date | None = strawberry.field(
        default=None,
        description="Last day of the monitoring period (UTC), which must be in the past. By default it is read from "
        "the serial numbers; if they do not contain it, the vintage year must be over.",
    )
    serial_prefix: str | None = strawberry.field(
        default=None,
        description="Text before the number in each serial, 1 to 200 characters, the last of which is not a digit. "
        "Requires `serialStart`. The format of the serial numbers is then `PLAIN`.",
        deprecation_reason="Use serialRange, or firstSerial and lastSerial. Removed after 2027-11-30.",
    )
    serial_start: BigInt | None = strawberry.field(
        default=None,
        description="Number of the first credit, which follows the prefix: 0 to 10^18 - 1. Requires `serialPrefix`.",
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


@strawberry.input(description="A project to add to the catalogue.")
class CreateProjectInput:
    slug: str = strawberry.field(
        description="Identifier of the project, also used in web addresses: lower-case words joined by hyphens, at "
        "most 100 characters. A retry with the same slug and input returns the existing project; the same slug with "
        "another input is refused."
    )
    name: str = strawberry.field(description="Name of the project as it is displayed, 1 to 200 characters.")
    category: str = strawberry.field(
        description="Kind of project, such as forest conservation, 1 to 200 characters. A new category is added to the "
        "catalogue."
    )
    type: str = strawberry.field(
        description="Method by which the project avoids or removes emissions, 1 to 200 characters."
    )
    country: str = strawberry.field(description="Country of the project: ISO 3166-1 alpha-3 code, such as `BRA`.")
    registry_name: str = strawberry.field(
        description="Name of the registry that issues the project's credits, 1 to 200 characters."
    )
    description: str = strawberry.field(
        description="Description of the project in a few sentences, 1 to 1,000 characters."
    )
    logo_url: str | None = strawberry.field(
        default=None,
        description="Address of the project's logo: an absolute https address of at most 2,000 characters.",
    )

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


@strawberry.input(description="A bundle to add to the catalogue: a set of projects sold at one price.")
class CreateBundleInput:
    slug: str = strawberry.field(
        description="Identifier of the bundle: lower-case words joined by hyphens, at most 100 characters. A retry "
        "with the same slug and input returns the existing bundle; the same slug with another input is refused."
    )
    name: str = strawberry.field(description="Name of the bundle as it is displayed, 1 to 200 characters.")
    description: str = strawberry.field(
        description="Description in a few sentences of the activities that the bundle supports, 1 to 1,000 characters."
    )
    offset_type: OffsetType = strawberry.field(
        description="Effect of the bundle's projects: emissions avoided, or carbon removed."
    )
    approach: Approach = strawberry.field(description="Maturity of the methods that the bundle's projects use.")
    carbon_permanence: CarbonPermanence = strawberry.field(
        description="Duration for which the bundle's projects store carbon."
    )
    project_ids: list[strawberry.ID] = strawberry.field(
        description="Ids of the projects whose credits the bundle sells: 1 to 100."
    )
    primary_image_url: str | None = strawberry.field(
        default=None,
        description="Address of a picture for the bundle: an absolute https address of at most 2,000 characters.",
    )
    background_colour: str | None = strawberry.field(
        default=None,
        description="Background colour for the picture, as a number sign and six hexadecimal digits: `#E8F1E4`.",
    )

    def facts(self) -> dict[str, Any]:
        if not 0 < len(self.project_ids) <= PROJECTS_MAX:
            raise Refused(Code.BAD_USER_INPUT, f"Give the ids of 1 to {PROJECTS_MAX} projects.", ("projectIds",))
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


@strawberry.input(description="A price per tonne that applies to orders of at least a certain mass.")
class PriceTierInput:
    minimum_mass: MassInput = strawberry.field(
        description="Smallest mass of an order that gets this price; 0 for orders of any mass."
    )
    unit_price: Decimal = strawberry.field(
        description="Price of one tonne in the currency's main unit, without commission; more than zero, at most 6 "
        "decimals."
    )


@strawberry.input(description="All price tiers of a bundle in one currency.")
class SetPriceInput:
    bundle_id: strawberry.ID = strawberry.field(description="Id of the bundle that is priced.")
    currency: CurrencyCode = strawberry.field(
        description="ISO 4217 code of a currency in circulation; a price that stands in another one may be sent again."
    )
    tiers: list[PriceTierInput] = strawberry.field(
        description="All price tiers, 1 to 20, each with a different minimum mass. They replace the existing tiers of "
        "the bundle in this currency. The unit price must not rise with the minimum mass: a tier that costs more than "
        "one with a smaller minimum is refused."
    )

    def price_tiers(self) -> list[PriceTier]:
        return [
            PriceTier(
                at(["tiers", index, "minimumMass", "amount"], tier.minimum_mass.grams),
                at(["tiers", index, "unitPrice"], lambda tier=tier: price_micros_of(format(tier.unit_price, "f"))),  # type: ignore[misc]
            )
            for index, tier in enumerate(self.tiers)
        ]


@strawberry.input(description="A portfolio that every account can use, to be created or replaced.")
class SetPortfolioInput:
    identifier: str = strawberry.field(
        description="Stable identifier of the portfolio: lower-case words joined by hyphens, at most 100 characters. "
        "An existing portfolio of this identifier is replaced; otherwise a new one is created."
    )
    label: str = strawberry.field(description="Name of the portfolio as it is displayed, 1 to 200 characters.")
    selection: list[BundleShareInput] = strawberry.field(
        description="Bundles of the portfolio with their shares: 1 to 20."
    )

    def facts(self) -> tuple[str, str, Selection]:
        return (
            supply.slug_of(self.identifier, "identifier"),
            kept_text(self.label, NAME_LENGTH_MAX, "label"),
            at(["selection"], lambda: selection_from(self.selection)),
        )


@strawberry.input(description="The bundle to take off sale or to put on sale again.")
class SwitchBundleInput:
    bundle_id: strawberry.ID = strawberry.field(
        description="Id of the bundle to take off sale or to put on sale again."
    )


@strawberry.input(
    one_of=True,
    description="Choice of bundles for orders that name neither bundles nor a portfolio. Give exactly one member.",
)
class SetAccountPortfolioInput:
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Id of a portfolio that the account can use."
    )
    selection: list[BundleShareInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Bundles with their shares, 1 to 20, as the account's own portfolio. They replace its earlier "
        "bundles.",
    )

    def wanted(self) -> UUID | Selection:
        if isinstance(self.portfolio_id, str):
            return parse_id("Portfolio", self.portfolio_id, "portfolioId")
        return at(["selection"], lambda: selection_from(self.selection or []))


@strawberry.input(description="A client account to create under the caller's account.")
class CreateClientAccountInput:
    name: str = strawberry.field(
        description="Name of the person or company that the client account is for: 1 to 200 characters."
    )
    currency: CurrencyCode = strawberry.field(
        description="The currency of its orders that name none: ISO 4217 code of a currency in circulation."
    )
    handle: str | None = strawberry.field(
        default=None,
        description="Identifier of the client account among those of the parent: lower-case letters, digits, hyphens "
        "and underscores, at most 64 characters. A retry with the same handle and input returns the existing account. "
        "Without a handle, a retry creates another account.",
    )
    beneficiary: str | None = strawberry.field(
        default=None,
        description="Name of the party for which the client's credits are retired unless an order names another one, 1 "
        "to 200 characters.",
    )
    external_pages_visibility: Visibility = strawberry.field(
        default=Visibility.PUBLIC,
        description="PUBLIC if anybody who has the address can read the pages and files of the client's certificates "
        "and receipts, without an API key; HIDDEN if every such address returns 404. PUBLIC by default.",
    )

    may_use_balance: bool = strawberry.field(
        default=False,
        description="True if orders placed with the client account's own API keys may be paid from the balance of its "
        "parent; false by default. Orders that are placed with the parent's API key may always be paid from it.",
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


@strawberry.input(description="Changes to a client account. Members that are left out keep their values.")
class UpdateClientAccountInput:
    id: strawberry.ID = strawberry.field(description="Id of the client account to change.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="New name of the client, 1 to 200 characters. It must not be null."
    )
    handle: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New identifier of the client account, at most 64 characters; null removes it.",
    )
    beneficiary: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the party for which the client's credits are retired, 1 to 200 characters; null "
        "removes it.",
    )
    external_pages_visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET,
        description="PUBLIC if anybody who has the address can read the pages and files of the client's certificates "
        "and receipts, without an API key; HIDDEN if every such address returns 404. It must not be null.",
    )

    may_use_balance: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True if orders placed with the client account's own API keys may be paid from the balance of its "
        "parent. It must not be null.",
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
            raise Refused(
                Code.BAD_USER_INPUT,
                "Give PUBLIC or HIDDEN, or leave the member out. It must not be null.",
                ("externalPagesVisibility",),
            )
        if self.external_pages_visibility is not strawberry.UNSET:
            changes["external_pages_visibility"] = self.external_pages_visibility
        if self.may_use_balance is None:
            raise Refused(
                Code.BAD_USER_INPUT,
                "Give true or false, or leave the member out. It must not be null.",
                ("mayUseBalance",),
            )
        if self.may_use_balance is not strawberry.UNSET:
            changes["may_use_balance"] = self.may_use_balance
        return changes
