"""Types of events, each declared once: its name, its meaning and the members of its payload.

Documentation, the JSON Schemas of webhooks, the payloads that webhooks carry, and the choice of events that are sent by
mail follow from these declarations.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Self

from service.domain.mail import MailKind


class Kind(Enum):
    """Kinds of payload members, which determine how a member is shown outside the service."""

    MASS = "mass"
    MONEY = "money"
    ID = "id"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    PERCENT = "percent"
    TIERS = "tiers"
    WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a payload: its stored name, its public name, and its kind.

    `of` is the type of the object whose id the member contains. Optional members are absent from some events of the
    type.
    """

    stored: str
    name: str
    kind: Kind
    description: str
    of: str = ""
    optional: bool = False


def _id(stored: str, name: str, of: str, description: str, *, optional: bool = False) -> Member:
    return Member(stored, name, Kind.ID, description, of, optional)


def _text(name: str, description: str, *, stored: str = "", optional: bool = False) -> Member:
    return Member(stored or name, name, Kind.TEXT, description, optional=optional)


_AMOUNTS = (
    Member("mass_g", "mass", Kind.MASS, "Mass of the order."),
    Member("fulfilled_g", "fulfilledMass", Kind.MASS, "Mass of the order for which credits are set aside."),
    Member("total_cost_minor", "totalCost", Kind.MONEY, "Total cost of the order."),
    Member("paid_minor", "paid", Kind.MONEY, "Part of the total cost that is paid."),
)
_RETIRED = (*_AMOUNTS, Member("retired_g", "retiredMass", Kind.MASS, "Mass of the order that is retired."))
_INVOICE = (
    _id("invoice_id", "invoiceId", "Invoice", "Id of the invoice."),
    _text("invoiceNumber", "Number of the invoice.", stored="invoice_number"),
)
_BY_INVOICE = tuple(
    Member(each.stored, each.name, each.kind, each.description, each.of, optional=True) for each in _INVOICE
)
_INVOICE_TOTAL = Member("total_minor", "total", Kind.MONEY, "Total of the invoice.")
_AMOUNT = Member("amount_minor", "amount", Kind.MONEY, "Amount of the payment.")
_PAYMENT = (
    _AMOUNT,
    _id(
        "payment_id",
        "paymentId",
        "Payment",
        "Id of the payment. Absent for an order of a client account.",
        optional=True,
    ),
    _text("reference", "Reference of the payment. Absent for an order of a client account.", optional=True),
    _id("invoice_id", "invoiceId", "Invoice", "Id of the invoice that the payment is for.", optional=True),
    *(Member(each.stored, each.name, each.kind, each.description, optional=True) for each in _AMOUNTS),
)
_PROJECT = _id("project_id", "projectId", "Project", "Id of the project.")
_BUNDLE = _id("bundle_id", "bundleId", "Bundle", "Id of the bundle.")
_PORTFOLIO = _id("portfolio_id", "portfolioId", "Portfolio", "Id of the portfolio.")
_BATCH = _id("batch_id", "creditBatchId", "CreditBatch", "Id of the credit batch.")
_AVAILABLE = Member(
    "available_g", "availableMass", Kind.MASS, "Mass of the batch that left or joined the stock for sale."
)
_PAYER = _id("payer_id", "payerId", "Account", "Id of the account whose invoices are meant.")
_SLUG = _text("slug", "Name of the object in addresses.")
_KEY = _text("keyId", "Public id of the API key.", stored="key_id")
_CHANGED = Member("changed", "changed", Kind.TEXTS, "Names of the facts that changed.")
_ENDPOINT = _id("endpoint_id", "webhookEndpointId", "WebhookEndpoint", "Id of the webhook endpoint.")


class EventType(StrEnum):
    """Types of events. Each has a meaning and the members of its payload, and the kind of mail that contacts get."""

    meaning: str
    members: tuple[Member, ...]
    mail: MailKind | None

    def __new__(cls, value: str, meaning: str, members: tuple[Member, ...] = (), mail: MailKind | None = None) -> Self:
        self = str.__new__(cls, value)
        self._value_ = value
        self.meaning = meaning
        self.members = members
        self.mail = mail
        return self

    ORDER_PLACED = "order.placed", "An order was accepted and priced.", _AMOUNTS, MailKind.ORDER_CONFIRMED
    ORDER_SUPPLIED = "order.supplied", "A waiting order received some of its missing credits.", _AMOUNTS
    ORDER_FULFILLED = "order.fulfilled", "All credits of an order are allocated.", _AMOUNTS
    ORDER_SHORT = (
        "order.short",
        (
            "`simulateOrder` returned the credits of a test order to stock, and the order waits for credits. Live"
            " orders never have this event."
        ),
        _AMOUNTS,
    )
    ORDER_REDUCED = (
        "order.reduced",
        "The part of an order that waited for credits was cancelled. The event has the new mass and total.",
        _AMOUNTS,
    )
    ORDER_RESUPPLIED = (
        "order.resupplied",
        "The seller replaced credits of an order that could not be used any more by others of the same bundles.",
        (*_AMOUNTS, Member("replaced_g", "replacedMass", Kind.MASS, "Mass of the credits that were replaced.")),
    )
    ORDER_CANCELLED = (
        "order.cancelled",
        "An order was cancelled. Its credits went back to stock, what was paid to its invoice and the balance.",
        _AMOUNTS,
    )
    ORDER_FAILED = (
        "order.failed",
        "The seller could not deliver an order. Credits went back to stock, money to its invoice and the balance.",
        _AMOUNTS,
    )
    ORDER_BILLED = "order.billed", "An order was put on an invoice.", (*_AMOUNTS, *_INVOICE)
    ORDER_INVOICED = "order.invoiced", "A paid order was put on an invoice.", (*_AMOUNTS, *_INVOICE)
    ORDER_CREDITED = (
        "order.credited",
        (
            "A credit note took back the price of an order on an invoice, or a part of it; the event names both and has"
            " the net amount."
        ),
        (
            *_AMOUNTS,
            *_INVOICE,
            _id("credit_note_id", "creditNoteId", "CreditNote", "Id of the credit note."),
            _text("creditNoteNumber", "Number of the credit note.", stored="credit_note_number"),
            Member("credited_minor", "credited", Kind.MONEY, "Net amount that was taken back."),
        ),
    )
    ORDER_PAID = "order.paid", "The whole total of an order is paid.", (*_AMOUNTS, *_BY_INVOICE)
    ORDER_REFUNDED = (
        "order.refunded",
        "What was paid for an order went to the rest of its invoice, then to the balance. The order keeps its credits.",
        (*_AMOUNTS, Member("refunded_minor", "refunded", Kind.MONEY, "Amount that had been paid for the order.")),
    )
    ORDER_RETIRING = "order.retiring", "The retirement of an order started.", _RETIRED
    ORDER_COMPLETED = (
        "order.completed",
        "All credits of an order are retired.",
        _RETIRED,
        MailKind.CERTIFICATE_READY,
    )
    ORDER_RETIREMENT_RECORDED = (
        "order.retirement_recorded",
        (
            "Entries of registries are recorded for all credits of an order, and its retirement certificate is issued;"
            " again if a correction makes another version of the certificate."
        ),
        (*_RETIRED, _text("certificateNumber", "Number of the retirement certificate.", stored="certificate_number")),
        MailKind.RETIREMENT_RECORDED,
    )
    PAYMENT_RECORDED = "payment.recorded", "A payment was recorded, for an order or for the balance.", _PAYMENT
    PAYMENT_REFUSED = (
        "payment.refused",
        "`simulateOrder` simulated a refused payment for a test order. No money moved.",
        (_AMOUNT, _text("reference", "Reference of the refused payment.")),
    )
    INVOICE_ISSUED = (
        "invoice.issued",
        "An invoice for orders was issued.",
        (*_INVOICE, _INVOICE_TOTAL, Member("orders", "orders", Kind.NUMBER, "Number of orders on the invoice.")),
        MailKind.INVOICE_ISSUED,
    )
    INVOICE_SETTLED = "invoice.settled", "An invoice was paid.", (*_INVOICE, _INVOICE_TOTAL), MailKind.INVOICE_PAID
    INVOICE_DUE = (
        "invoice.due",
        "An invoice that is not paid is due, or will be due soon. An invoice has this event at most once.",
        (
            *_INVOICE,
            Member("due_minor", "due", Kind.MONEY, "Amount that is still to be paid."),
            _text("dueAt", "Time by which the invoice is to be paid (ISO 8601, UTC).", stored="due_at"),
        ),
        MailKind.INVOICE_DUE,
    )
    ORDER_IMPORTED = "order.imported", "A past order was imported, with its own id and date.", _AMOUNTS
    ORDER_UPDATED = (
        "order.updated",
        "The customer, the description or the metadata of an order was changed; the event names them.",
        (*_AMOUNTS, _CHANGED),
    )
    PROJECT_CREATED = "project.created", "A project was added to the catalogue.", (_PROJECT, _SLUG)
    PROJECT_UPDATED = "project.updated", "Facts of a project were changed; the event names them.", (_PROJECT, _CHANGED)
    BUNDLE_CREATED = "bundle.created", "A bundle was added to the catalogue.", (_BUNDLE, _SLUG)
    BUNDLE_UPDATED = "bundle.updated", "Facts of a bundle were changed; the event names them.", (_BUNDLE, _CHANGED)
    BUNDLE_DISABLED = "bundle.disabled", "A bundle was taken off sale.", (_BUNDLE,)
    BUNDLE_ENABLED = "bundle.enabled", "A bundle was put on sale again.", (_BUNDLE,)
    PRICE_SET = (
        "price.set",
        "The price tiers of a bundle in a currency were set. Existing orders keep their prices.",
        (
            _BUNDLE,
            _text("currency", "Currency of the price (ISO 4217 code)."),
            Member("tiers", "tiers", Kind.TIERS, "Minimum mass and unit price of each tier."),
        ),
    )
    PORTFOLIO_SET = (
        "portfolio.set",
        "A portfolio that all accounts may use was created or changed.",
        (_PORTFOLIO, Member("weights", "weights", Kind.WEIGHTS, "Bundles and their shares.")),
    )
    BATCH_RECEIVED = (
        "batch.received",
        "A credit batch was received.",
        (
            _BATCH,
            _PROJECT,
            _text("reference", "Reference of the receipt."),
            _text("mode", "`live` or `test`."),
            Member("mass_g", "mass", Kind.MASS, "Mass of the batch."),
        ),
    )
    BATCH_WITHDRAWN = (
        "batch.withdrawn",
        "A credit batch was withdrawn from sale. The event has the reason, and the grams that were on sale before.",
        (_BATCH, _AVAILABLE, _text("reason", "Reason of the withdrawal.")),
    )
    BATCH_REINSTATED = "batch.reinstated", "A withdrawn credit batch was put on sale again.", (_BATCH, _AVAILABLE)
    BATCH_RETIREMENT_RECORDED = (
        "batch.retirement_recorded",
        "An entry of a registry that shows credits of a batch as retired was recorded.",
        (
            _BATCH,
            _text("reference", "Reference of the entry."),
            Member("mass_g", "mass", Kind.MASS, "Mass of the credits that the entry covers."),
        ),
    )
    ACCOUNT_PORTFOLIO_SET = (
        "account.portfolio_set",
        "An account changed the portfolio that its orders buy by default.",
        (_PORTFOLIO,),
    )
    ACCOUNT_CREATED = (
        "account.created",
        "An account was created: by an operator, or a client account by its parent.",
        (
            _text("name", "Name of the account."),
            _id(
                "client_account_id",
                "clientAccountId",
                "Account",
                "Id of the client account. Absent in the own event of an account that an operator created.",
                optional=True,
            ),
            _text("reference", "Reference of the operator for the account.", optional=True),
        ),
    )
    ACCOUNT_UPDATED = (
        "account.updated",
        "An account was changed: by an operator, a client account by its parent, or its logo or public page by itself.",
        (
            _CHANGED,
            _id(
                "client_account_id",
                "clientAccountId",
                "Account",
                "Id of the client account. Absent if the account itself was changed.",
                optional=True,
            ),
        ),
    )
    CONTACTS_SET = (
        "account.contacts_set",
        "The contacts of an account were set; the event has their number.",
        (Member("contacts", "contacts", Kind.NUMBER, "Number of contacts."),),
    )
    API_KEY_CREATED = (
        "api_key.created",
        "An API key of the account was created through the API; the event has its scopes.",
        (_KEY, _text("name", "Name of the key."), Member("scopes", "scopes", Kind.TEXTS, "Scopes of the key.")),
    )
    API_KEY_REVOKED = "api_key.revoked", "An API key of the account was revoked through the API.", (_KEY,)
    SELLER_UPDATED = (
        "seller.updated",
        "Facts of the seller were changed.",
        (_text("seller", "Identifier of the seller."), _CHANGED),
    )
    BILLING_DETAILS_UPDATED = (
        "account.billing_updated",
        "The facts about a customer that its invoices print were changed.",
        (_PAYER, _CHANGED),
    )
    TAX_PROFILE_SET = (
        "account.tax_profile_set",
        "The tax category and rate of an account's invoices from a given day on were set.",
        (
            _PAYER,
            _text("validFrom", "First day on which the tax is valid (ISO 8601 date).", stored="valid_from"),
            _text("category", "Category of the tax (UNCL 5305 code)."),
            Member("rate_hundredths", "rate", Kind.PERCENT, "Rate of the tax in percent, as a decimal string."),
        ),
    )
    DOCUMENT_LINKS_REVOKED = (
        "documents.links_revoked",
        "Addresses of documents of the account were revoked: of one invoice, credit note or order, or of all.",
    )
    WEBHOOK_CREATED = (
        "webhook.created",
        "A webhook endpoint was created.",
        (_ENDPOINT, _text("host", "Host name of the endpoint's address.")),
    )
    WEBHOOK_UPDATED = (
        "webhook.updated",
        "A webhook endpoint was changed, enabled or disabled; the event names the facts.",
        (_ENDPOINT, _CHANGED),
    )
    WEBHOOK_DISABLED = (
        "webhook.disabled",
        "A webhook endpoint answered 410 (Gone), and the service disabled it.",
        (_ENDPOINT,),
    )
    WEBHOOK_DELETED = "webhook.deleted", "A webhook endpoint was deleted.", (_ENDPOINT,)
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated", "A webhook endpoint got another secret.", (_ENDPOINT,)
    WEBHOOK_REPLAYED = (
        "webhook.replayed",
        "Deliveries of a webhook endpoint were queued again.",
        (_ENDPOINT, Member("deliveries", "deliveries", Kind.NUMBER, "Number of deliveries.")),
    )
    WEBHOOK_TEST = "webhook.test", "A test event was sent to a webhook endpoint, and to no other.", (_ENDPOINT,)
