"""Inputs that change what is in the catalogue (operators): members that are left out keep their values."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.types.node import parse_id
from service.domain import supply
from service.domain.catalogue import Approach, CarbonPermanence, OffsetType
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_text, kept_url
from service.errors import Code, Refused

Reader = Callable[[Any, str], Any]
"""Parser of a member's value, with the member's name for a refusal."""


def _name(text: str, member: str) -> str:
    return kept_text(text, NAME_LENGTH_MAX, member)


def _description(text: str, member: str) -> str:
    return kept_text(text, DESCRIPTION_LENGTH_MAX, member)


def _as_it_is(value: Any, _member: str) -> Any:
    return value


@strawberry.input(description="Changes to a project. Members that the input leaves out keep their values.")
class UpdateProjectInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of the project to change, as the project's field `id` shows it."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the project for display to people: 1 to 200 characters. The name must not be null.",
    )
    category: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New category of the project: 1 to 200 characters. If the catalogue does not have this category "
        "yet, the service adds it. The category must not be null.",
    )
    type: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New method by which the project avoids or removes emissions: 1 to 200 characters. The value must "
        "not be null.",
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New country of the project, as an ISO 3166-1 alpha-3 code such as `BRA`. The country must not be "
        "null.",
    )
    registry_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the registry that issues the project's credits: 1 to 200 characters. Batches already "
        "received keep the format of their serial numbers. The name must not be null.",
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New description of the project: 1 to 1,000 characters. The description must not be null.",
    )
    logo_url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New address of the project's logo: an absolute https address of at most 2,000 characters. Null "
        "removes the logo.",
    )
    registry_project_id: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New identifier of the project at its registry: 1 to 200 characters. Null removes the identifier.",
    )
    methodology: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New methodology by which the project's credits are measured and verified: 1 to 200 characters. "
        "Null removes the methodology.",
    )
    offset_type: OffsetType | None = strawberry.field(
        default=strawberry.UNSET,
        description="New effect of the project on the climate: it avoids emissions, or it removes carbon from the air. "
        "Null removes the value.",
    )
    storage_years: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="New number of years for which the methodology counts the project's carbon as stored: 1 to "
        "10,000. Null removes the number.",
    )
    public_url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New address of a public page about the project: an absolute https address of at most 2,000 "
        "characters. Null removes the address.",
    )

    def changes(self) -> tuple[UUID, dict[str, Any]]:
        return parse_id("Project", self.project_id, "projectId"), {
            **_changes(self, _PROJECT_FACTS, may_be_null=False),
            **_changes(self, _OPTIONAL_PROJECT_FACTS, may_be_null=True),
        }


_PROJECT_FACTS: dict[str, tuple[str, Reader]] = {
    "name": ("name", _name),
    "category": ("category", _name),
    "type": ("project_type", _name),
    "country": ("country", supply.country_of),
    "registry_name": ("registry_name", _name),
    "description": ("description", _description),
}
_OPTIONAL_PROJECT_FACTS: dict[str, tuple[str, Reader]] = {
    "logo_url": ("logo_url", kept_url),
    "registry_project_id": ("registry_project_id", _name),
    "methodology": ("methodology", _name),
    "offset_type": ("offset_type", _as_it_is),
    "storage_years": ("storage_years", supply.storage_years_of),
    "public_url": ("public_url", kept_url),
}
"""Members of the input, each with the fact's name in the domain and its parser."""


@strawberry.input(description="Changes to a bundle. Members that the input leaves out keep their values.")
class UpdateBundleInput:
    bundle_id: strawberry.ID = strawberry.field(
        description="Id of the bundle to change, as the bundle's field `id` shows it."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the bundle for display to people: 1 to 200 characters. The name must not be null.",
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New description of the activities that the bundle supports: 1 to 1,000 characters. The "
        "description must not be null.",
    )
    offset_type: OffsetType | None = strawberry.field(
        default=strawberry.UNSET,
        description="New effect of the bundle's projects on the climate: they avoid emissions, or they remove carbon "
        "from the air. The value must not be null.",
    )
    approach: Approach | None = strawberry.field(
        default=strawberry.UNSET,
        description="New maturity of the methods that the bundle's projects use. The value must not be null.",
    )
    carbon_permanence: CarbonPermanence | None = strawberry.field(
        default=strawberry.UNSET,
        description="New time for which the bundle's projects keep carbon stored. The value must not be null.",
    )
    primary_image_url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New address of a picture of the bundle: an absolute https address of at most 2,000 characters. "
        "Null removes the picture.",
    )
    background_colour: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New background colour of the bundle's picture: a number sign and six hexadecimal digits, such as "
        "`#E8F1E4`. Null removes the colour.",
    )

    def changes(self) -> tuple[UUID, dict[str, Any]]:
        return parse_id("Bundle", self.bundle_id, "bundleId"), {
            **_changes(self, _BUNDLE_FACTS, may_be_null=False),
            **_changes(self, _OPTIONAL_BUNDLE_FACTS, may_be_null=True),
        }


_BUNDLE_FACTS: dict[str, tuple[str, Reader]] = {
    "name": ("name", _name),
    "description": ("description", _description),
    "offset_type": ("offset_type", _as_it_is),
    "approach": ("approach", _as_it_is),
    "carbon_permanence": ("carbon_permanence", _as_it_is),
}
_OPTIONAL_BUNDLE_FACTS: dict[str, tuple[str, Reader]] = {
    "primary_image_url": ("primary_image_url", kept_url),
    "background_colour": ("background_colour", supply.colour_of),
}


def _changes(given: object, members: dict[str, tuple[str, Reader]], *, may_be_null: bool) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for member, (fact, read) in members.items():
        value = getattr(given, member)
        if value is strawberry.UNSET:
            continue
        if value is None and not may_be_null:
            raise Refused(Code.BAD_USER_INPUT, "Give a value, or leave the member out. It must not be null.", (member,))
        changes[fact] = None if value is None else read(value, member)
    return changes
