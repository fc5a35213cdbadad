"""Audit: the books are added up again from their entries, and whatever deviates is named. Changes nothing.

Promises: P3, P4, P24.
"""

from collections.abc import Callable

from service.operations.resources import Resources
from service.storage import audit as books
from service.storage.audit import CHECKS, Finding


async def audit(resources: Resources, progress: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """What each check found, in the order of the checks; `progress` is told each finding as it is made.

    May run beside a service that takes orders: a check is one statement and sees one instant.
    """
    findings = []
    for check in CHECKS:
        findings.append(await books.run(resources.database.reader, check))
        progress(findings[-1])
    return findings
