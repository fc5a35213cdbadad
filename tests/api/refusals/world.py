"""The shop in which every refusal is provoked, with objects in the states that refusals are about.

`ids` gives the id of each object in the form of one API; the tables of cases name objects as `$name`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.catalogue import BundleProject, Mode
from service.domain.estimate import Electricity, EnergyUnit, PlainMass
from service.domain.listing import OrderRef
from service.domain.order import ByMass, FromQuote, OrderRequest
from service.domain.recorded_estimate import CreateEstimate
from service.domain.registry_evidence import StatedRetirement
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.sustainability_pages import PageSection, PageStatus, PageTitle
from service.domain.webhooks import WebhookFormat
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.fail_order import fail_order
from service.operations.manage_account_keys import create_account_key
from service.operations.manage_accounts import create_account
from service.operations.manage_catalogue import create_bundle
from service.operations.manage_clients import create_client
from service.operations.manage_webhooks import create_endpoint
from service.operations.quote_order import quote_order
from service.operations.receive_batch import receive_batch
from service.operations.record_payment import record_payment
from service.operations.record_registry_retirement import record_registry_retirement
from service.operations.replay_webhooks import send_test_event
from service.operations.retire_orders import retire_order
from service.operations.set_limits import set_limits
from service.operations.set_sustainability_page import WantedPage, create_sustainability_page
from service.storage.database import Database
from tests.makers import TONNE_G, make_batch, make_bundle, make_caller, make_portfolio, make_price, make_project, store
from tests.shop import Shop, open_shop

LEFT_OUT = object()
"""A member that a case leaves out of the complete request."""

DAY_MS = 86_400_000
PAGE = WantedPage(
    slug="trees",
    status=PageStatus.ENABLED,
    title=PageTitle.BY_VOLUME,
    description=None,
    custom_description=None,
    sections=[PageSection.BUNDLES_BREAKDOWN, PageSection.CERTIFICATES],
)
"""The page of a client account, and of the test account."""
UNSHOWN = "Acme \u13e3\u13b3\u13a9"
"""A name with Cherokee letters, which no font shows."""


@dataclass
class World:
    """The shop with its objects: each name stands for a type and an id."""

    shop: Shop
    named: dict[str, tuple[str, UUID]]
    test_account: Account

    def ids(self, spell: Callable[[str, UUID], str]) -> dict[str, str]:
        """Return the ids as an API writes them."""
        return {name: spell(kind, each) for name, (kind, each) in self.named.items()}


def filled(given: Any, ids: Mapping[str, str]) -> Any:
    """Return the request with the ids of its objects, and without the members that are left out."""
    if isinstance(given, dict):
        return {name: filled(value, ids) for name, value in given.items() if value is not LEFT_OUT}
    if isinstance(given, list):
        return [filled(value, ids) for value in given]
    return ids[given[1:]] if isinstance(given, str) and given.startswith("$") else given


async def open_world(database: Database, **account: Any) -> World:
    """Return a shop with objects of every state, in which a complete request of each kind is accepted."""
    shop = await open_shop(database, **account)
    caller = shop.caller
    disabled, gold, cheap, bulk, unpriced = (
        make_bundle(name=name) for name in ("Disabled", "Gold", "Cheap", "Bulk", "Unpriced")
    )
    odd = make_project(slug="odd", registry_name="A registry of its own")
    empty = make_bundle(name="Empty")
    stale, *stale_weights = make_portfolio({disabled.id: 10_000}, identifier="stale")
    unpriced_mix, *unpriced_weights = make_portfolio({unpriced.id: 10_000}, identifier="unpriced")
    riyal_gold, riyal_cheap = (make_portfolio({each.id: 10_000}) for each in (gold, cheap))
    test_account = await shop.another_account(mode=Mode.TEST)
    await store(
        database,
        *(disabled, gold, cheap, bulk, unpriced, odd, empty, stale, unpriced_mix, *stale_weights, *unpriced_weights),
        *(BundleProject(each.id, shop.forest_project.id) for each in (disabled, gold, cheap, bulk, unpriced)),
        *(make_price(each, "5") for each in (disabled, empty)),
        *(make_price(gold, "100000000"), make_price(cheap, "0.000001"), make_price(bulk, "10", minimum_mass_g=TONNE_G)),
        *(
            make_price(shop.ocean, "900", "SAR"),
            make_price(gold, "100000000", "SAR"),
            make_price(cheap, "0.000001", "SAR"),
        ),
        *(*riyal_gold, *riyal_cheap),
    )
    await shop.execute("UPDATE bundles SET disabled_at = created_at WHERE name = 'Disabled'")
    named = {
        "account": ("Account", shop.account.id),
        "forest": ("Bundle", shop.forest.id),
        "ocean": ("Bundle", shop.ocean.id),
        "disabled": ("Bundle", disabled.id),
        "gold": ("Bundle", gold.id),
        "cheap": ("Bundle", cheap.id),
        "bulk": ("Bundle", bulk.id),
        "unpriced": ("Bundle", unpriced.id),
        "mix": ("Portfolio", shop.account.portfolio_id),
        "stale": ("Portfolio", stale.id),
        "unpriced_mix": ("Portfolio", unpriced_mix.id),
        "riyal_gold": ("Portfolio", riyal_gold[0].id),
        "riyal_cheap": ("Portfolio", riyal_cheap[0].id),
        "project": ("Project", shop.forest_project.id),
        "odd_project": ("Project", odd.id),
        **{f"no_{kind.lower()}": (kind, UUID(int=7)) for kind in ABSENT},
    }
    named |= await _orders(shop)
    named |= await _quotes_and_estimates(shop)
    for handle, name in (("known", "client"), ("other", "other_client")):
        client = await create_client(shop.resources, caller, name=name, currency="USD", handle=handle)
        named[name] = ("Account", client.id)
        if name == "client":
            await create_sustainability_page(shop.resources, make_caller(client), PAGE)
    await create_sustainability_page(shop.resources, make_caller(test_account), PAGE)
    await create_bundle(
        shop.resources,
        caller,
        project_ids=[shop.forest_project.id],
        slug="known",
        name="N",
        description="D",
        offset_type="carbon_removal",
        approach="traditional",
        carbon_permanence="short_term",
        primary_image_url=None,
        background_colour=None,
    )
    known = await receive_batch(
        shop.resources,
        caller,
        project_id=shop.forest_project.id,
        reference="known",
        mode=Mode.LIVE,
        vintage=2020,
        issued_g=TONNE_G,
        stated=StatedSerials(serial_form=SerialForm.PLAIN, serial_range="VCS-KNOWN-1-1"),
    )
    named["known_batch"] = ("CreditBatch", known.id)
    named |= await _test_orders(shop, test_account, empty.id)
    named |= await _retired_orders(shop)
    named["test_account"] = ("Account", test_account.id)
    if shop.account.mode is Mode.LIVE:
        await set_limits(shop.resources, shop.account.id, credit=("USD", 10**7))
        await set_limits(shop.resources, shop.account.id, credit=("SAR", 10**7))
    hook = await create_endpoint(shop.resources, caller, url="https://receiver.example/hook")
    named["hook"] = ("WebhookEndpoint", hook.endpoint.id)
    delivery = await send_test_event(shop.resources, caller, hook.endpoint.id)
    named["delivery"] = ("WebhookDelivery", delivery.id)
    old_hook = await create_endpoint(shop.resources, caller, url="https://receiver.example/old")
    named["old_hook"] = ("WebhookEndpoint", old_hook.endpoint.id)
    lune_hook = await create_endpoint(
        shop.resources, caller, url="https://receiver.example/lune", format=WebhookFormat.LUNE
    )
    named["lune_hook"] = ("WebhookEndpoint", lune_hook.endpoint.id)
    await create_account(
        shop.resources,
        name="Orrin Mills",
        contract="graphql",
        currency="USD",
        portfolio=str(shop.account.portfolio_id),
        reference="known",
    )
    named["key"] = ("ApiKey", await _key(shop, "known"))
    return World(shop, named, test_account)


ABSENT = (
    *("Bundle", "Portfolio", "Project", "CreditBatch", "Order", "Quote", "Estimate", "Account", "Invoice"),
    *("WebhookEndpoint", "WebhookDelivery"),
)


async def _orders(shop: Shop) -> dict[str, tuple[str, UUID]]:
    order, failed, cancelled, paid, billed = [
        await shop.place(idempotency_key=key) for key in ("used", "failed", "cancelled", "to-pay", "to-bill")
    ]
    await shop.place(OrderRequest(ask=ByMass(TONNE_G)), idempotency_key="tonne")
    in_riyals, failed_in_riyals = [await shop.place(OrderRequest(ask=ByMass(1_000), currency="SAR")) for _ in range(2)]
    await fail_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=failed_in_riyals.id))
    await fail_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=failed.id))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=cancelled.id)])
    await record_payment(
        shop.resources,
        shop.caller,
        shop.account.id,
        "paid",
        Money(paid.total_cost_minor, paid.currency),
        OrderRef(id=paid.id),
    )
    bill = await bill_orders(shop.resources, shop.caller, shop.account.id, "billed", [OrderRef(id=billed.id)])
    found = {
        "order": order,
        "failed": failed,
        "cancelled": cancelled,
        "paid": paid,
        "billed": billed,
        "in_riyals": in_riyals,
        "failed_in_riyals": failed_in_riyals,
    }
    return {name: ("Order", each.id) for name, each in found.items()} | {"bill": ("Invoice", bill.invoice.id)}


async def _quotes_and_estimates(shop: Shop) -> dict[str, tuple[str, UUID]]:
    named: dict[str, tuple[str, UUID]] = {}
    for name in ("quote", "used_quote", "expired_quote"):
        quoted = await quote_order(shop.resources, shop.caller, OrderRequest(ask=ByMass(1_000)), valid_ms=DAY_MS)
        named[name] = ("Quote", quoted.quote.id)
    await shop.place(FromQuote(named["used_quote"][1]))
    await shop.execute("UPDATE quotes SET expires_at = created_at WHERE id = $1", named["expired_quote"][1])
    for name in ("estimate", "used_estimate", "electricity"):
        command = CreateEstimate(
            estimate_id=shop.resources.new_id(),
            activity=Electricity(Fraction(1), EnergyUnit.MEGAWATT_HOUR) if name == "electricity" else PlainMass(1_000),
            told={},
            name=None,
            metadata=None,
            idempotency_key="estimated" if name == "estimate" else None,
        )
        recorded = await create_estimate(shop.resources, shop.caller, command)
        named[name] = ("Estimate", recorded.estimate.id)
    await shop.place(OrderRequest(ask=ByMass(1_000, named["used_estimate"][1])))
    return named


async def _test_orders(shop: Shop, account: Account, empty_id: UUID) -> dict[str, tuple[str, UUID]]:
    theirs = replace(shop, account=account)
    cancelled = await theirs.place()
    await cancel_orders(shop.resources, make_caller(account), [OrderRef(id=cancelled.id)])
    weights = make_portfolio({empty_id: 10_000})
    await store(shop.database, *weights)
    without = await theirs.place(OrderRequest(ask=ByMass(1_000), portfolio_id=weights[0].id))
    return {"test_cancelled": ("Order", cancelled.id), "test_without_project": ("Order", without.id)}


async def _retired_orders(shop: Shop) -> dict[str, tuple[str, UUID]]:
    """Return two retired orders, a corrected entry and its correction for one of them, and a batch without serials."""
    named: dict[str, tuple[str, UUID]] = {"old_batch": ("CreditBatch", shop.old.id)}
    named["young_batch"] = ("CreditBatch", shop.young.id)
    unnumbered = make_batch(
        shop.forest_project, TONNE_G, vintage=2022, serial_form=SerialForm.NONE, registry_reference="iss_1"
    )
    await store(shop.database, unnumbered)
    named["unnumbered_batch"] = ("CreditBatch", unnumbered.id)
    for name in ("retired", "retired_too"):
        order = await shop.place()
        await retire_order(shop.resources, shop.account.id, order.id, keep=0, actor="test")
        named[name] = ("Order", order.id)
    for reference, corrects in (("wrong-entry", None), ("known-entry", "wrong-entry")):
        await record_registry_retirement(
            shop.resources,
            shop.caller,
            shop.old.id,
            StatedRetirement(
                reference=reference,
                retired_on=date(2026, 1, 2),
                serial_range="VCS-OLD-1 to VCS-OLD-1",
                corrects=corrects,
            ),
            account_id=shop.account.id,
            order=OrderRef(id=named["retired_too"][1]),
        )
    return named


async def _key(shop: Shop, idempotency_key: str) -> UUID:
    created = await create_account_key(
        shop.resources,
        shop.caller,
        idempotency_key=idempotency_key,
        name="ERP",
        scopes=[Scope.ACCOUNT_MANAGE],
        pepper=b"pepper",
    )
    return created.key.id


def as_global(kind: str, each: UUID) -> str:
    """Return the id as GraphQL writes it."""
    return global_id(kind, each)
