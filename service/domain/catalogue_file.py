"""Parser of catalogue files: rows of five kinds, given in the column `record`, become values; all errors are collected.

Missing and unknown columns are reported first and alone. Rows refer to each other by slugs. A slug that the file does
not define is looked up in the database later.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from service.domain import supply
from service.domain.amounts import MassUnit, mass_g_of, price_micros_of
from service.domain.catalogue import (
    Approach,
    Bundle,
    CarbonPermanence,
    Mode,
    OffsetType,
    PriceTier,
    Project,
    hundredths_of,
    selection_of,
)
from service.domain.currencies import currency_of
from service.domain.file_rows import SURPLUS, NamedRow, csv_rows, json_document, missing_message, near
from service.domain.receipt import StatedBatch
from service.domain.rows import Fault, Row, plain_number
from service.domain.serials.characters import RANGE_LENGTH_MAX
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_reference, kept_text, kept_url
from service.errors import Code, Refused

UNKNOWN = UUID(int=0)
"""Placeholder for the id of the object that a slug names, until the database has returned it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A parsed value of the file, with its row and the names that it refers to: slugs of projects, or the name of a
    category.
    """

    row: Row
    value: Any
    names: tuple[str, ...]


@dataclass(slots=True)
class Sheet:
    """Contents of a file, by identifier. Rows with an error are left out; `declared` has the kind and slug of every
    row, so that rows which refer to a faulty one are not reported too.
    """

    faults: list[Fault] = field(default_factory=list)
    declared: set[tuple[str, str]] = field(default_factory=set)
    projects: dict[str, Named] = field(default_factory=dict)
    bundles: dict[str, Named] = field(default_factory=dict)
    batches: dict[str, Named] = field(default_factory=dict)
    tiers: dict[tuple[str, str], list[tuple[Row, PriceTier]]] = field(default_factory=dict)
    weights: dict[str, list[tuple[Row, str, str, int]]] = field(default_factory=dict)


def rows_of(text: str, *, is_csv: bool) -> list[NamedRow]:
    """Return the rows of the file by their names: lines of CSV, or objects of a JSON list, counted from 1.

    Refuses `BAD_USER_INPUT` for a text without rows, and for a file without a column that its rows need; for CSV also
    if cells are filled in a column that no kind of row has.
    """
    if is_csv:
        rows = csv_rows(text, key="record", known=_KNOWN)
    else:
        document = json_document(text, if_csv="Give it a name that ends in .csv.")
        if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
            message = "The file is not a JSON list of objects, each with its `record`."
            raise Refused(Code.BAD_USER_INPUT, message)
        if not document:
            raise Refused(Code.BAD_USER_INPUT, "The file has no rows.")
        rows = [(f"item {number}", cells) for number, cells in enumerate(document, start=1)]
    missing = list(_missing_columns(rows))
    faults = [missing_message(*each) for each in missing]
    if is_csv:
        told = {near(column, present) for columns, present, _ in missing for column in columns}
        faults += _unknown_columns(rows, told)
    if faults:
        raise Refused(Code.BAD_USER_INPUT, " ".join(faults))
    return rows


def _missing_columns(rows: Sequence[NamedRow]) -> Iterator[tuple[list[str], set[str], str]]:
    """Yield the required columns that are missing from every row, together with the columns that are present and the
    words for the rows: first for all rows, then for each kind.
    """
    present = {column for _, cells in rows for column in cells}
    if "record" not in present:
        yield ["record"], present, ""
    for kind, (_, needed, _) in _READERS.items():
        present = {column for _, cells in rows if cells.get("record") == kind for column in cells}
        missing = [" or ".join(names) for names in needed if present and present.isdisjoint(names)]
        if missing:
            yield missing, present, f" from every row of the kind {kind}"


def _unknown_columns(rows: Sequence[NamedRow], told: Collection[str | None]) -> Iterator[str]:
    """Yield one sentence that names the unknown columns with filled cells, except those already reported."""
    filled = dict.fromkeys(column for _, cells in rows for column, cell in cells.items() if cell)
    unknown = [column for column in filled if column not in _KNOWN | {SURPLUS} and column not in told]
    if unknown:
        named = [f"{column} (perhaps {known})" if (known := near(column, _KNOWN)) else column for column in unknown]
        noun, verb = ("column", "is") if len(unknown) == 1 else ("columns", "are")
        yield f"The {noun} {', '.join(named)} {verb} of no kind of row."


def read_sheet(rows: Sequence[NamedRow], *, now: datetime, new_id: Callable[[], UUID]) -> Sheet:
    """Parse the named rows. Rows are checked by themselves and against each other, not against the existing
    catalogue.
    """
    sheet = Sheet()
    for name, cells in rows:
        row = Row(name, {column: cell for column, cell in cells.items() if column != "record"}, sheet.faults)
        kind = cells.get("record")
        if not isinstance(kind, str) or kind not in _READERS:
            row.fail("record", f"is none of {', '.join(_READERS)}")
            continue
        columns, _, read = _READERS[kind]
        row.refuse_unknown(columns)
        sheet.declared.add((str(kind), str(cells.get("slug"))))
        read(sheet, row, now, new_id)
    _check_tiers(sheet)
    _check_weights(sheet)
    return sheet


def _project(sheet: Sheet, row: Row, now: datetime, new_id: Callable[[], UUID]) -> None:
    slug, category = row.read("slug", supply.slug_of), row.read("category", _name)
    facts = {
        "name": row.read("name", _name),
        "project_type": row.read("project_type", _name),
        "country": row.read("country", supply.country_of),
        "registry_name": row.read("registry", _name),
        "description": row.read("description", _description),
    }
    optional = {
        "logo_url": row.read_optional("logo_url", kept_url),
        "registry_project_id": row.read_optional("registry_project_id", _name),
        "methodology": row.read_optional("methodology", _name),
        "offset_type": row.read_optional("offset_type", _one_of(OffsetType)),
        "storage_years": row.read_optional("storage_years", lambda text: supply.storage_years_of(_whole(text))),
        "public_url": row.read_optional("public_url", kept_url),
    }
    if slug is not None and category is not None and None not in facts.values():
        project = Project(id=new_id(), category_id=UNKNOWN, slug=slug, created_at=now, **facts, **optional)  # type: ignore[arg-type]
        _keep(sheet.projects, slug, Named(row, project, (category,)), "slug")


def _bundle(sheet: Sheet, row: Row, now: datetime, new_id: Callable[[], UUID]) -> None:
    slug, projects = row.read("slug", supply.slug_of), row.texts("projects")
    facts = {
        "name": row.read("name", _name),
        "description": row.read("description", _description),
        "offset_type": row.read("offset_type", _one_of(OffsetType)),
        "approach": row.read("approach", _one_of(Approach)),
        "carbon_permanence": row.read("carbon_permanence", _one_of(CarbonPermanence)),
    }
    colour = row.read_optional("background_colour", supply.colour_of)
    image = row.read_optional("primary_image_url", kept_url)
    if slug is not None and projects and None not in facts.values():
        bundle = Bundle(
            id=new_id(),
            slug=slug,
            background_colour=colour,
            primary_image_url=image,
            disabled_at=None,
            created_at=now,
            **facts,  # type: ignore[arg-type]
        )
        _keep(sheet.bundles, slug, Named(row, bundle, tuple(projects)), "slug")


def _batch(sheet: Sheet, row: Row, _now: datetime, _new_id: Callable[[], UUID]) -> None:
    reference, project = row.read("reference", _reference), row.read("project", supply.slug_of)
    facts = {
        "mode": row.read("mode", _one_of(Mode)),
        "vintage": row.read("vintage", lambda text: supply.vintage_of(_whole(text))),
        "issued_g": row.read("tonnes", lambda text: supply.issued_g_of(_mass_g(text))),
    }
    sound = row.fault_count
    stated = StatedSerials(
        serial_form=row.read_optional("serial_form", _one_of(SerialForm)),
        serial_range=row.read_optional("serial_range", _serial),
        first_serial=row.read_optional("first_serial", _serial),
        last_serial=row.read_optional("last_serial", _serial),
        registry_reference=row.read_optional("registry_reference", _name),
        serial_prefix=row.read_optional("serial_prefix", _name),
        serial_start=row.read_optional("serial_start", _whole),
    )
    optional = {
        "period_start": row.read_optional("period_start", supply.date_of),
        "period_end": row.read_optional("period_end", supply.date_of),
        "article6_authorisation": row.read_optional("article6_authorisation", _name),
        "labels": row.read_optional_list("labels", supply.labels_of),
    }
    if reference is not None and project is not None and None not in facts.values() and row.fault_count == sound:
        batch = StatedBatch(
            project_id=UNKNOWN,
            reference=reference,
            stated=stated,
            **facts,  # type: ignore[arg-type]
            **optional,  # type: ignore[arg-type]
        )
        _keep(sheet.batches, reference, Named(row, batch, (project,)), "reference")


def _price(sheet: Sheet, row: Row, _now: datetime, _new_id: Callable[[], UUID]) -> None:
    bundle, currency = row.read("bundle", supply.slug_of), row.read("currency", _currency)
    minimum_g = row.read("from_tonnes", _mass_g)
    micros = row.read("price", lambda text: price_micros_of(plain_number(text)))
    if bundle is not None and currency is not None and minimum_g is not None and micros is not None:
        sheet.tiers.setdefault((bundle, currency), []).append((row, PriceTier(minimum_g, micros)))


def _weight(sheet: Sheet, row: Row, _now: datetime, _new_id: Callable[[], UUID]) -> None:
    portfolio, label = row.read("portfolio", supply.slug_of), row.read("label", _name)
    bundle, hundredths = row.read("bundle", supply.slug_of), row.read("percent", _hundredths)
    if portfolio is not None and label is not None and bundle is not None and hundredths is not None:
        sheet.weights.setdefault(portfolio, []).append((row, label, bundle, hundredths))


_Reader: TypeAlias = Callable[[Sheet, Row, datetime, Callable[[], UUID]], None]
_Kind: TypeAlias = tuple[frozenset[str], list[tuple[str, ...]], _Reader]


def _kind(read: _Reader, *needed: str, one_of: tuple[str, ...] = (), optional: Sequence[str] = ()) -> _Kind:
    alternatives = [*((name,) for name in needed), *([one_of] if one_of else ())]
    return frozenset({*needed, *one_of, *optional}), alternatives, read


_READERS: dict[str, _Kind] = {
    "project": _kind(
        _project,
        "slug",
        "name",
        "category",
        "project_type",
        "country",
        "registry",
        "description",
        optional=["logo_url", "registry_project_id", "methodology", "offset_type", "storage_years", "public_url"],
    ),
    "batch": _kind(
        _batch,
        *("reference", "project", "mode", "vintage", "tonnes"),
        one_of=("serial_range", "first_serial", "serial_prefix", "registry_reference"),
        optional=[
            *("period_start", "period_end", "article6_authorisation", "labels"),
            *("serial_form", "last_serial", "serial_start"),
        ],
    ),
    "bundle": _kind(
        _bundle,
        *("slug", "name", "description", "offset_type", "approach", "carbon_permanence", "projects"),
        optional=["background_colour", "primary_image_url"],
    ),
    "price": _kind(_price, "bundle", "currency", "from_tonnes", "price"),
    "weight": _kind(_weight, "portfolio", "label", "bundle", "percent"),
}
"""Columns, required columns (one of several names) and reader of each kind of row."""

_KNOWN = frozenset({"record"}).union(*(columns for columns, _, _ in _READERS.values()))


def _check_tiers(sheet: Sheet) -> None:
    for tiers in sheet.tiers.values():
        try:
            supply.tiers_of([tier for _, tier in tiers])
        except Refused as refusal:
            minimums = [tier.minimum_mass_g for _, tier in tiers]
            tiers[-1][0].fail("price" if len(set(minimums)) == len(minimums) else "from_tonnes", refusal.message)


def _check_weights(sheet: Sheet) -> None:
    for weights in sheet.weights.values():
        last = weights[-1][0]
        if len({label for _, label, _, _ in weights}) > 1:
            last.fail("label", "differs from another row of the portfolio")
        bundles = {bundle: UUID(int=index) for index, (_, _, bundle, _) in enumerate(weights)}
        try:
            selection_of([(bundles[bundle], hundredths) for _, _, bundle, hundredths in weights])
        except Refused as refusal:
            last.fail("bundle" if len(bundles) < len(weights) else "percent", refusal.message)


def _keep(known: dict[str, Named], name: str, named: Named, column: str) -> None:
    if name in known:
        named.row.fail(column, f"names {known[name].row.name} as well")
    known.setdefault(name, named)


def _name(text: str) -> str:
    return kept_text(text, NAME_LENGTH_MAX)


def _description(text: str) -> str:
    return kept_text(text, DESCRIPTION_LENGTH_MAX)


def _reference(text: str) -> str:
    return kept_reference(text, supply.REFERENCE_LENGTH_MAX)


def _currency(text: str) -> str:
    return currency_of(text).code


def _mass_g(text: str) -> int:
    return mass_g_of(plain_number(text), MassUnit.TONNE)


def _hundredths(text: str) -> int:
    return hundredths_of(plain_number(text))


def _whole(text: str) -> int:
    """Return a whole number; programs that keep a column as floats write 2021 as 2021.0."""
    whole, _, decimals = text.partition(".")
    if not (text.isascii() and whole.isdecimal() and len(whole) <= 18 and not decimals.strip("0")):
        raise Refused(Code.BAD_USER_INPUT, "is not a whole number in plain digits")
    return int(whole)


def _serial(text: str) -> str:
    return kept_text(text, RANGE_LENGTH_MAX)


def _one_of(enum: type[StrEnum]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return enum(text)
        except ValueError:
            raise Refused(Code.BAD_USER_INPUT, f"is none of {', '.join(enum)}") from None

    return read
