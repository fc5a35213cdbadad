"""Record registry entries that show credits as retired, singly or from a file.

Recorded entries never change: a mistake is corrected by a new entry that names the wrong one. Locks: those of
`record_entries`. Promises: P4, P8.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.registry_evidence import StatedRetirement
from service.domain.retirements_file import RetirementRow, read_retirements, rows_of
from service.domain.rows import Fault
from service.domain.supply import REFERENCE_LENGTH_MAX
from service.domain.texts import kept_reference
from service.errors import Refused
from service.operations.resources import Resources
from service.operations.steps.printed_names import Unshown, unshown_among
from service.operations.steps.record_entries import Acting, Recorded, Wanted, record_entries
from service.storage import supply
from service.storage.database import Statements

log = structlog.get_logger(__name__)
ACTOR = "command:import"
_COLUMNS = {"credit_batch_id": "batch", "account_id": "account"}
"""Columns of the file whose members have other names in the domain."""


@dataclass(frozen=True, slots=True)
class ImportedRetirements:
    """Result of an import: number of rows in the file, of entries added (in a rehearsal: that would be), of entries
    that existed before, and the errors. With any error nothing is added.
    """

    rows: int
    added: int
    existing: int
    faults: tuple[Fault, ...]


async def record_registry_retirement(
    resources: Resources,
    caller: Caller,
    batch_id: UUID,
    stated: StatedRetirement,
    *,
    account_id: UUID | None = None,
    order: OrderRef | None = None,
) -> Recorded:
    """Record the entry, once for its reference (blanks around it are ignored), for the order if one is named. An
    operator's verb. Refuses as `record_entries`.
    """
    caller.require(Scope.OPERATOR)
    stated = replace(stated, reference=kept_reference(stated.reference, REFERENCE_LENGTH_MAX, "reference"))
    wanted = Wanted(stated, batch_id, account_id, order)
    unshown = await _unshown(stated)
    acting = Acting(caller.key_id, caller.account.id)

    async def work(statements: Statements) -> Recorded:
        (answer,) = await record_entries(resources, statements, [wanted], acting, unshown)
        if isinstance(answer, Refused):
            raise answer
        return answer

    return await resources.transact(work)


async def import_retirements(
    resources: Resources,
    text: str,
    *,
    is_csv: bool,
    rehearse: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportedRetirements:
    """Record every entry of the file, or none if one has an error; importing the file again adds nothing. With
    `rehearse` nothing is stored. Called by the command line, without a caller.

    Refuses `BAD_USER_INPUT` for a text that is neither CSV nor JSON of rows, and for one that lacks columns.
    """
    read = read_retirements(rows_of(text, is_csv=is_csv))
    found_in_file = len(read.faults)
    unshown = await _unshown(*(row.stated for row in read.rows))

    async def work(statements: Statements) -> ImportedRetirements:
        del read.faults[found_in_file:]  # errors of an attempt that was rolled back because of the database
        named = await supply.batches(statements, {row.batch for row in read.rows if row.batch_id is None})
        wanted: list[tuple[RetirementRow, Wanted]] = []
        for row in read.rows:
            batch_id = row.batch_id or (named[row.batch].id if row.batch in named else None)
            if batch_id is None:
                row.row.fail("batch", "there is no such credit batch")
            else:
                wanted.append((row, Wanted(row.stated, batch_id, row.account_id, row.order)))
        entries = [each for _, each in wanted]
        answers = await record_entries(resources, statements, entries, Acting(ACTOR), unshown)
        existing = 0
        for (row, _), answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Refused):
                column = str(answer.path[0]) if answer.path else ""
                row.row.fail(_COLUMNS.get(column, column), answer.message)
            else:
                existing += answer.replayed
        added = 0 if read.faults else len(entries) - existing
        done = ImportedRetirements(read.count, added, existing, tuple(read.faults))
        if done.faults or rehearse:
            raise _Undone(done)
        return done

    try:
        done = await resources.transact(work)
    except _Undone as undone:
        return undone.done
    progress(done.rows)
    log.info("registry_retirements_imported", rows=done.rows, added=done.added)
    return done


class _Undone(Exception):  # noqa: N818 - no error: the transaction is rolled back, and this is its answer
    """Raised to end a rehearsal or an import with errors, whose statements are rolled back."""

    def __init__(self, done: ImportedRetirements) -> None:
        super().__init__("rolled back")
        self.done = done


async def _unshown(*stated: StatedRetirement) -> Unshown:
    return await unshown_among(text for each in stated for text in (each.retirement_id, each.beneficiary))
