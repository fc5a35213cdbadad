"""Rows of certificates; SQL for the queue of those to be drawn, and for the certificates of a page of orders.

A row is written once when its order is complete; its PDF is added later.

Orders that earlier releases completed have an empty row until their certificate is issued.

The look-up by token does not start with an account, because the account is not known, and neither does the queue.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Visibility
from service.domain.certificate import IssuedCertificate
from service.domain.worker_failures import WorkerStep
from service.storage import models
from service.storage.conditions import Conditions, owned
from service.storage.database import Statements
from service.storage.tables import Table
from service.storage.worker_failures import rests


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDue:
    """A complete order whose certificate is to be issued, or has no PDF yet."""

    account_id: UUID
    order_id: UUID
    due_at: datetime


DUE = Table(models.Certificate, CertificateDue)
ISSUED = Table(models.Certificate, IssuedCertificate, derived={"due_at": lambda certificate: certificate.issued_at})


_RESTS = rests(WorkerStep.ISSUE_CERTIFICATES, f"{DUE.name}.account_id", f"{DUE.name}.order_id", "{}")


async def due(statements: Statements, limit: int, *, now: datetime) -> list[CertificateDue]:
    """Return the certificates to be issued or drawn, longest due first, without those that failed and are paused at
    `now`.
    """
    conditions = Conditions()
    conditions.add("pdf IS NULL")
    conditions.add(f"NOT {_RESTS}", now)
    return await DUE.select(statements, conditions, f"ORDER BY due_at LIMIT {conditions.parameter(limit)}")


async def issue(statements: Statements, certificate: IssuedCertificate) -> bool:
    """Store the certificate, which never changes again; return False if it was issued before, or its order is not
    complete.
    """
    columns = ("number", "token", "facts", "sha256", "issued_at")
    facts = {column: getattr(certificate, column) for column in columns}
    owner = {"account_id": certificate.account_id, "order_id": certificate.order_id}
    return await ISSUED.update(statements, facts, **owner, issued_at=None) == 1


async def keep_pdf(statements: Statements, account_id: UUID, order_id: UUID, pdf: bytes) -> bool:
    """Store the PDF of an issued certificate for good; return False if it has one."""
    changed = await statements.execute(
        f"UPDATE {ISSUED.name} SET pdf = $3"
        f" WHERE account_id = $1 AND order_id = $2 AND issued_at IS NOT NULL AND pdf IS NULL",
        account_id,
        order_id,
        pdf,
    )
    return changed == 1


async def of_orders(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> dict[UUID, IssuedCertificate]:
    """Return the certificates of these orders of the account, by order; orders without one are left out."""
    conditions = owned(account_id)
    conditions.add_in("order_id", order_ids)
    conditions.add("issued_at IS NOT NULL")
    return {each.order_id: each for each in await ISSUED.select(statements, conditions)}


async def issued_between(
    statements: Statements, account_id: UUID, start: datetime, end: datetime
) -> list[IssuedCertificate]:
    """Return the account's certificates that were issued from the start until before the end."""
    query = models.Certificate.filter(account_id=account_id, issued_at__gte=start, issued_at__lt=end)
    return await ISSUED.read(statements, query.order_by("issued_at", "order_id"))


async def of_token(statements: Statements, token: str) -> IssuedCertificate | None:
    """Return the certificate with this token, unless its account hides its pages."""
    query = models.Certificate.filter(token=token, account__external_pages_visibility=Visibility.PUBLIC)
    return await ISSUED.read_first(statements, query)


async def pdf_of_order(statements: Statements, account_id: UUID, order_id: UUID) -> bytes | None:
    """Return the PDF of the account's order; None before it is drawn."""
    query = models.Certificate.filter(account_id=account_id, order_id=order_id)
    rows = await query.using_db(statements.client).values("pdf")
    return rows[0]["pdf"] if rows else None
