"""The tables, as Tortoise models: the one place where table and column names are written.

Tortoise allows one key column, so each model names one as its key; the real keys, which start with the account, and all
constraints are in migrations/. Columns that refer to other tables are plain ids: every statement names its account and
joins by hand, so that no lazy relation can leave the account or the connection it was asked on.
"""

from service.storage.models.accounts import Account, AccountHead, ApiKey, Organisation, SecretCheck
from service.storage.models.catalogue import (
    Bundle,
    BundleProject,
    CreditBatch,
    Portfolio,
    PortfolioWeight,
    Price,
    Project,
    ProjectCategory,
    SerialClaim,
    SerialSeries,
)
from service.storage.models.estimates import Estimate
from service.storage.models.money import Balance, Invoice, InvoiceLine, LedgerEntry, Payment
from service.storage.models.orders import Backorder, CreditEntry, Event, Order, OrderLine
from service.storage.models.quotes import Quote, QuoteHold, QuoteLine
from service.storage.models.retirements import Certificate, Retirement
from service.storage.models.workers import WorkerFailure

__all__ = [
    "Account",
    "AccountHead",
    "ApiKey",
    "Backorder",
    "Balance",
    "Bundle",
    "BundleProject",
    "Certificate",
    "CreditBatch",
    "CreditEntry",
    "Estimate",
    "Event",
    "Invoice",
    "InvoiceLine",
    "LedgerEntry",
    "Order",
    "OrderLine",
    "Organisation",
    "Payment",
    "Portfolio",
    "PortfolioWeight",
    "Price",
    "Project",
    "ProjectCategory",
    "Quote",
    "QuoteHold",
    "QuoteLine",
    "Retirement",
    "SecretCheck",
    "SerialClaim",
    "SerialSeries",
    "WorkerFailure",
]
