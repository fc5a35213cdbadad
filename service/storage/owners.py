"""The accounts that own objects of which only the id is known, for operators, who read across accounts."""

from collections.abc import Collection
from uuid import UUID

from service.domain.api_keys import id_of_uuid, uuid_of_id
from service.storage import api_keys
from service.storage.accounts import ACCOUNTS
from service.storage.catalogue import PORTFOLIOS
from service.storage.certificates import ISSUED as CERTIFICATES
from service.storage.database import Statements, placeholders
from service.storage.estimates import ESTIMATES
from service.storage.ledger import LEDGER
from service.storage.money import CREDIT_NOTES, INVOICE_LINES, INVOICES, PAYMENTS
from service.storage.orders import ORDERS
from service.storage.quotes import QUOTES
from service.storage.webhook_deliveries import DELIVERIES
from service.storage.webhooks import ENDPOINTS

# By the primary key of each account: an index on the id alone would cost every quote and posting more than the few
# operators who ask are worth.
_IN_EACH_ACCOUNT = f" AND account_id IN (SELECT id FROM {ACCOUNTS.name})"
_OWNED = {
    "Account": (ACCOUNTS.name, "id", "id", ""),
    "Order": (ORDERS.name, "id", "account_id", ""),
    "Quote": (QUOTES.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "Estimate": (ESTIMATES.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "Payment": (PAYMENTS.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "Invoice": (INVOICES.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "CreditNote": (CREDIT_NOTES.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "InvoiceLine": (INVOICE_LINES.name, "order_id", "account_id", _IN_EACH_ACCOUNT),
    "Certificate": (CERTIFICATES.name, "order_id", "account_id", _IN_EACH_ACCOUNT),
    "Journal": (LEDGER.name, "journal_id", "account_id", _IN_EACH_ACCOUNT),
    "WebhookEndpoint": (ENDPOINTS.name, "id", "account_id", _IN_EACH_ACCOUNT),
    "WebhookDelivery": (DELIVERIES.name, "id", "owner_id", _IN_EACH_ACCOUNT),
    "Portfolio": (PORTFOLIOS.name, "id", "account_id", ""),
}


async def of_ids(statements: Statements, type_name: str, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the account of each object that there is, by the object's id. Objects that all accounts share, and types
    without accounts, are left out.
    """
    if type_name == "ApiKey":
        found = await api_keys.of_ids(statements, [id_of_uuid(each) for each in ids])
        return {uuid_of_id(key_id): key.account_id for key_id, (key, _) in found.items()}
    if type_name not in _OWNED or not ids:
        return {}
    table, key, owner, rest = _OWNED[type_name]  # SQLite's driver knows the kind of a column by its name
    rows = await statements.fetch(
        f"SELECT {', '.join(dict.fromkeys((key, owner)))} FROM {table}"
        f" WHERE {key} IN ({placeholders(1, len(ids))}) AND {owner} IS NOT NULL{rest}",
        *ids,
    )
    return {row[key]: row[owner] for row in rows}
