"""Names that are stored or sent: a renaming in the code may not change one of them.

Each is a literal here. When a test fails, give the renamed thing its old name explicitly, or keep the old name beside
the new one until the date of its deprecation; never change a literal. Names that are new are added.

Elsewhere: fingerprints (test_wire_forms, test_stored_fingerprints, test_order_fingerprints and
test_estimate_fingerprints), certificates (test_certificate), GraphQL (schema.graphql), OpenAPI (published_names.json),
cursors (test_cursor_names), payloads of events (test_event_payloads), tokens (carbonext/test_tokens), JSON of the
command line (test_books_commands, test_doctor), columns (migrations and test_tables).
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import typer
from graphql import GraphQLObjectType

import service
from service.__main__ import app
from service.api.document_links import document_path
from service.api.graphql.cost.budget import cost_budget
from service.api.graphql.schema import schema
from service.api.graphql.types.webhooks import WebhookFormat as ShownWebhookFormat
from service.api.rate_limits import RateLimits, _item
from service.api.receipt_links import former_receipt_path
from service.api.request_facts import Facts
from service.api.rest.carbonext.orders import NOTE
from service.api.rest.carbonext.states import Status
from service.api.rest.carbonext.tokens import CLIENT_PREFIX, PERMISSIONS, TokenUse
from service.commands.setting_messages import DEPRECATED
from service.domain.accounts import AccountContract, Visibility
from service.domain.amounts import MassUnit
from service.domain.api_keys import Scope, digest, generate_key
from service.domain.billing import InvoiceStatus
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType
from service.domain.catalogue_listing import BatchSortField, BundleListing, NamedSortField
from service.domain.credit_notes import CreditReason
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument
from service.domain.estimate import CabinClass, DistanceUnit, EnergyUnit, VehicleType
from service.domain.event_types import EventType
from service.domain.flight_hauls import Haul
from service.domain.ledger import LedgerAccount, Verb
from service.domain.listing import AccountSortField, InvoiceSortField, NumberedSort, OrderSortField, PaymentSortField
from service.domain.mail import MailKind, MailStatus
from service.domain.numbering import DocumentKind
from service.domain.order import BalanceUse, EntryKind, OrderKind, OrderStatus, PaymentStatus, Source
from service.domain.parties import TaxCategory
from service.domain.recorded_estimate import ActivityKind
from service.domain.serials.block import Layout
from service.domain.serials.facts import CreditStatus
from service.domain.serials.forms import SerialForm
from service.domain.statistics import OrderGrouping
from service.domain.sustainability_pages import PageDescription, PageSection, PageStatus, PageTitle
from service.domain.vintages import VintageFault
from service.domain.webhooks import DeliveryStatus, DisabledReason, WebhookFormat
from service.domain.worker_failures import WorkerStep
from service.errors import Code
from service.key_pepper import pepper
from service.limits import rest_budgets
from service.operations import (
    decline_mail,
    import_orders,
    load_orders,
    match_backorders,
    remind_invoices,
    retire_orders,
    simulate_order,
)
from service.operations.simulate_order import Outcome, _reference
from service.settings import Settings
from service.storage import models
from service.storage.migrations import _runner
from service.workers.run import worker_steps
from tests.makers import make_account, make_order

PACKAGE = Path(service.__file__).parent
SECRET = "s" * 32

ENUMERATIONS: dict[type[Enum], str] = {
    OrderStatus: "PLACED FULFILLED RETIRING COMPLETE CANCELLED FAILED",
    PaymentStatus: "ISSUED BILLED PAID REFUNDED",
    OrderKind: "mass value estimate",
    Source: "graphql lune carbon-engine carbonext import",
    BalanceUse: "none available whole",
    EntryKind: "given returned",
    ActivityKind: "electricity flight air_freight ground_transport mass",
    EnergyUnit: "Wh kWh MWh GWh",
    DistanceUnit: "km mi nm",
    CabinClass: "economy premium_economy business first",
    Haul: "domestic short_haul long_haul international",
    VehicleType: "passenger_car_van_or_suv small_bus school_bus coach_bus",
    MassUnit: "g kg t",
    SerialForm: "plain verra gold_standard car acr art biocarbon cercarbono puro markit ers kyoto national none",
    Layout: "range twice pair",
    CreditStatus: "issued ex_ante pending",
    VintageFault: "ex_ante pending period_not_over year_not_over year_after_period",
    Mode: "live test",
    Scope: "orders:read orders:write catalogue:read operator account:manage",
    Visibility: "public hidden",
    PageStatus: "enabled disabled",
    PageTitle: "by_volume by_price",
    PageDescription: "by_equivalent by_supported_goals by_custom_description",
    PageSection: "bundles_breakdown certificates unsdg",
    AccountContract: "lune carbon-engine carbonext graphql",
    MailStatus: "PENDING SENT FAILED CANCELLED",
    MailKind: "order_confirmed certificate_ready retirement_recorded invoice_issued invoice_due invoice_paid",
    OffsetType: "emissions_reduction carbon_removal",
    Approach: "traditional innovative",
    CarbonPermanence: "long_term short_term no_storage",
    InvoiceStatus: "PENDING PAID",
    LedgerAccount: "cash balance receivable sales commission tax",
    Verb: "order_placed balance_applied payment_recorded balance_topped_up invoice_settled order_cancelled"
    " order_reduced order_refunded order_failed tax_billed tax_paid tax_credited",
    CreditReason: "cancelled reduced failed refunded",
    EventType: "order.placed order.supplied order.fulfilled order.short order.reduced order.resupplied"
    " order.cancelled order.failed order.billed order.invoiced order.credited order.paid order.refunded order.retiring"
    " order.completed order.retirement_recorded"
    " payment.recorded payment.refused"
    " invoice.issued invoice.settled invoice.due order.imported order.updated project.created project.updated"
    " bundle.created bundle.updated"
    " bundle.disabled bundle.enabled price.set portfolio.set batch.received batch.withdrawn batch.reinstated"
    " batch.retirement_recorded"
    " account.portfolio_set account.created account.updated account.contacts_set api_key.created api_key.revoked"
    " seller.updated account.billing_updated account.tax_profile_set documents.links_revoked webhook.created"
    " webhook.updated webhook.disabled webhook.deleted webhook.secret_rotated webhook.replayed webhook.test",
    WebhookFormat: "STANDARD LUNE CALLBACK",
    ShownWebhookFormat: "STANDARD LUNE",
    DeliveryStatus: "PENDING DELIVERED FAILED",
    DisabledReason: "REQUESTED GONE",
    AccountSortField: "created_at name",
    InvoiceSortField: "created_at due_at total_minor",
    PaymentSortField: "created_at amount_minor",
    TaxCategory: "S Z E AE G O",
    DocumentKind: "INV CN",
    LinkedDocument: "i c o r s p",
    OrderSortField: "created_at mass_g total_cost_minor",
    NamedSortField: "created_at name",
    BatchSortField: "created_at vintage",
    BundleListing: "on_sale disabled all",
    NumberedSort: "created_at mass_g standing mean_price",
    OrderGrouping: "status payment_status month day bundle project customer currency",
    Outcome: "PAY REFUSE_PAYMENT RUN_SHORT FULFIL RETIRE COMPLETE FAIL REFUND",
    Code: "BAD_USER_INPUT UNAUTHENTICATED FORBIDDEN ACCOUNT_SUSPENDED ACCOUNT_SELECTED_INVALID TEST_ACCOUNT_REQUIRED"
    " NOT_FOUND IDEMPOTENCY_KEY_REUSED QUANTITY_INVALID SELECTION_INVALID BUNDLE_UNAVAILABLE CURRENCY_UNAVAILABLE"
    " MAXIMUM_TOTAL_EXCEEDED INSUFFICIENT_CREDITS HOLD_LIMIT_EXCEEDED QUOTE_EXPIRED QUOTE_USED ESTIMATE_USED"
    " ORDER_STATE PAYMENT_STATE"
    " PAYMENT_REFUSED INSUFFICIENT_BALANCE CREDIT_LIMIT_EXCEEDED MAX_COST_EXCEEDED METHOD_NOT_ALLOWED PAYLOAD_TOO_LARGE"
    " UNSUPPORTED_MEDIA_TYPE REQUEST_TIMEOUT THROTTLED UNAVAILABLE INTERNAL_SERVER_ERROR",
    Status: "Issued Billed Paid Cancelled Refunded",
    TokenUse: "access refresh",
    WorkerStep: "expire_holds match_backorders retire_orders issue_certificates fill_search_keys advance_test_orders",
}
"""The values, which rows, events, tokens and answers hold. GraphQL shows names of members: schema.graphql has them."""

SETTINGS = {
    "SERVICE_DATABASE_URL": "sqlite://other.sqlite3",
    "SERVICE_HOST": "127.0.0.9",
    "SERVICE_PORT": "9",
    "SERVICE_PUBLIC_URL": "https://shop.example",
    "SERVICE_HOSTS": "api.lune.example=lune",
    "SERVICE_REDIS_URL": "redis://cache",
    "SERVICE_SECRET": SECRET,
    "SERVICE_SECRET_PREVIOUS": SECRET,
    "SERVICE_LOG_LEVEL": "error",
    "SERVICE_METRICS_BIND": "127.0.0.1:9464-9467",
    "SERVICE_SLOW_STATEMENT_MS": "7",
    "SERVICE_TRACING": "true",
    "SERVICE_LOG_JSON": "true",
    "SERVICE_POOL_SIZE_MAX": "9",
    "SERVICE_STATEMENT_CACHE_SIZE": "9",
    "SERVICE_DATABASE_POOLED": "true",
    "SERVICE_READ_DATABASE_URL": "postgresql://orders@replica/orders",
    "SERVICE_STALE_READS_MS": "9",
    "SERVICE_LOOP_READ_MS": "9",
    "SERVICE_LOCK_TIMEOUT_MS": "9",
    "SERVICE_STATEMENT_TIMEOUT_MS": "9",
    "SERVICE_IDLE_TRANSACTION_MS": "9",
    "SERVICE_POOL_WAIT_MS": "9",
    "SERVICE_GROUP_SIZE_MAX": "9",
    "SERVICE_GROUP_LOCK_TIMEOUT_MS": "9",
    "SERVICE_GROUP_WRITERS": "9",
    "SERVICE_QUOTE_VALID_MS": "9",
    "SERVICE_HOLD_PERCENT_MAX": "9",
    "SERVICE_OPEN_HOLDS_MAX": "9",
    "SERVICE_WORKERS_EMBEDDED": "false",
    "SERVICE_WORKER_REST_MS": "9",
    "SERVICE_RETIRE_AFTER_MS": "9",
    "SERVICE_DOCUMENT_LINKS_VALID_MS": "60009",
    "SERVICE_WEBHOOK_DELIVERIES_KEPT_MS": "345600009",
    "SERVICE_WEBHOOKS_TO_LOOPBACK": "true",
    "SERVICE_SUBSCRIPTIONS_MAX": "9",
    "SERVICE_SUBSCRIPTIONS_PER_KEY_MAX": "9",
    "SERVICE_SUBSCRIPTION_POLL_MS": "19",
    "SERVICE_SUBSCRIPTION_KEEP_ALIVE_MS": "109",
    "SERVICE_SUBSCRIPTION_SEND_TIMEOUT_MS": "109",
    "SERVICE_SMTP_URL": "smtps://mail.example",
    "SERVICE_MAIL_FROM": "orders@shop.example",
    "SERVICE_MAIL_REPLY_TO": "help@shop.example",
    "SERVICE_MAIL_LANGUAGE": "en",
    "SERVICE_MAILS_KEPT_MS": "345600009",
    "SERVICE_INVOICE_REMINDER_DAYS": "9",
    "SERVICE_TEST_ORDERS_AFTER_MS": "9",
    "SERVICE_RETIRE_UNPAID": "true",
    "SERVICE_KEY_USES_MS": "9",
    "SERVICE_KNOWN_KEYS_MS": "9",
    "SERVICE_KNOWN_KEYS_MAX": "9",
    "SERVICE_BODY_BYTES_MAX": "9",
    "SERVICE_BODY_TIMEOUT_MS": "9",
    "SERVICE_CONNECTIONS_MAX": "9",
    "SERVICE_IN_FLIGHT_MAX": "9",
    "SERVICE_REQUEST_DEADLINE_MS": "9",
    "SERVICE_SHUTDOWN_TIMEOUT_MS": "9",
    "SERVICE_LUNE_REQUESTS_PER_S": "9",
    "SERVICE_CARBON_ENGINE_READS_PER_S": "9",
    "SERVICE_CARBON_ENGINE_WRITES_PER_S": "9",
    "SERVICE_CARBONEXT_REQUESTS_PER_S": "9",
    "SERVICE_CARBONEXT_ISO_DATES": "true",
    "SERVICE_PAGE_SIZE_DEFAULT": "9",
    "SERVICE_PAGE_SIZE_MAX": "9",
    "SERVICE_PLANS_ENABLED": "false",
    "SERVICE_QUERY_BATCHING_ENABLED": "false",
    "SERVICE_PLANS_MAX": "9",
    "SERVICE_PLAN_BYTES_MAX": "9",
    "SERVICE_PERSISTED_DOCUMENTS": "documents.json",
    "SERVICE_PERSISTED_DOCUMENTS_ONLY": "true",
    "SERVICE_TRUSTED_DOCUMENTS": "documents.json",
    "SERVICE_TRUSTED_DOCUMENTS_ONLY": "true",
    "SERVICE_SHOWN_DOCUMENTS_MAX": "9",
    "SERVICE_SHOWN_DOCUMENT_BYTES_MAX": "9",
    "SERVICE_QUERY_TOKENS_MAX": "9",
    "SERVICE_QUERY_DEPTH_MAX": "9",
    "SERVICE_QUERY_ALIASES_MAX": "9",
    "SERVICE_QUERY_DIRECTIVES_MAX": "9",
    "SERVICE_QUERY_COST_MAX": "9",
    "SERVICE_QUERY_POINTS_A_MINUTE": "9",
    "SERVICE_INTROSPECTION": "keys",
    "SERVICE_ADDRESS_POINTS_A_MINUTE": "9",
    "SERVICE_TRUSTED_PROXIES": "127.0.0.1",
    "SERVICE_CORS_ORIGINS": "https://shop.example",
}

NEEDS = {"SERVICE_SMTP_URL": ("SERVICE_MAIL_FROM",)}
"""Settings that others need."""

COMMANDS = {
    "audit": "--json",
    "doctor": "--json",
    "serve": "--demo --host --port --workers",
    "work": "",
    "migrate": "--offline --distribute --json",
    "backup": "FILE --force --json",
    "restore": "FILE --json",
    "copy": "FROM_URL TO_URL --json",
    "demo": "--orders --json",
    "schema": "",
    "openapi": "CONTRACT",
    "account create": "NAME --contract --currency --portfolio --commission --beneficiary --json",
    "account list": "--json",
    "account update": "ACCOUNT_ID --name --currency --commission --beneficiary --json",
    "account limit": "ACCOUNT_ID --credit --currency --hold-percent --open-holds --json",
    "account billing": "ACCOUNT_ID --seller --legal-name --address --country --tax-number --registration-number"
    " --purchase-order --json",
    "account tax": "ACCOUNT_ID --category --rate --reason --reason-code --valid-from --json",
    "account suspend": "ACCOUNT_ID --json",
    "account reinstate": "ACCOUNT_ID --json",
    "key create": "ACCOUNT_ID --name --scope --expires --json",
    "key list": "ACCOUNT_ID --json",
    "key revoke": "KEY_ID",
    "seller set": "--seller --legal-name --address --country --tax-number --registration-number --bank-name"
    " --bank-account --bank-code --payment-days --payment-terms --footer --retirement-statement --logo"
    " --remove-logo --json",
    "seller show": "--json",
    "document save": "KIND NUMBER FILE --account --force",
    "document revoke": "ACCOUNT_ID",
    "export orders": "FILE --account --filter --format --force",
    "export retirements": "FILE --account --filter --format --force",
    "export ledger": "FILE --account --filter --format --force",
    "export invoices": "FILE --account --filter --format --force",
    "export payments": "FILE --account --filter --format --force",
    "import orders": "FILE --account --dry-run --json",
    "import catalogue": "FILE --dry-run --json",
    "import retirements": "FILE --dry-run --json",
}

GLOBAL_IDS = {
    "Account": "QWNjb3VudDoAAAAAAAAAAAAAAAAAAAAB",
    "ApiKey": "QXBpS2V5OgAAAAAAAAAAAAAAAAAAAAE",
    "Bundle": "QnVuZGxlOgAAAAAAAAAAAAAAAAAAAAE",
    "Certificate": "Q2VydGlmaWNhdGU6AAAAAAAAAAAAAAAAAAAAAQ",
    "InvoiceLine": "SW52b2ljZUxpbmU6AAAAAAAAAAAAAAAAAAAAAQ",
    "CreditBatch": "Q3JlZGl0QmF0Y2g6AAAAAAAAAAAAAAAAAAAAAQ",
    "Estimate": "RXN0aW1hdGU6AAAAAAAAAAAAAAAAAAAAAQ",
    "CreditNote": "Q3JlZGl0Tm90ZToAAAAAAAAAAAAAAAAAAAAB",
    "Invoice": "SW52b2ljZToAAAAAAAAAAAAAAAAAAAAB",
    "Journal": "Sm91cm5hbDoAAAAAAAAAAAAAAAAAAAAB",
    "Mail": "TWFpbDoAAAAAAAAAAAAAAAAAAAAB",
    "Order": "T3JkZXI6AAAAAAAAAAAAAAAAAAAAAQ",
    "Payment": "UGF5bWVudDoAAAAAAAAAAAAAAAAAAAAB",
    "Portfolio": "UG9ydGZvbGlvOgAAAAAAAAAAAAAAAAAAAAE",
    "Project": "UHJvamVjdDoAAAAAAAAAAAAAAAAAAAAB",
    "Quote": "UXVvdGU6AAAAAAAAAAAAAAAAAAAAAQ",
    "WebhookDelivery": "V2ViaG9va0RlbGl2ZXJ5OgAAAAAAAAAAAAAAAAAAAAE",
    "WebhookEndpoint": "V2ViaG9va0VuZHBvaW50OgAAAAAAAAAAAAAAAAAAAAE",
}
"""The id of a row whose id is 1, of each type that has one."""

LOGGED = {
    "account_created": {"live_id", "test_id", "contract", "currency"},
    "account_limited": {"account_id"},
    "account_reinstated": {"account_id"},
    "account_suspended": {"account_id"},
    "account_updated": {"account_id", "changed"},
    "catalogue_imported": {"rows", "added"},
    "registry_retirements_imported": {"rows", "added"},
    "certificate_failed": {"account_id", "order_id"},
    "connection_refused": {"status", "reason", "client"},
    "connections_limited": {"wanted", "possible", "files_max"},
    "database_damaged": {"error"},
    "database_not_ready": {"why"},
    "database_ready": set(),
    "database_unavailable": {"failure", "error"},
    "replica_not_ready": {"why"},
    "replica_ready": set(),
    "ended": set(),
    "fault": {"exc_info", "method", "path", "request_id", "where"},
    "group_failed": {"exc_info"},
    "group_retried_singly": {"size", "error"},
    "document_characters_missing": {"template", "characters"},
    "item_failed": {"step", "account_id", "item_id", "position", "exc_info"},
    "key_created": {"key_id", "account_id", "scopes"},
    "key_revoked": {"key_id"},
    "mail_failed": {"account_id", "mail_id", "kind", "attempts"},
    "mail_not_written": {"mail_id", "kind"},
    "mail_server_failed": {"host", "port", "error"},
    "mail_server_ready": set(),
    "mails_given_up": {"mails"},
    "metrics_not_served": {"reason"},
    "metrics_served": {"host", "port"},
    "parent_gone": set(),
    "proxy_not_named": {"advice"},
    "proxy_not_trusted": {"address", "advice"},
    "rate_limits_unshared": {"error"},
    "request": {
        "method",
        "path",
        "request_id",
        "operation",
        "operation_name",
        "account_id",
        "address",
        "key_id",
        "codes",
        "failure",
        "status",
        "unlogged",
        "ms",
    },
    "seller_set": {"identifier", "changed"},
    "serving": {"address", "host", "port", "connections_max"},
    "statement_slow": {"ms", "statement"},
    "webhook_endpoint_gone": {"endpoint_id", "account_id"},
    "webhook_given_up": {"endpoint_id", "account_id", "delivery_id", "event_type", "attempts"},
    "webhook_not_written": {"endpoint_id", "event_type"},
    "webhook_secret_unreadable": {"endpoint_id", "account_id"},
    "webhook_step_failed": {"endpoint_id"},
    "webhook_step_refused": {"endpoint_id", "code"},
    "webhooks_not_sent": {"reason"},
    "step_failed": {"step"},
    "step_refused": {"step", "code"},
    "credentials_not_checked": set(),
    "events_not_read": set(),
    "stream_ended": {"transport", "reason", "events", "seconds", "account_id", "key_id"},
    "steps_resumed": set(),
    "steps_wait": {"step", "code"},
    "working": {"steps"},
    "writer_died": {"exc_info"},
}
"""Events of the log and their members; `request` and `fault` of a request have `method` and `path` beside, and
`request` may have `operation`, `operation_name`, `account_id`, `key_id`, `codes` and `failure`.
"""

DETAILS = (
    "available_g available_minor bundle_id bundle_ids currency error_code expired_at limit maximum oauth_error"
    " payment_status retry_after_s scope status total_cost_minor"
)
"""What refusals say beside their message, in the extensions of GraphQL errors or for one contract."""

TABLES = (
    "account_heads accounts api_keys backorders balances billing_details bundle_projects bundles certificates"
    " contacts credit_batches credit_entries credit_note_lines credit_notes document_links documents estimates"
    " event_seals events invoice_lines invoice_reminders invoices ledger_entries logos mail_cursors mails"
    " number_counters order_lines order_totals orders organisations payments portfolio_weights portfolios prices"
    " project_categories projects quote_holds quote_lines quotes registry_retirements"
    " retirement_certificates retirements secret_checks sellers serial_claims serial_series"
    " sustainability_pages tax_profiles"
    " webhook_cursors webhook_deliveries webhook_endpoints worker_failures"
)


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(service.__path__, "service."):
        if found.name != "service.__main__":
            yield importlib.import_module(found.name)


def enumerations() -> set[type[Enum]]:
    return {
        each
        for module in modules()
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, StrEnum) and each.__module__ == module.__name__
    }


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the service's code, with the name of what is called."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def texts(node: ast.expr) -> list[str]:
    """The texts that an argument may be: itself, or either branch of a choice."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


@pytest.mark.parametrize("enumeration", ENUMERATIONS, ids=lambda each: each.__name__)
def test_values_of_enumerations(enumeration: type[Enum]):
    assert [member.value for member in enumeration] == ENUMERATIONS[enumeration].split()


def test_every_enumeration_is_pinned():
    assert enumerations() == set(ENUMERATIONS)


@pytest.mark.parametrize("variable", SETTINGS)
def test_names_of_settings(monkeypatch: pytest.MonkeyPatch, variable: str):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name in NEEDS.get(variable, ()):
        monkeypatch.setenv(name, SETTINGS[name])
    before = Settings()

    monkeypatch.setenv(variable, SETTINGS[variable])

    assert Settings() != before


def test_every_setting_is_pinned():
    assert len(Settings.model_fields) + len(DEPRECATED) == len(SETTINGS)


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    children = getattr(command, "commands", None)
    if children is None:
        named = (
            "/".join(each.opts) if each.param_type_name == "option" else each.metavar or each.name.upper()
            for each in command.params
            if each.name != "help"
        )
        yield " ".join(words), " ".join(named)
        return
    for name, child in children.items():
        yield from commands(child, (*words, name))


def test_names_of_commands_and_their_options():
    assert dict(commands(typer.main.get_command(app))) == COMMANDS


def test_global_ids_hold_the_names_of_types():
    node = schema._schema.type_map["Node"]
    ids = {}
    for name, kind in schema._schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and node in kind.interfaces:
            thing = object.__new__(kind.extensions["strawberry-definition"].origin)
            thing.row = SimpleNamespace(id=UUID(int=1))
            ids[name] = kind.fields["id"].resolve(thing, None)
    assert ids == GLOBAL_IDS


def test_labels_that_keys_are_derived_under():
    derived = pepper(Settings(secret=SECRET))
    key = generate_key(Mode.TEST, bytes(10), bytes(32))

    assert derived.hex() == "636678e3b6c420160570fd80de02b3292aad15d47e3d833d3a21e432fd4985ee"
    assert key.text == f"co_test_00000000000000_{'0' * 43}3YEdsK"
    assert digest(key.text, derived) == "ce22f8ecbc9f4a7609f506f98f09c93dabd4a978edd985456458e9f34cb954b7"
    assert former_receipt_path(UUID(int=1), UUID(int=2), derived) == (
        "/receipts/0000000000000000000000000000000100000000000000000000000000000002"
        "b14daeae130a3f0d9b0bdad5bcc572dec33d16e1c809df521bbe2f679bbd789c"
    )
    name = DocumentName(LinkedDocument.INVOICE, UUID(int=1), UUID(int=2))
    assert document_path(DocumentLink(name, 3, datetime(2027, 1, 1, tzinfo=UTC)), derived) == (
        "/documents/aQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAACAAAAAwAAAABrNuyAkKAMiL_VlDK6LJPC7PNxKNYajBWf1vQsCVJWihp6N94"
    )


def test_names_of_rate_limits():
    budgets = rest_budgets(Settings())

    assert {
        name: [_item(each).key_for("KEY") for each in (budget.reads, budget.writes)] for name, budget in budgets.items()
    } == {
        "lune": ["lune/KEY/15/1/second", "lune/KEY/15/1/second"],
        "carbon-engine": ["carbon-engine-reads/KEY/100/1/second", "carbon-engine-writes/KEY/100/1/second"],
        "carbonext": ["carbonext/KEY/100/1/second", "carbonext/KEY/100/1/second"],
    }
    assert _item(cost_budget(5)).key_for("KEY") == "graphql/KEY/5/60/second"
    assert RateLimits("redis://127.0.0.1:1")._shared.bridge.key_prefix == "carbon-orders"


def test_names_of_workers_and_actors():
    assert [step.name for step in worker_steps(Settings())] == [
        "expire_holds",
        "match_backorders",
        "retire_orders",
        "issue_certificates",
        "advance_test_orders",
        "fill_search_keys",
        "refresh_statistics",
        "expire_deliveries",
        "remind_invoices",
        "expire_mails",
        "seal_events",
    ]
    actors = (
        retire_orders,
        match_backorders,
        simulate_order,
        import_orders,
        load_orders,
        remind_invoices,
        decline_mail,
    )
    assert [each.ACTOR for each in actors] == [
        "worker:retire",
        "worker:match",
        "worker:advance",
        "command:import",
        "demo",
        "worker:remind",
        "mail:recipient",
    ]


def test_references_of_simulated_payments():
    order = make_order(make_account(UUID(int=1)), id=UUID(int=2), offset_cost_minor=5, total_cost_minor=5)

    assert _reference(order) == "simulated:00000000-0000-0000-0000-000000000002:5"


def test_names_in_the_log():
    found: dict[str, set[str]] = {}
    for name, call in calls():
        if name in {"debug", "info", "warning", "error", "exception", "critical"} and call.args:
            for text in texts(call.args[0]):
                found.setdefault(text, set()).update(each.arg for each in call.keywords if each.arg)
    found["request"] |= set(Facts.__annotations__)  # its members are given as one mapping
    assert found == LOGGED


def test_names_of_what_refusals_say_beside_their_message():
    found = {each.arg for name, call in calls() if name == "Refused" for each in call.keywords if each.arg}
    assert sorted(found) == DETAILS.split()


def test_names_that_carbonext_tokens_and_orders_hold():
    assert (CLIENT_PREFIX, NOTE) == ("cbx_b2b_", "metaData")
    assert {scope.value: names for scope, names in PERMISSIONS.items()} == {
        "orders:read": ("orders_read", "financial_read", "certificates_read"),
        "orders:write": ("orders_write",),
        "catalogue:read": ("customer_applications_read",),
        "operator": ("financial_write", "users_read"),
        "account:manage": (),
    }


def test_names_of_tables_and_migrations():
    # A database remembers what was applied to it: a migration of another name would be applied again.
    assert sorted(getattr(models, name)._meta.db_table for name in models.__all__) == TABLES.split()
    assert (_runner.APP, _runner.HISTORY) == ("storage", "tortoise_migrations")
    assert {"0001_foundation", "0002_money", "0003_catalogue", "0004_retirement"} <= {
        file.stem for file in (PACKAGE / "storage/migrations").glob("0*.py")
    }
