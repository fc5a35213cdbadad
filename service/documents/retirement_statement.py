"""Texts of the retirement statement of a year, and the same statement as CSV."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from service.documents import wording
from service.documents.parts import Facts, frame, party, seller_party
from service.domain.amounts import MassUnit, mass_text
from service.domain.catalogue import Mode
from service.domain.retirement_statement import RetiredOrder, RetirementStatement

TEMPLATE = "retirement_statement"
ORDERS_PRINTED_MAX = 1_000
COLUMNS = (
    *("certificate", "order", "placedAt", "retiredAt", "recipient", "beneficiary", "project", "registry"),
    *("registryProjectId", "country", "projectType", "offsetType", "methodology", "vintage", "tonnes", "serials"),
    *("counted", "registryRetiredTonnes"),
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet interpret a cell as a formula."""
ASSIGNED = (
    "The credits are assigned in the seller's records. Each certificate states whether an entry of the registry shows "
    "its credits as retired."
)
BESIDE_EMISSIONS = (
    "Report retired credits beside your emissions. Do not deduct them from your emissions. Days and the year are those "
    "of UTC."
)


def retirement_statement_document(
    statement: RetirementStatement,
    *,
    mode: Mode,
    seller: Facts,
    account: Facts,
    beneficiary: str,
    as_of: datetime,
    logo: Facts | None = None,
) -> str:
    """Return the facts of the template as JSON. `as_of` is the time of the statement, at most the end of the year;
    `logo` is the seller's, as `logo_texts` returns it.
    """
    year, has_ended = statement.year, as_of >= statement.year.end
    last = statement.year.end - timedelta(days=1) if has_ended else as_of
    title = f"Retirement statement {year.number}"
    document = frame(
        title,
        account["legal_name"],
        mode=mode,
        at=as_of,
        seller=seller_party(seller),
        about=wording.joined([account["legal_name"], f"retirements of {year.number}"]),
        details=[
            ("Period", f"{wording.day(year.start)} to {wording.day(last)}{'' if has_ended else ' (so far)'}"),
            ("Beneficiary", beneficiary),
            ("Certificates", f"{len(statement.retired):,}"),
        ],
        logo=logo,
    )
    whole_g = statement.mass_g
    return json.dumps(
        {
            **document,
            "footer": title,
            "payer": party(account),
            "mass": wording.mass(whole_g),
            "pending": wording.mass(statement.pending_g),
            "projects": [
                {
                    "project": each.project,
                    "detail": wording.joined([each.registry, wording.country(each.country)]),
                    "vintage": str(each.vintage),
                    "mass": wording.mass(each.mass_g),
                }
                for each in statement.projects()
            ],
            "kinds": [
                (name, wording.mass(mass_g), wording.percent(mass_g, whole_g)) for name, mass_g in statement.kinds()
            ],
            "certificates": [_certificate(each) for each in statement.retired[:ORDERS_PRINTED_MAX]],
            "later": [_certificate(each) for each in statement.later[:ORDERS_PRINTED_MAX]],
            "notes": [
                *([_LEFT_OUT] if max(len(statement.retired), len(statement.later)) > ORDERS_PRINTED_MAX else []),
                ASSIGNED,
                *([seller["retirement_statement"]] if seller["retirement_statement"] else []),
                BESIDE_EMISSIONS,
            ],
            "seller_footer": seller["footer"],
        },
        ensure_ascii=False,
    )


_LEFT_OUT = (
    f"Only the first {ORDERS_PRINTED_MAX:,} certificates of each list are printed. The CSV file has all of them."
)


def retirement_statement_csv(statement: RetirementStatement) -> bytes:
    """Return a row for each batch of each certificate, in UTF-8. `counted` says if the row is part of the year's
    total: `yes`, or `later` for an order of the year that was retired after it. The last column has the mass that
    entries of the registry show as retired.
    """
    file = StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for counted, orders in (("yes", statement.retired), ("later", statement.later)):
        for each in orders:
            writer.writerows([*map(_defused, row), counted, recorded] for row, recorded in _rows(each))
    return file.getvalue().encode()


def _rows(order: RetiredOrder) -> Iterator[tuple[list[Any], str]]:
    """Return the cells of each batch, and its mass that entries of the registry show as retired."""
    facts = order.facts
    for batch in facts["batches"]:
        row = [
            *(facts["number"], facts["order_number"], order.placed_at.isoformat(), facts["retired_at"]),
            *(facts["recipient"], facts["beneficiary"], batch["project_name"], batch["registry"]),
            *(batch.get("registry_project_id"), batch["country"], batch.get("project_type")),
            *(batch.get("offset_type"), batch.get("methodology"), batch["vintage"]),
            mass_text(batch["mass_g"], MassUnit.TONNE),
            "; ".join(batch.get("written") or [f"{first} to {last}" for first, last in batch["serials"]]),
        ]
        recorded_g = order.recorded_g.get(batch["batch_id"], 0)
        yield row, mass_text(recorded_g, MassUnit.TONNE)


def _defused(value: Any) -> Any:
    """Put an apostrophe in front of a text that a spreadsheet would interpret as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _certificate(order: RetiredOrder) -> dict[str, str]:
    facts = order.facts
    return {
        "number": facts["number"],
        "order": facts["order_number"],
        "day": wording.day(order.retired_at),
        "beneficiary": facts["beneficiary"],
        "mass": wording.mass(facts["mass_g"]),
    }
