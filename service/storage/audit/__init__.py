"""The checks of the books: rules that hold between the rows of all tables, whatever happened.

They start from every table, so that a row which another one should have made is missed, and one that no other explains
is found. They know every table that contains grams, money or events, and change none. A new check is a row of the
`CHECKS` of its file, with a row in `tests/operations/test_audit_corruptions.py` that it finds.
"""

from service.storage.audit import (
    catalogue,
    events,
    evidence,
    grams,
    money,
    orders,
    references,
    rows,
    seals,
    serials,
    tax,
    totals,
)
from service.storage.audit.check import DEVIATIONS_SHOWN, Check, Deviation, Finding, find, run

__all__ = ["CHECKS", "DEVIATIONS_SHOWN", "Check", "Deviation", "Finding", "find", "run"]

CHECKS: tuple[Check, ...] = (
    *grams.CHECKS,
    *orders.CHECKS,
    *totals.CHECKS,
    *money.CHECKS,
    *tax.CHECKS,
    *events.CHECKS,
    *seals.CHECKS,
    *catalogue.CHECKS,
    *serials.CHECKS,
    *evidence.CHECKS,
    *rows.CHECKS,
    *references.CHECKS,
)
