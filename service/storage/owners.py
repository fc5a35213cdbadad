"""The accounts that own objects of which only the id is known, for operators, who read across accounts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from tortoise.expressions import Subquery
from tortoise.models import Model

from service.domain.api_keys import id_of_uuid, uuid_of_id
from service.storage import api_keys, models
from service.storage.database import Statements

_OWNED: dict[str, tuple[type[Model], str, str]] = {
    "Account": (models.Account, "id", "id"),
    "Order": (models.Order, "id", "account_id"),
    "Quote": (models.Quote, "id", "account_id"),
    "Estimate": (models.Estimate, "id", "account_id"),
    "Payment": (models.Payment, "id", "account_id"),
    "Invoice": (models.Invoice, "id", "account_id"),
    "CreditNote": (models.CreditNote, "id", "account_id"),
    "InvoiceLine": (models.InvoiceLine, "order_id", "account_id"),
    "Certificate": (models.Certificate, "order_id", "account_id"),
    "Journal": (models.LedgerEntry, "journal_id", "account_id"),
    "WebhookEndpoint": (models.WebhookEndpoint, "id", "account_id"),
    "WebhookDelivery": (models.WebhookDelivery, "id", "owner_id"),
    "Portfolio": (models.Portfolio, "id", "account_id"),
}
"""For each type: the model, and its columns of the object's id and the account's id."""
_FOUND_BY_ID = {"Account", "Order", "Portfolio"}
"""Types with an index on the id alone. Such an index for every type would slow down every insert for the sake of rare
requests by operators; the other types are found by the primary key, account by account.
"""


async def of_ids(statements: Statements, type_name: str, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the account of each existing object, by the object's id. Objects that all accounts share, and types
    without accounts, are left out.
    """
    if type_name == "ApiKey":
        found = await api_keys.of_ids(statements, [id_of_uuid(each) for each in ids])
        return {uuid_of_id(key_id): key.account_id for key_id, (key, _) in found.items()}
    if type_name not in _OWNED or not ids:
        return {}
    model, key, owner = _OWNED[type_name]
    conditions: dict[str, Any] = {f"{key}__in": ids, f"{owner}__isnull": False}
    if type_name not in _FOUND_BY_ID:
        conditions["account_id__in"] = Subquery(models.Account.all().values("id"))
    columns = dict.fromkeys((key, owner))  # for Account both are the same column
    rows = await model.filter(**conditions).using_db(statements.client).values(*columns)
    return {row[key]: row[owner] for row in rows}
