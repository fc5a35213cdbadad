"""Inputs for the catalogue (operators) and for client accounts (parents). Refusals have the path of the faulty
member.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.inputs.credit_batches import kept_or_none
from service.api.graphql.inputs.orders import BundleShareInput, selection_from
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import MassInput
from service.api.graphql.types.node import parse_id
from service.domain import supply
from service.domain.accounts import Visibility
from service.domain.amounts import price_micros_of
from service.domain.catalogue import Approach, CarbonPermanence, OffsetType, PriceTier, Selection
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_text, kept_url
from service.errors import Code, Refused, at

PROJECTS_MAX = 100


@strawberry.input(description="A project to add to the catalogue.")
class CreateProjectInput:
    slug: str = strawberry.field(
        description="Identifier of the project, different for each project: lower-case words joined by hyphens, at "
        "most 100 characters. A retry with the same slug and input returns the existing project. The same slug with "
        "another input is refused `IDEMPOTENCY_KEY_REUSED`."
    )
    name: str = strawberry.field(description="Name of the project for display to people: 1 to 200 characters.")
    category: str = strawberry.field(
        description="Category of the project, such as forest conservation: 1 to 200 characters. If the catalogue does "
        "not have this category yet, the service adds it."
    )
    type: str = strawberry.field(
        description="Method by which the project avoids or removes emissions: 1 to 200 characters."
    )
    country: str = strawberry.field(description="Country of the project, as an ISO 3166-1 alpha-3 code such as `BRA`.")
    registry_name: str = strawberry.field(
        description="Name of the registry that issues the project's credits, such as Verra: 1 to 200 characters."
    )
    description: str = strawberry.field(
        description="Description of the project in a few sentences: 1 to 1,000 characters."
    )
    logo_url: str | None = strawberry.field(
        default=None,
        description="Address of the project's logo: an absolute https address of at most 2,000 characters. By default "
        "the project has no logo.",
    )
    registry_project_id: str | None = strawberry.field(
        default=None,
        description="Identifier of the project at its registry, such as `VCS1234`: 1 to 200 characters.",
    )
    methodology: str | None = strawberry.field(
        default=None,
        description="Methodology by which the project's credits are measured and verified, such as `VM0048`: 1 to 200 "
        "characters.",
    )
    offset_type: OffsetType | None = strawberry.field(
        default=None,
        description="Effect of the project on the climate: it avoids emissions, or it removes carbon from the air.",
    )
    storage_years: int | None = strawberry.field(
        default=None,
        description="Number of years for which the methodology counts the project's carbon as stored: 1 to 10,000.",
    )
    public_url: str | None = strawberry.field(
        default=None,
        description="Address of a public page about the project, such as its page at the registry: an absolute https "
        "address of at most 2,000 characters.",
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
            "registry_project_id": kept_or_none(self.registry_project_id, NAME_LENGTH_MAX, "registryProjectId"),
            "methodology": kept_or_none(self.methodology, NAME_LENGTH_MAX, "methodology"),
            "offset_type": self.offset_type,
            "storage_years": None
            if self.storage_years is None
            else supply.storage_years_of(self.storage_years, "storageYears"),
            "public_url": None if self.public_url is None else kept_url(self.public_url, "publicUrl"),
        }


@strawberry.input(
    description="Bundle to add to the catalogue: a set of projects whose credits are sold at one price per tonne."
)
class CreateBundleInput:
    slug: str = strawberry.field(
        description="Identifier of the bundle, different for each bundle: lower-case words joined by hyphens, at most "
        "100 characters. A retry with the same slug and input returns the existing bundle. The same slug with another "
        "input is refused `IDEMPOTENCY_KEY_REUSED`."
    )
    name: str = strawberry.field(description="Name of the bundle for display to people: 1 to 200 characters.")
    description: str = strawberry.field(
        description="Description of the activities that the bundle supports, in a few sentences: 1 to 1,000 characters."
    )
    offset_type: OffsetType = strawberry.field(
        description="Effect of the bundle's projects on the climate: they avoid emissions, or they remove carbon from "
        "the air."
    )
    approach: Approach = strawberry.field(description="Maturity of the methods that the bundle's projects use.")
    carbon_permanence: CarbonPermanence = strawberry.field(
        description="Time for which the bundle's projects keep carbon stored."
    )
    project_ids: list[strawberry.ID] = strawberry.field(
        description="Ids of the projects whose credits the bundle sells, as their fields `id` show them: 1 to 100 ids."
    )
    primary_image_url: str | None = strawberry.field(
        default=None,
        description="Address of a picture of the bundle: an absolute https address of at most 2,000 characters. By "
        "default the bundle has no picture.",
    )
    background_colour: str | None = strawberry.field(
        default=None,
        description="Background colour of the bundle's picture: a number sign and six hexadecimal digits, such as "
        "`#E8F1E4`. By default the picture has no background colour.",
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


@strawberry.input(description="Price of one tonne for orders of at least a certain mass.")
class PriceTierInput:
    minimum_mass: MassInput = strawberry.field(
        description="Smallest mass of the whole order that gets this price. Zero means orders of any mass."
    )
    unit_price: Decimal = strawberry.field(
        description="Price of one tonne in the currency's main unit, without commission: more than zero, with at most "
        "6 decimals."
    )


@strawberry.input(description="All price tiers of a bundle in one currency.")
class SetPriceInput:
    bundle_id: strawberry.ID = strawberry.field(description="Id of the bundle that is priced.")
    currency: CurrencyCode = strawberry.field(
        description="ISO 4217 code of a currency in circulation. Another currency is accepted only if the bundle has "
        "a price in it already and the tiers are the same."
    )
    tiers: list[PriceTierInput] = strawberry.field(
        description="All price tiers of the bundle in this currency: 1 to 20 tiers, each with a different minimum "
        "mass. These tiers replace the existing ones. A tier with a larger minimum mass must not have a higher unit "
        "price than a tier with a smaller minimum mass."
    )

    def price_tiers(self) -> list[PriceTier]:
        return [
            PriceTier(
                at(["tiers", index, "minimumMass", "amount"], tier.minimum_mass.grams),
                at(["tiers", index, "unitPrice"], lambda tier=tier: price_micros_of(format(tier.unit_price, "f"))),  # type: ignore[misc]
            )
            for index, tier in enumerate(self.tiers)
        ]


@strawberry.input(description="Portfolio to create or to replace. Every account can use the portfolio.")
class SetPortfolioInput:
    identifier: str = strawberry.field(
        description="Identifier of the portfolio: lower-case words joined by hyphens, at most 100 characters. If a "
        "portfolio with this identifier exists, it is replaced. Otherwise a new portfolio is created."
    )
    label: str = strawberry.field(description="Name of the portfolio for display to people: 1 to 200 characters.")
    selection: list[BundleShareInput] = strawberry.field(
        description="Bundles of the portfolio with their shares: 1 to 20 bundles."
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
        description="Id of the bundle to take off sale or to put on sale again, as the bundle's field `id` shows it."
    )


@strawberry.input(
    one_of=True,
    description="Default portfolio of the account: an existing portfolio, or a choice of bundles. Give exactly one "
    "member.",
)
class SetAccountPortfolioInput:
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Id of an existing portfolio that the account can use, as the portfolio's field `id` shows it.",
    )
    selection: list[BundleShareInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Bundles of the account's own portfolio, with their shares: 1 to 20 bundles. The new bundles "
        "replace those that the portfolio had before.",
    )

    def wanted(self) -> UUID | Selection:
        if isinstance(self.portfolio_id, str):
            return parse_id("Portfolio", self.portfolio_id, "portfolioId")
        return at(["selection"], lambda: selection_from(self.selection or []))


@strawberry.input(description="A client account to create under the caller's account.")
class CreateClientAccountInput:
    name: str = strawberry.field(
        description="Name of the person or company that the client account is for: 1 to 200 characters that "
        "documents can show."
    )
    currency: CurrencyCode = strawberry.field(
        description="The currency of its orders that name none: ISO 4217 code of a currency in circulation."
    )
    handle: str | None = strawberry.field(
        default=None,
        description="Identifier of the client account, different for each client account of the parent: lower-case "
        "letters, digits, hyphens and underscores, at most 64 characters. A retry with the same handle and input "
        "returns the existing account. The same handle with another input is refused `IDEMPOTENCY_KEY_REUSED`. "
        "Without a handle, a retry creates another account.",
    )
    beneficiary: str | None = strawberry.field(
        default=None,
        description="Name of the party for which the client account's credits are retired if an order's `beneficiary` "
        "names none: 1 to 200 characters that documents can show. By default the account's `name` is used.",
    )
    external_pages_visibility: Visibility = strawberry.field(
        default=Visibility.PUBLIC,
        description="Visibility of the public pages and files of the client account's certificates and receipts. "
        "PUBLIC, the default: anybody who has the address can read a page or file without an API key. HIDDEN: every "
        "such address returns HTTP 404.",
    )

    may_use_balance: bool = strawberry.field(
        default=False,
        description="True if the client account's own API keys may pay for orders from the parent's balance; false by "
        "default. The parent's API keys may always pay for the client account's orders from this balance.",
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


@strawberry.input(description="Changes to a client account. Members that the input leaves out keep their values.")
class UpdateClientAccountInput:
    id: strawberry.ID = strawberry.field(
        description="Id of the client account to change, as the account's field `id` shows it."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the client: 1 to 200 characters that documents can show. The name must not be null.",
    )
    handle: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New identifier of the client account: lower-case letters, digits, hyphens and underscores, at "
        "most 64 characters. Null removes the identifier.",
    )
    beneficiary: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the party for which the client account's credits are retired: 1 to 200 characters "
        "that documents can show. Null removes the name.",
    )
    external_pages_visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET,
        description="New visibility of the public pages and files of the client account's certificates and receipts. "
        "PUBLIC: anybody who has the address can read a page or file without an API key. HIDDEN: every such address "
        "returns HTTP 404. The value must not be null.",
    )

    may_use_balance: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True if the client account's own API keys may pay for orders from the parent's balance. The "
        "value must not be null.",
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
