"""Registry entries in a file, one a row, parsed with all their errors.

Batches and orders that a row names are looked up in the database later.
"""

from dataclasses import dataclass, field
from uuid import UUID

from service.domain.file_rows import NamedRow, csv_rows, json_document, missing_message
from service.domain.listing import OrderRef
from service.domain.registry_evidence import StatedRetirement
from service.domain.rows import Fault, Row
from service.domain.serials.characters import RANGE_LENGTH_MAX, SERIAL_LENGTH_MAX
from service.domain.supply import REFERENCE_LENGTH_MAX, date_of
from service.domain.texts import NAME_LENGTH_MAX, kept_reference, kept_text, kept_url
from service.errors import Code, Refused
from service.kit.global_ids import read_id

NEEDED = ("reference", "batch", "retired_on")
COLUMNS = frozenset(
    {
        *NEEDED,
        *("serial_range", "first_serial", "last_serial", "account", "order"),
        *("retirement_id", "url", "beneficiary", "corrects"),
    }
)


@dataclass(frozen=True, slots=True)
class RetirementRow:
    """A registry entry of the file. `batch` is the reference or id of its batch; `batch_id` is set if it is an id."""

    row: Row
    stated: StatedRetirement
    batch: str
    batch_id: UUID | None
    account_id: UUID | None
    order: OrderRef | None


@dataclass(slots=True)
class RetirementRows:
    """Number of the file's rows, those without an error, and the errors."""

    count: int
    rows: list[RetirementRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def rows_of(text: str, *, is_csv: bool) -> list[NamedRow]:
    """Return the rows of the file, each with its name: lines of CSV, or objects of a JSON list, counted from 1.

    Refuses `BAD_USER_INPUT` for a text without such rows, and for a file that lacks a column which its rows need.
    """
    if is_csv:
        rows = csv_rows(text, key="reference", known=COLUMNS)
    else:
        document = json_document(text, if_csv="Give it a name that ends in .csv.")
        if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
            raise Refused(Code.BAD_USER_INPUT, "The file is not a JSON list of objects, each with its `reference`.")
        if not document:
            raise Refused(Code.BAD_USER_INPUT, "The file has no rows.")
        rows = [(f"item {number}", cells) for number, cells in enumerate(document, start=1)]
    present = {column for _, cells in rows for column in cells}
    if missing := [column for column in NEEDED if column not in present]:
        raise Refused(Code.BAD_USER_INPUT, missing_message(missing, present))
    return rows


def read_retirements(rows: list[NamedRow]) -> RetirementRows:
    """Parse the named rows. Rows are checked by themselves and for references that are named twice."""
    read = RetirementRows(len(rows))
    seen: set[str] = set()
    for name, cells in rows:
        row = Row(name, cells, read.faults)
        before = row.fault_count
        row.refuse_unknown(COLUMNS)
        parsed = _row(row)
        if parsed is not None and parsed.stated.reference in seen:
            row.fail("reference", "is in the file twice")
        if parsed is not None and row.fault_count == before:
            seen.add(parsed.stated.reference)
            read.rows.append(parsed)
    return read


def _row(row: Row) -> RetirementRow | None:
    reference = row.read("reference", lambda text: kept_reference(text, REFERENCE_LENGTH_MAX))
    batch = row.read("batch", lambda text: kept_text(text, REFERENCE_LENGTH_MAX))
    retired_on = row.read("retired_on", date_of)
    account_id = row.read_optional("account", lambda text: _id("Account", text))
    number = row.read_optional("order", lambda text: kept_text(text, NAME_LENGTH_MAX))
    texts = {
        "serial_range": row.read_optional("serial_range", lambda text: kept_text(text, RANGE_LENGTH_MAX)),
        "first_serial": row.read_optional("first_serial", lambda text: kept_text(text, SERIAL_LENGTH_MAX)),
        "last_serial": row.read_optional("last_serial", lambda text: kept_text(text, SERIAL_LENGTH_MAX)),
        "retirement_id": row.read_optional("retirement_id", lambda text: kept_text(text, NAME_LENGTH_MAX)),
        "url": row.read_optional("url", kept_url),
        "beneficiary": row.read_optional("beneficiary", lambda text: kept_text(text, NAME_LENGTH_MAX)),
        "corrects": row.read_optional("corrects", lambda text: kept_reference(text, REFERENCE_LENGTH_MAX)),
    }
    if reference is None or batch is None or retired_on is None:
        return None
    return RetirementRow(
        row=row,
        stated=StatedRetirement(reference=reference, retired_on=retired_on, **texts),
        batch=batch,
        batch_id=_batch_id(batch),
        account_id=account_id,
        order=None if number is None else OrderRef(number=number.upper()),
    )


def _id(kind: str, text: str) -> UUID:
    try:
        return read_id(kind, text)
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, f"is no id of an {kind.lower()}") from None


def _batch_id(text: str) -> UUID | None:
    try:
        return read_id("CreditBatch", text)
    except ValueError:
        return None
