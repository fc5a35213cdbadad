"""Filters and sorts of lists of projects, bundles and credit batches, and the levels of the stock overview."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.catalogue import Bundle, CreditBatch, OffsetType, Project
from service.kit.keyset import Position, SortKind


class NamedSortField(StrEnum):
    """Fields by which lists of projects and bundles can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    NAME = "name"


class BatchSortField(StrEnum):
    """Fields by which a list of credit batches can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    VINTAGE = "vintage"


@dataclass(frozen=True, slots=True)
class NamedSort:
    """A field and a direction; oldest first by default."""

    field: NamedSortField = NamedSortField.CREATED_AT
    descending: bool = False

    def name(self, listed: str) -> str:
        """Return the sort's name in cursors."""
        return _sort_name(listed, self.field, is_first=self == NamedSort(), descending=self.descending)

    @property
    def kind(self) -> SortKind:
        """Return the class of the sorted field's values."""
        return datetime if self.field is NamedSortField.CREATED_AT else str

    def position(self, row: Project | Bundle) -> Position:
        """Return the row's value in the sorted field and its id, from which a cursor is made."""
        return Position(getattr(row, self.field), row.id)


@dataclass(frozen=True, slots=True)
class BatchSort:
    """A field and a direction; oldest first by default."""

    field: BatchSortField = BatchSortField.CREATED_AT
    descending: bool = False

    def name(self, listed: str) -> str:
        """Return the sort's name in cursors."""
        return _sort_name(listed, self.field, is_first=self == BatchSort(), descending=self.descending)

    @property
    def kind(self) -> SortKind:
        """Return the class of the sorted field's values."""
        return datetime if self.field is BatchSortField.CREATED_AT else int

    def position(self, row: CreditBatch) -> Position:
        """Return the batch's value in the sorted field and its id, from which a cursor is made."""
        return Position(getattr(row, self.field), row.id)


def _sort_name(listed: str, field: str, *, is_first: bool, descending: bool) -> str:
    # The first sort has the cursor's original name, so that cursors from before other sorts existed stay valid.
    return listed if is_first else f"{listed}.{field}.{'desc' if descending else 'asc'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFilter:
    """Filter of projects. All conditions that are given must hold. `text_contains` is part of the name or the slug."""

    ids: frozenset[UUID] | None = None
    text_contains: str | None = None
    countries: frozenset[str] | None = None
    registry_names: frozenset[str] | None = None
    types: frozenset[str] | None = None
    offset_types: frozenset[OffsetType] | None = None
    is_in_stock: bool | None = None


class BundleListing(StrEnum):
    """Bundles that a list contains."""

    ON_SALE = "on_sale"
    """Bundles that take orders and have a price in the currency."""
    DISABLED = "disabled"
    ALL = "all"
    """Every bundle, those without a price included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFilter:
    """Filter of bundles. All conditions that are given must hold. `text_contains` is part of the name or the slug."""

    listing: BundleListing = BundleListing.ON_SALE
    text_contains: str | None = None
    offset_types: frozenset[OffsetType] | None = None
    project_ids: frozenset[UUID] | None = None
    is_in_stock: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilter:
    """Filter of credit batches. All conditions that are given must hold. `text_contains` is part of one of the
    batch's references.
    """

    text_contains: str | None = None
    project_ids: frozenset[UUID] | None = None
    countries: frozenset[str] | None = None
    registry_names: frozenset[str] | None = None
    vintages: frozenset[int] | None = None
    is_in_stock: bool | None = None
    is_withdrawn: bool | None = None


EVERY_PROJECT = ProjectFilter()
ON_SALE = BundleFilter()
EVERY_BATCH = BatchFilter()
OLDEST_FIRST = NamedSort()
FIRST_RECEIVED = BatchSort()


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """Grams of a project's vintage. `unsold_g` are available grams that may not be sold: those of withdrawn batches and
    of batches whose vintage is not over. The level without a vintage has only `waiting_g`, the grams for which order
    lines wait.
    """

    project_id: UUID
    vintage: int | None
    issued_g: int
    available_g: int
    unsold_g: int
    held_g: int
    allocated_g: int
    retired_g: int
    waiting_g: int


@dataclass(frozen=True, slots=True)
class ProjectStock:
    """A project's levels in one mode, oldest vintage first. A waiting line that may take credits of several projects
    counts in `waiting_g` of each.
    """

    project: Project
    vintages: tuple[StockLevel, ...]
    waiting_g: int
