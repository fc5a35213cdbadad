"""Audit: compute the books again from their entries and report every deviation. Changes nothing.

Promises: P3, P4, P24.
"""

from collections.abc import Callable

from service.operations.resources import Resources
from service.storage import audit as books
from service.storage.audit import CHECKS, Finding


async def audit(resources: Resources, progress: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """Return the finding of each check, in the order of the checks; `progress` is called with each finding as it is
    made.

    May run beside a service that takes orders: a check is one statement and sees one state of the database, or reads
    rows that never change.
    """
    findings = []
    counted: dict[str, int] = {}
    for check in CHECKS:
        findings.append(await books.run(resources.database.reader, check, counted))
        progress(findings[-1])
    return findings
