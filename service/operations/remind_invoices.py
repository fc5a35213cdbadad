"""Remind payers of invoices that are due: each unpaid invoice gets one event `invoice.due`, and with it mail.

Locks: the head of the invoice's account. The unique row of the reminder ensures that an invoice has only one event.
"""

from datetime import timedelta

from service.domain.billing import Invoice, InvoiceStatus
from service.domain.event_payloads import timestamp
from service.domain.events import EventRecorder, EventType
from service.domain.mail import InvoiceReminder
from service.operations.resources import Resources
from service.operations.steps.change_invoice import invoice_members
from service.storage import accounts, mails, money
from service.storage.database import Statements
from service.storage.events import EVENTS

ACTOR = "worker:remind"
INVOICES_AT_ONCE = 50
LATE_MAX = timedelta(days=7)
"""Time after the due date when an invoice is no longer reminded: it was due before an upgrade or a long outage."""


async def remind_invoices(resources: Resources, *, before: timedelta) -> int:
    """Record events for unpaid invoices, from the period `before` ahead of their due time; return their number."""
    now = resources.clock()
    due = await mails.invoices_to_remind(resources.database.reader, now - LATE_MAX, now + before, INVOICES_AT_ONCE)
    return sum([await _remind(resources, invoice) for invoice in due])


async def _remind(resources: Resources, found: Invoice) -> int:
    async def work(statements: Statements) -> int:
        # Read under the account's lock, so that no payment of the invoice is in progress.
        heads = await accounts.lock_heads(statements, {found.account_id})
        invoice = (await money.of_ids(statements, money.INVOICES, found.account_id, [found.id]))[found.id]
        if invoice.status is not InvoiceStatus.PENDING:
            return 0
        now = resources.clock()
        reminder = InvoiceReminder(account_id=invoice.account_id, invoice_id=invoice.id, created_at=now)
        if not await mails.REMINDERS.insert(statements, [reminder]):
            return 0
        recorder = EventRecorder(
            {invoice.account_id: heads[invoice.account_id].event_seq}, actor=ACTOR, now=now, new_id=resources.new_id
        )
        recorder.record(
            invoice.account_id,
            EventType.INVOICE_DUE,
            **invoice_members(invoice),
            currency=invoice.currency,
            due_minor=await money.net_owed(statements, invoice) + invoice.tax_owed_minor,
            due_at=timestamp(invoice.due_at),
        )
        await EVENTS.insert(statements, recorder.events)
        await accounts.raise_heads(statements, recorder.event_seqs)
        return 1

    return await resources.transact(work)
