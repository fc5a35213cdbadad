"""Filters and sorts of the lists of projects, bundles and credit batches."""

from collections.abc import Sequence

import strawberry

from service.api.graphql.inputs.filter_members import few, ids_of
from service.domain import supply
from service.domain.catalogue import OffsetType
from service.domain.catalogue_listing import (
    BatchFilter,
    BatchSort,
    BatchSortField,
    BundleFilter,
    BundleListing,
    NamedSort,
    NamedSortField,
    ProjectFilter,
)
from service.domain.texts import NAME_LENGTH_MAX, kept_text

_TEXT = (
    "1 to 200 characters. Upper and lower case count as equal. Composed and decomposed letters count as equal, and so "
    "do wide and narrow forms. Letters with and without accents count as different."
)
_IN_STOCK = (
    "True selects {0} with credits that new orders can buy now, false the others: live credits for a live account, "
    "test credits for a test account. By default both are selected."
)


@strawberry.input(
    description="Conditions that select projects. A project is selected if it meets all conditions that are given."
)
class ProjectFilterInput:
    text_contains: str | None = strawberry.field(
        default=None, description=f"Text that the name or the slug of the projects to select contains: {_TEXT}"
    )
    country: list[str] | None = strawberry.field(
        default=None,
        description="Countries of the projects to select, as ISO 3166-1 alpha-3 codes such as `BRA`: at most 100. By "
        "default projects in all countries are selected.",
    )
    registry_name: list[str] | None = strawberry.field(
        default=None,
        description="Registries of the projects to select, written as in their field `registryName`: at most 100. By "
        "default projects of all registries are selected.",
    )
    type: list[str] | None = strawberry.field(
        default=None,
        description="Methods of the projects to select, written as in their field `type`: at most 100. By default "
        "projects of all types are selected.",
    )
    offset_type: list[OffsetType] | None = strawberry.field(
        default=None,
        description="Effects on the climate of the projects to select. By default all projects are selected, also "
        "those without a stated effect.",
    )
    in_stock: bool | None = strawberry.field(default=None, description=_IN_STOCK.format("projects"))

    def project_filter(self) -> ProjectFilter:
        return ProjectFilter(
            text_contains=_text(self.text_contains),
            countries=_countries(self.country),
            registry_names=_texts(self.registry_name, "registryName"),
            types=_texts(self.type, "type"),
            offset_types=None if self.offset_type is None else frozenset(self.offset_type),
            is_in_stock=self.in_stock,
        )


@strawberry.input(
    description="Conditions that select bundles. A bundle is selected if it meets all conditions that are given."
)
class BundleFilterInput:
    listing: BundleListing = strawberry.field(
        default=BundleListing.ON_SALE,
        description="Bundles that the list contains; by default `ON_SALE`. Other values need scope `operator`.",
    )
    text_contains: str | None = strawberry.field(
        default=None, description=f"Text that the name or the slug of the bundles to select contains: {_TEXT}"
    )
    offset_type: list[OffsetType] | None = strawberry.field(
        default=None,
        description="Effects on the climate of the bundles to select. By default bundles of all effects are selected.",
    )
    project_id: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Ids of projects, at most 100. Bundles that contain at least one of them are selected. By default "
        "bundles of all projects are selected.",
    )
    in_stock: bool | None = strawberry.field(default=None, description=_IN_STOCK.format("bundles"))

    def bundle_filter(self) -> BundleFilter:
        return BundleFilter(
            listing=self.listing,
            text_contains=_text(self.text_contains),
            offset_types=None if self.offset_type is None else frozenset(self.offset_type),
            project_ids=ids_of("Project", self.project_id, "projectId"),
            is_in_stock=self.in_stock,
        )


@strawberry.input(
    description="Conditions that select credit batches. A batch is selected if it meets all conditions that are given."
)
class CreditBatchFilterInput:
    text_contains: str | None = strawberry.field(
        default=None,
        description="Text that the reference or the registry's reference of the batches to select contains: 1 to 200 "
        "characters. Upper and lower case of the letters a to z count as equal.",
    )
    project_id: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Ids of the projects whose batches are selected: at most 100. By default batches of all projects "
        "are selected.",
    )
    country: list[str] | None = strawberry.field(
        default=None,
        description="Countries of the projects whose batches are selected, as ISO 3166-1 alpha-3 codes such as `BRA`: "
        "at most 100. By default batches from all countries are selected.",
    )
    registry_name: list[str] | None = strawberry.field(
        default=None,
        description="Registries of the projects whose batches are selected, written as in the project's field "
        "`registryName`: at most 100. By default batches of all registries are selected.",
    )
    vintage: list[int] | None = strawberry.field(
        default=None,
        description="Vintages of the batches to select: at most 100 years from 1990 to 2200. By default batches of all "
        "vintages are selected.",
    )
    in_stock: bool | None = strawberry.field(
        default=None,
        description="True selects batches with credits that new orders can buy now, false the others. By default both "
        "are selected.",
    )
    withdrawn: bool | None = strawberry.field(
        default=None,
        description="True selects batches that are withdrawn from sale, false the others. By default both are "
        "selected.",
    )

    def batch_filter(self) -> BatchFilter:
        years = self.vintage if self.vintage is None else few(self.vintage, "vintage")
        return BatchFilter(
            text_contains=_text(self.text_contains),
            project_ids=ids_of("Project", self.project_id, "projectId"),
            countries=_countries(self.country),
            registry_names=_texts(self.registry_name, "registryName"),
            vintages=None
            if years is None
            else frozenset(supply.vintage_of(year, "filter", "vintage", index) for index, year in enumerate(years)),
            is_in_stock=self.in_stock,
            is_withdrawn=self.withdrawn,
        )


@strawberry.input(
    description="Sort order of a list of projects or bundles. A cursor is valid only in a list with the same sort "
    "order."
)
class CatalogueSortInput:
    field: NamedSortField = strawberry.field(
        default=NamedSortField.CREATED_AT, description="Property to sort by; by default `CREATED_AT`."
    )
    descending: bool = strawberry.field(
        default=False,
        description="False, the default: the oldest entries or the first names come first. True: the newest entries or "
        "the last names come first.",
    )

    def sort(self) -> NamedSort:
        return NamedSort(self.field, self.descending)


@strawberry.input(
    description="Sort order of a list of credit batches. A cursor is valid only in a list with the same sort order."
)
class CreditBatchSortInput:
    field: BatchSortField = strawberry.field(
        default=BatchSortField.CREATED_AT, description="Property to sort by; by default `CREATED_AT`."
    )
    descending: bool = strawberry.field(
        default=False,
        description="False, the default: the oldest batches or vintages come first. True: the newest come first.",
    )

    def sort(self) -> BatchSort:
        return BatchSort(self.field, self.descending)


def _text(text: str | None) -> str | None:
    return None if text is None else kept_text(text, NAME_LENGTH_MAX, "filter", "textContains")


def _texts(texts: Sequence[str] | None, member: str) -> frozenset[str] | None:
    if texts is None:
        return None
    found = enumerate(few(texts, member))
    return frozenset(kept_text(text, NAME_LENGTH_MAX, "filter", member, index) for index, text in found)


def _countries(codes: Sequence[str] | None) -> frozenset[str] | None:
    if codes is None:
        return None
    found = enumerate(few(codes, "country"))
    return frozenset(supply.country_of(code, "filter", "country", index) for index, code in found)
