"""Import a catalogue: projects, batches, bundles, prices and portfolios of a file, all of them or none.

Called by the command line, without a caller, so it is recorded in the log only. Locks: the objects it changes, kind by
kind, and those of a kind by name or id, because a file may name them in any order and another import in another one.
Promises: P3.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog

from service.domain.catalogue import (
    BundleProject,
    CreditBatch,
    Mode,
    Portfolio,
    PriceTier,
    Project,
    ProjectCategory,
    Weight,
)
from service.domain.catalogue_file import Named, Sheet, read_sheet, rows_of
from service.domain.currencies import CIRCULATING_CODES
from service.domain.receipt import overlapping
from service.domain.rows import Fault
from service.domain.serials.collisions import find_overlaps
from service.domain.supply import SALE, block_of, differing, rising_tier, tiers_of, unstated_facts, weights_of
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import catalogue, serials, supply
from service.storage.database import Statements
from service.storage.tables import Table

log = structlog.get_logger(__name__)
_COLUMNS = {"mass": "tonnes"}
"""Columns of the file whose members have other names in the domain."""


@dataclass(frozen=True, slots=True)
class ImportedCatalogue:
    """Result of an import: number of rows in the file, of objects added or changed (in a rehearsal: that would be), of
    objects that existed before, and the errors. With any error nothing is changed.
    """

    rows: int
    added: int
    existing: int
    faults: tuple[Fault, ...]


async def import_catalogue(
    resources: Resources,
    text: str,
    *,
    is_csv: bool,
    rehearse: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportedCatalogue:
    """Import everything in the file into the catalogue. Objects are named by slug, reference or identifier: an existing
    one with the same facts stays unchanged, one with other facts is an error; prices and portfolios are replaced.

    With `rehearse` everything is rolled back. Refuses `BAD_USER_INPUT` for a text that is neither CSV nor JSON of rows,
    and for one that lacks columns.
    """
    rows = rows_of(text, is_csv=is_csv)
    sheet = read_sheet(rows, now=resources.clock(), new_id=resources.new_id)
    found_in_file = len(sheet.faults)

    async def work(statements: Statements) -> ImportedCatalogue:
        del sheet.faults[found_in_file:]  # errors of an attempt that was rolled back because of the database
        counted = _Counted()
        for step in (_projects, _bundles, _batches, _prices, _portfolios):
            await step(resources, statements, sheet, counted)
        done = ImportedCatalogue(len(rows), counted.added, counted.existing, tuple(sheet.faults))
        if done.faults:
            raise _Undone(replace(done, added=0))
        if rehearse:
            raise _Undone(done)
        return done

    try:
        done = await resources.transact(work)
    except _Undone as undone:
        return undone.done
    progress(len(rows))
    log.info("catalogue_imported", rows=done.rows, added=done.added)
    return done


class _Undone(Exception):  # noqa: N818 - no error: the transaction is rolled back, and this is its answer
    """Raised to end a rehearsal, which runs the statements of an import and rolls them back."""

    def __init__(self, done: ImportedCatalogue) -> None:
        super().__init__("rolled back")
        self.done = done


@dataclass(slots=True)
class _Counted:
    added: int = 0
    existing: int = 0

    def count(self, *, added: bool) -> None:
        self.added += added
        self.existing += not added


async def _projects(resources: Resources, statements: Statements, sheet: Sheet, counted: _Counted) -> None:
    names = {name for each in sheet.projects.values() for name in each.names}
    wanted = [ProjectCategory(id=resources.new_id(), name=name) for name in sorted(names)]
    categories = await supply.categories(statements, wanted) if wanted else {}
    named = {
        slug: replace(each, value=replace(each.value, category_id=categories[each.names[0]]))
        for slug, each in sheet.projects.items()
    }
    await _insert(statements, catalogue.PROJECTS, named, supply.projects, counted)


async def _bundles(_resources: Resources, statements: Statements, sheet: Sheet, counted: _Counted) -> None:
    named = await _projects_of(statements, sheet, sheet.bundles.values(), "projects")
    projects = {slug: project.id for slug, project in named.items()}
    existing = await _insert(statements, catalogue.BUNDLES, sheet.bundles, supply.bundles, counted)
    for slug, each in sheet.bundles.items():
        wanted = {projects[name] for name in each.names if name in projects}
        if slug not in existing:
            members = [BundleProject(each.value.id, project_id) for project_id in sorted(wanted)]
            await catalogue.BUNDLE_PROJECTS.insert(statements, members)
        elif await supply.members(statements, existing[slug].id) != wanted:
            each.row.fail("projects", "differ from the bundle's that stands")


async def _batches(resources: Resources, statements: Statements, sheet: Sheet, counted: _Counted) -> None:
    projects = await _projects_of(statements, sheet, sheet.batches.values(), "project")
    existing = await supply.batches(statements, sheet.batches)
    wanted: dict[UUID, CreditBatch] = {}
    for reference, each in sheet.batches.items():
        project = projects.get(each.names[0])
        registry_name = project.registry_name if project else ""
        stated = replace(each.value, project_id=project.id) if project else each.value
        if reference in existing:
            if names := stated.differing(existing[reference], registry_name):
                each.row.fail("reference", f"exists already, with another {', '.join(names)}")
            counted.count(added=False)
            continue
        try:
            batch = stated.read(registry_name, batch_id=resources.new_id(), created_at=resources.clock())
        except Refused as refusal:
            # If the project is unknown, which is an error already, a missing form is not reported: the project's
            # registry may imply it.
            if project or refusal.path != ("serial_form",):
                each.row.fail(_COLUMNS.get(str(refusal.path[0]), str(refusal.path[0])), refusal.message)
            continue
        wanted[batch.id] = batch
    counted.added += len(wanted)
    await _refuse_taken_serials(statements, wanted, sheet)
    if not sheet.faults and not await serials.add(statements, _by_reference(wanted)):
        raise Refused(Code.UNAVAILABLE, "The same references are being received by another import. Try again.")


def _by_reference(batches: Mapping[UUID, CreditBatch]) -> list[CreditBatch]:
    return sorted(batches.values(), key=lambda batch: batch.reference or "")


async def _refuse_taken_serials(statements: Statements, wanted: Mapping[UUID, CreditBatch], sheet: Sheet) -> None:
    """Lock the series of all batches, and report each row whose serials belong to another batch, in the file or in
    stock.
    """
    for mode in Mode:
        new = {batch_id: block_of(batch) for batch_id, batch in wanted.items() if batch.mode is mode}
        if not new:
            continue
        await serials.lock_series(statements, mode, list(new.values()))
        others = await serials.claimants(statements, mode, list(new.values()))
        overlaps = find_overlaps(new, {batch_id: block_of(batch) for batch_id, batch in others.items()})
        for batch_id, other_id in overlaps.items():
            named = sheet.batches[wanted[batch_id].reference or ""]
            other = wanted.get(other_id) or others[other_id]
            member = named.value.stated.member
            named.row.fail(member, overlapping(other, member).message)


async def _prices(_resources: Resources, statements: Statements, sheet: Sheet, counted: _Counted) -> None:
    bundles = await supply.bundles(statements, {slug for slug, _ in sheet.tiers})
    await supply.lock_bundles(statements, [bundle.id for bundle in bundles.values()])
    for (slug, currency), tiers in sheet.tiers.items():
        if slug not in bundles and ("bundle", slug) not in sheet.declared:
            tiers[0][0].fail("bundle", f"there is no bundle {slug}")
            continue
        wanted = [tier for _, tier in tiers]
        existing: tuple[PriceTier, ...] = ()
        if slug in bundles:
            existing = await supply.price_tiers(statements, bundles[slug].id, currency)
        is_new = existing != tuple(sorted(wanted, key=lambda tier: tier.minimum_mass_g))
        place = rising_tier(wanted)
        if is_new and currency not in CIRCULATING_CODES:
            tiers[0][0].fail("currency", f"{currency} is not a currency in circulation")
        elif is_new and place is not None:
            tiers[place][0].fail("price", "is above the price in an order of a smaller mass; a unit price never rises")
        elif not sheet.faults:
            if is_new:
                await supply.replace_price(statements, bundles[slug].id, currency, tiers_of(wanted))
            counted.count(added=is_new)


async def _portfolios(resources: Resources, statements: Statements, sheet: Sheet, counted: _Counted) -> None:
    bundles = await supply.bundles(statements, {bundle for rows in sheet.weights.values() for _, _, bundle, _ in rows})
    for rows in sheet.weights.values():
        for row, _, slug, _ in rows:
            unknown = slug not in bundles and ("bundle", slug) not in sheet.declared
            if unknown or (slug in bundles and bundles[slug].disabled_at is not None):
                row.fail("bundle", f"there is no bundle {slug} on sale")
    if sheet.faults:
        return
    for identifier, rows in sorted(sheet.weights.items()):
        label = rows[0][1]
        wanted = Portfolio(
            id=resources.new_id(), account_id=None, identifier=identifier, label=label, created_at=resources.clock()
        )
        existing = await supply.lock_portfolio(statements, wanted)
        selection = tuple(Weight(bundles[slug].id, hundredths) for _, _, slug, hundredths in rows)
        weights = weights_of(existing.id, selection)
        counted.count(added=await supply.replace_portfolio(statements, existing, label, weights))


async def _projects_of(statements: Statements, sheet: Sheet, named: Iterable[Named], column: str) -> dict[str, Project]:
    """Return all projects that the rows refer to; an unknown project is an error of its row."""
    rows = list(named)
    found = await supply.projects(statements, {name for each in rows for name in each.names})
    for each in rows:
        for name in each.names:
            if name not in found and ("project", name) not in sheet.declared:
                each.row.fail(column, f"there is no project {name}")
    return found


async def _insert(
    statements: Statements,
    table: Table[Any],
    named: Mapping[str, Named],
    read: Callable[[Statements, Collection[str]], Awaitable[Mapping[str, Any]]],
    counted: _Counted,
) -> dict[str, Any]:
    """Insert the objects whose slugs are new; return the stored objects that have one of the other slugs. A stored
    object with different facts is an error of its row.
    """
    # Sorted, so that two imports never wait for each other. The unique slug decides which import inserts an object.
    await table.insert(statements, [each.value for _, each in sorted(named.items())])
    stored = await read(statements, named.keys())
    existing = {slug: value for slug, value in stored.items() if value.id != named[slug].value.id}
    for slug, value in existing.items():
        wanted = named[slug].value
        if names := differing(value, wanted, SALE | unstated_facts(wanted)):
            named[slug].row.fail("slug", f"stands already, with another {', '.join(names)}")
    counted.existing += len(existing)
    counted.added += len(named) - len(existing)
    return existing
