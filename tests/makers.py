"""Things to test with: each maker has a default for everything, so that a test says only what it is about.

Makers make values; `store` writes values of any kind into a database. Knows tables, and no operation.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from service.domain.accounts import Account, Caller, Organisation
from service.domain.amounts import MassUnit, price_micros_of
from service.domain.api_keys import Scope
from service.domain.catalogue import (
    Bundle,
    BundleProject,
    CreditBatch,
    Mode,
    Portfolio,
    PortfolioWeight,
    Price,
    Project,
    ProjectCategory,
)
from service.domain.contacts import WantedContact
from service.domain.mail import Mail, MailKind, MailStatus
from service.domain.order import (
    ByMass,
    FromQuote,
    Order,
    OrderKind,
    OrderRequest,
    OrderStatus,
    PaymentStatus,
    PlaceOrder,
    Source,
)
from service.kit.ids import uuid7
from service.storage import accounts, batches, catalogue, mails, orders, serials
from service.storage.database import Database
from service.storage.tables import Table

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
TONNE_G = 1_000_000
CATEGORY = ProjectCategory(id=UUID(int=1), name="Forests")
EVERY_SCOPE = frozenset(Scope)
_numbers = count(1)


def make_project(**facts: Any) -> Project:
    number = next(_numbers)
    return Project(
        **{
            "id": uuid7(),
            "category_id": CATEGORY.id,
            "slug": f"project-{number}",
            "name": f"Project {number}",
            "project_type": "Forest conservation",
            "country": "BRA",
            "registry_name": "Verra",
            "description": "Trees that stay.",
            "logo_url": None,
            "created_at": LONG_AGO,
            **facts,
        }
    )


def make_contact(**facts: Any) -> WantedContact:
    return WantedContact(**{"email": "ada@example.com", "name": "Ada", "kinds": [MailKind.INVOICE_DUE], **facts})


def make_mail(account_id: UUID, **facts: Any) -> Mail:
    """A mail about the account's first event that the server took."""
    told = {
        "id": uuid7(),
        "seq": 1,
        "kind": MailKind.ORDER_CONFIRMED,
        "email": "ada@example.com",
        "name": "Ada",
        "status": MailStatus.SENT,
        "attempts": 1,
        "due_at": LONG_AGO,
        "give_up_at": LONG_AGO,
        "lease_id": None,
        "error": None,
        "created_at": LONG_AGO,
        "sent_at": LONG_AGO,
    }
    return Mail(account_id=account_id, **{**told, **facts})


def make_batch(project: Project, available_g: int = 10 * TONNE_G, **facts: Any) -> CreditBatch:
    return CreditBatch(
        **{
            "id": uuid7(),
            "project_id": project.id,
            "mode": Mode.LIVE,
            "vintage": 2020,
            "serial_prefix": f"VCS-{next(_numbers)}-",
            "serial_start": 1,
            "issued_g": available_g,
            "available_g": available_g,
            "held_g": 0,
            "allocated_g": 0,
            "retired_g": 0,
            "created_at": LONG_AGO,
            **facts,
        }
    )


def make_bundle(**facts: Any) -> Bundle:
    return Bundle(
        **{
            "id": uuid7(),
            "name": f"Bundle {next(_numbers)}",
            "description": "Credits of one kind.",
            "offset_type": "emissions_reduction",
            "approach": "traditional",
            "carbon_permanence": "short_term",
            "primary_image_url": None,
            "background_colour": None,
            "disabled_at": None,
            "created_at": LONG_AGO,
            **facts,
        }
    )


def make_price(bundle: Bundle, price: str, currency: str = "USD", minimum_mass_g: int = 0) -> Price:
    return Price(
        bundle_id=bundle.id,
        currency=currency,
        minimum_mass_g=minimum_mass_g,
        unit_price_micros=price_micros_of(price),
    )


def make_portfolio(weights: Mapping[UUID, int], **facts: Any) -> tuple[Portfolio, *tuple[PortfolioWeight, ...]]:
    """A portfolio and its weights, in hundredths of a percent by bundle."""
    number = next(_numbers)
    told = {"id": uuid7(), "account_id": None, "identifier": f"p-{number}", "label": "Mix", "created_at": LONG_AGO}
    portfolio = Portfolio(**{**told, **facts})
    return portfolio, *(
        PortfolioWeight(portfolio_id=portfolio.id, bundle_id=bundle_id, position=position, hundredths=hundredths)
        for position, (bundle_id, hundredths) in enumerate(weights.items())
    )


def make_account(portfolio_id: UUID, **facts: Any) -> Account:
    return Account(
        **{
            "id": uuid7(),
            "organisation_id": uuid7(),
            "parent_account_id": None,
            "name": f"Customer {next(_numbers)}",
            "mode": Mode.LIVE,
            "contract": "graphql",
            "currency": "USD",
            "commission_hundredths": 1_000,
            "portfolio_id": portfolio_id,
            "beneficiary_name": None,
            "suspended_at": None,
            "created_at": LONG_AGO,
            # Tests hold what they need of a small stock; those of the limits say None, and get the service's.
            "hold_percent_max": 100,
            "open_holds_max": 1_000_000,
            **facts,
        }
    )


def make_caller(account: Account, scopes: frozenset[Scope] = EVERY_SCOPE) -> Caller:
    return Caller(account=account, key_id="key-of-the-test", scopes=scopes)


def make_order_request(mass_g: int = 1_000, **facts: Any) -> OrderRequest:
    return OrderRequest(**{"ask": ByMass(mass_g), **facts})


def make_command(account: Account, order_request: OrderRequest | FromQuote | None = None, **facts: Any) -> PlaceOrder:
    """A command of its own: another `order_id` and another key than every other one."""
    return PlaceOrder(
        **{
            "order_id": uuid7(),
            "account_id": account.id,
            "actor": "key-of-the-test",
            "source": Source.GRAPHQL,
            "request": order_request or make_order_request(),
            "idempotency_key": f"key-{next(_numbers)}",
            **facts,
        }
    )


def make_order(account: Account, **facts: Any) -> Order:
    """An order as history knows it: it has a mass and a price, and no credits."""
    number = next(_numbers)
    told = {
        "account_id": account.id,
        "id": uuid7(),
        "number": f"N{number}",
        "source": Source.IMPORT,
        "kind": OrderKind.MASS,
        "requested_mass_g": 1_000,
        "requested_value_minor": None,
        "step": MassUnit.GRAM,
        "currency": "USD",
        "status": OrderStatus.PLACED,
        "payment_status": PaymentStatus.ISSUED,
        "mass_g": 1_000,
        "fulfilled_g": 0,
        "retired_g": 0,
        "offset_cost_minor": 100,
        "commission_minor": 0,
        "total_cost_minor": facts.get("offset_cost_minor", 100) + facts.get("commission_minor", 0),
        "paid_minor": 0,
        "commission_hundredths": 0,
        "customer": None,
        "description": None,
        "metadata": {},
        "callback_url": None,
        "beneficiary": None,
        "portfolio_id": None,
        "estimate_id": None,
        "quote_id": None,
        "idempotency_key": f"history-{number}",
        "fingerprint": "0" * 64,
        "created_at": LONG_AGO,
    }
    return Order(**{**told, **facts})


_TABLES: dict[type, Table[Any]] = {
    ProjectCategory: catalogue.CATEGORIES,
    Project: catalogue.PROJECTS,
    CreditBatch: batches.BATCHES,
    Bundle: catalogue.BUNDLES,
    BundleProject: catalogue.BUNDLE_PROJECTS,
    Price: catalogue.PRICES,
    Portfolio: catalogue.PORTFOLIOS,
    PortfolioWeight: catalogue.WEIGHTS,
    Organisation: accounts.ORGANISATIONS,
    Account: accounts.ACCOUNTS,
    accounts.HeadRow: accounts.HEADS,
    Order: orders.ORDERS,
    Mail: mails.MAILS,
}
"""In the order in which rows may refer to rows."""


def forged(text: str) -> str:
    """The same but for its last character, which is another whatever it was."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


async def store(database: Database, *values: Any) -> None:
    """The values are rows, whatever their kinds and their order; an account brings its organisation and its head."""
    rows: list[Any] = [CATEGORY, *values]
    for account in (each for each in values if isinstance(each, Account)):
        rows += [
            Organisation(id=account.organisation_id, name=account.name, created_at=LONG_AGO),
            accounts.HeadRow(account.id, 0),
        ]
    async with database.transaction() as statements:
        for kind, table in _TABLES.items():
            await table.insert(statements, [row for row in rows if type(row) is kind])
        await serials.claim(statements, [row for row in rows if type(row) is CreditBatch])
