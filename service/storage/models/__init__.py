"""The tables, as Tortoise models: the one place where table and column names are written.

Tortoise allows one key column. Where the table's key has several, the model names one of them as its key, and the
first of its unique sets that contains this column is the table's key. Relations are declared without a constraint:
those of the database, which start with the account, are in migrations/, as are its checks and triggers. Values are read
by `.values()` on the connection of the caller's statements, so that no lazy relation can leave the account or the
transaction. A test compares the models with a migrated database of each dialect.
"""

from service.storage.models.accounts import (
    Account,
    AccountHead,
    ApiKey,
    Contact,
    Organisation,
    SecretCheck,
    SustainabilityPage,
)
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
from service.storage.models.documents import Document, DocumentLink
from service.storage.models.estimates import Estimate
from service.storage.models.mail import InvoiceReminder, Mail, MailCursor
from service.storage.models.money import (
    Balance,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
)
from service.storage.models.orders import Backorder, CreditEntry, Event, EventSeal, Order, OrderLine, OrderTotal
from service.storage.models.quotes import Quote, QuoteHold, QuoteLine
from service.storage.models.retirements import Certificate, RegistryRetirement, Retirement, RetirementCertificate
from service.storage.models.sellers import BillingDetails, Logo, NumberCounter, Seller, TaxProfile
from service.storage.models.webhooks import WebhookCursor, WebhookDelivery, WebhookEndpoint
from service.storage.models.workers import WorkerFailure

__all__ = [
    "Account",
    "AccountHead",
    "ApiKey",
    "Backorder",
    "Balance",
    "BillingDetails",
    "Bundle",
    "BundleProject",
    "Certificate",
    "Contact",
    "CreditBatch",
    "CreditEntry",
    "CreditNote",
    "CreditNoteLine",
    "Document",
    "DocumentLink",
    "Estimate",
    "Event",
    "EventSeal",
    "Invoice",
    "InvoiceLine",
    "InvoiceReminder",
    "LedgerEntry",
    "Logo",
    "Mail",
    "MailCursor",
    "NumberCounter",
    "Order",
    "OrderLine",
    "OrderTotal",
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
    "RegistryRetirement",
    "Retirement",
    "RetirementCertificate",
    "SecretCheck",
    "Seller",
    "SerialClaim",
    "SerialSeries",
    "SustainabilityPage",
    "TaxProfile",
    "WebhookCursor",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerFailure",
]
