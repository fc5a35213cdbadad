"""Every verb that writes, by name: each mutation of the schema, the imports, the seller's commands, the workers' steps.

A verb acts on random things of one market, so that any two of them meet at the same accounts, orders, bundles and
batches. What has to come of it stands in the tests.
"""

import json
import random
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, TypeAlias
from uuid import UUID

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.catalogue import BundleProject, Mode
from service.domain.certificate import Interval
from service.domain.registry_evidence import written_credits
from service.domain.webhooks import Attempt
from service.errors import Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.expire_holds import expire_holds
from service.operations.fill_search_keys import fill_search_keys
from service.operations.import_catalogue import import_catalogue
from service.operations.import_orders import import_orders
from service.operations.issue_certificates import issue_certificates
from service.operations.manage_accounts import create_account, reinstate_account, suspend_account
from service.operations.match_backorders import match_backorders
from service.operations.queue_deliveries import queue_deliveries
from service.operations.queue_mails import queue_mails
from service.operations.read_mails import expire_mails
from service.operations.read_webhooks import expire_deliveries
from service.operations.record_key_uses import record_key_uses
from service.operations.record_registry_retirement import import_retirements
from service.operations.refresh_statistics import refresh_statistics
from service.operations.remind_invoices import remind_invoices
from service.operations.retire_orders import retire_orders
from service.operations.seal_events import seal_events
from service.operations.send_deliveries import Outcome, due_endpoints, lease_deliveries, mark_deliveries
from service.operations.send_mails import Answer, lease_mails, mark_mail
from service.operations.set_limits import set_limits
from service.operations.simulate_order import advance_test_orders
from service.storage import batches
from tests.api.graphql_api import GraphQLApi
from tests.makers import TONNE_G, make_batch, make_bundle, make_price, make_project, store
from tests.shop import Shop

DONE = "DONE"
PROJECTS, BUNDLES = 3, 4
_SELECTED = {
    "createOrder": "order { id }",
    "quoteBy": "quote { id }",
    "Estimate": "estimate { id }",
    "billOrders": "invoice { id }",
    "createClientAccount": "account { id }",
    "WebhookEndpoint": "webhookEndpoint { id }",
    "WebhookSecret": "webhookEndpoint { id }",
    "sendTestEvent": "webhookDelivery { id }",
    "replayDelivery": "webhookDelivery { id }",
    "CreditBatch": "creditBatch { id }",
    "createApiKey": "apiKey { id }",
    "recordRegistryRetirement": "registryRetirement { reference }",
}
_INPUTS = {
    "disableBundle": "SwitchBundleInput",
    "enableBundle": "SwitchBundleInput",
    "suspendAccount": "AccountRefInput",
    "reinstateAccount": "AccountRefInput",
    "deleteWebhookEndpoint": "WebhookEndpointRefInput",
    "rotateWebhookSecret": "WebhookEndpointRefInput",
    "sendTestEvent": "WebhookEndpointRefInput",
}
"""Inputs that several mutations share."""


@dataclass
class Market:
    """A parent with a client account and a test account of the same goods, seen by two services on one database."""

    shop: Shop
    services: tuple[GraphQLApi, ...]
    client: Account
    trial: Account
    keys: Mapping[str, str]
    bundles: list[Any]
    projects: list[Any]
    chance: random.Random
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    orders: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=24))
    quotes: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    estimates: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    invoices: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    hooks: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    deliveries: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    api_keys: deque[str] = field(default_factory=lambda: deque(maxlen=6))

    def key(self, name: str) -> str:
        return f"{name}-{next(self.numbers)}"

    def account_id(self, owner: str) -> str:
        found = {"parent": self.shop.account, "client": self.client, "trial": self.trial}[owner]
        return global_id("Account", found.id)

    def some_bundles(self) -> list[Any]:
        return self.chance.sample(self.bundles, self.chance.randint(2, BUNDLES))

    def mass(self) -> dict[str, str]:
        # Most orders are small; a large one leaves the queue something to wait for.
        grams = self.chance.choice([1_000, 20_000, 300_000, 5 * TONNE_G])
        return {"amount": str(grams + self.chance.randint(0, 999)), "unit": "GRAM"}

    def selection(self) -> list[dict[str, str]]:
        return [{"bundleId": global_id("Bundle", each.id)} for each in self.some_bundles()]

    def order(self, *owners: str) -> tuple[str, dict[str, str]]:
        """The owner and the reference of one of the last orders, or of none at all."""
        found = [each for each in self.orders if not owners or each[0] in owners]
        owner, order_id = self.chance.choice(found) if found else ("parent", global_id("Order", uuid7()))
        return owner, {"id": order_id}

    async def mutate(self, name: str, owner: str, /, **given: Any) -> str:
        """DONE, or the code of the refusal. What was made is remembered for later verbs."""
        selected = next((text for part, text in _SELECTED.items() if part in name), "")
        kind = _INPUTS.get(name) or f"{name[0].upper()}{name[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selected} userErrors {{ code }} }} }}"
        answer = (await self.chance.choice(self.services).ask(document, {"input": given}, key=self.keys[owner])).json()
        if "errors" in answer:
            return str(answer["errors"][0]["extensions"]["code"])
        payload = answer["data"][name]
        if payload["userErrors"]:
            return str(payload["userErrors"][0]["code"])
        if "order" in payload:
            self.orders.append((owner, payload["order"]["id"]))
        for kind, kept in (
            ("quote", self.quotes),
            ("estimate", self.estimates),
            ("invoice", self.invoices),
            ("webhookEndpoint", self.hooks),
            ("webhookDelivery", self.deliveries),
            ("apiKey", self.api_keys),
        ):
            if kind in payload:
                kept.append(payload[kind]["id"])
        return DONE


Verb: TypeAlias = Callable[[Market], Awaitable[str]]


async def create_order_by_mass(market: Market) -> str:
    owner = market.chance.choice(["parent", "parent", "client", "trial"])
    masses = [{"bundleId": each["bundleId"], "mass": market.mass()} for each in market.selection()]
    use = market.chance.choice(["NONE", "AVAILABLE"])
    key = market.key("order")
    return await market.mutate("createOrderByMass", owner, bundleMasses=masses, idempotencyKey=key, payWithBalance=use)


async def create_order_by_value(market: Market) -> str:
    owner = market.chance.choice(["parent", "client", "trial"])
    value = {"amount": str(market.chance.randint(1, 50)), "currency": "USD"}
    given = {"value": value, "selection": market.selection(), "idempotencyKey": market.key("value")}
    return await market.mutate("createOrderByValue", owner, **given)


def _kept(kept: deque[str], market: Market, kind: str) -> str:
    return market.chance.choice(kept) if kept else global_id(kind, uuid7())


async def create_order_by_estimate(market: Market) -> str:
    estimate = _kept(market.estimates, market, "Estimate")
    given = {"estimateId": estimate, "selection": market.selection(), "idempotencyKey": market.key("estimate")}
    return await market.mutate("createOrderByEstimate", "parent", **given)


async def create_order_from_quote(market: Market) -> str:
    quote = _kept(market.quotes, market, "Quote")
    return await market.mutate("createOrderFromQuote", "parent", quoteId=quote, idempotencyKey=market.key("quote"))


async def quote_by_mass(market: Market) -> str:
    mass = {"amount": str(market.chance.randint(1_000, 9_000)), "unit": "GRAM"}
    return await market.mutate("quoteByMass", "parent", mass=mass, selection=market.selection(), hold=True)


async def quote_by_value(market: Market) -> str:
    value = {"amount": str(market.chance.randint(1, 9)), "currency": "USD"}
    return await market.mutate("quoteByValue", "parent", value=value, selection=market.selection(), hold=True)


async def quote_by_estimate(market: Market) -> str:
    estimate = _kept(market.estimates, market, "Estimate")
    given = {"estimateId": estimate, "selection": market.selection(), "hold": True}
    return await market.mutate("quoteByEstimate", "parent", **given)


async def estimate(market: Market, name: str, facts: Mapping[str, Any]) -> str:
    key = market.chance.choice([None, market.key("estimate"), "the same"])
    return await market.mutate(name, "parent", idempotencyKey=key, **facts)


async def cancel_order(market: Market) -> str:
    owner, order = market.order()
    partly = market.chance.random() < 0.5
    return await market.mutate("cancelOrder", owner, order=order, onlyUnfulfilled=partly)


async def update_order(market: Market) -> str:
    owner, order = market.order()
    facts = {"customer": market.chance.choice([None, "Ann", "Bob"]), "metadata": {"seen": market.chance.choice("ab")}}
    return await market.mutate("updateOrder", owner, order=order, **facts)


async def cancel_orders(market: Market) -> str:
    owner, _ = market.order()
    orders = [market.order(owner)[1] for _ in range(4)]
    return await market.mutate("cancelOrders", owner, orders=orders, allOrNothing=False)


async def set_account_portfolio(market: Market) -> str:
    owner = market.chance.choice(["parent", "client", "trial"])
    return await market.mutate("setAccountPortfolio", owner, selection=market.selection())


async def create_client_account(market: Market) -> str:
    handle = f"client-{market.chance.randint(1, 20)}"
    return await market.mutate("createClientAccount", "parent", name=handle, handle=handle, currency="USD")


async def update_client_account(market: Market) -> str:
    given = {"name": market.key("Client"), "mayUseBalance": market.chance.random() < 0.5}
    return await market.mutate("updateClientAccount", "parent", id=market.account_id("client"), **given)


def _serials(market: Market) -> tuple[str, int]:
    """A series that others receive credits of too, and a number in it that is seldom taken."""
    return f"PAIR{market.chance.randint(1, 4)}-", market.chance.randint(1, 10**9)


async def receive_credit_batch(market: Market) -> str:
    prefix, start = _serials(market)
    project = market.chance.choice(market.projects)
    return await market.mutate(
        "receiveCreditBatch",
        "parent",
        reference=market.key("receipt"),
        projectId=global_id("Project", project.id),
        mode=market.chance.choice(["LIVE", "TEST"]),
        vintage=market.chance.randint(2018, 2022),
        mass={"amount": "2", "unit": "TONNE"},
        serialPrefix=prefix,
        serialStart=str(start),
    )


async def change_batch(market: Market, name: str, **facts: str) -> str:
    batches = [market.shop.old, market.shop.young, market.shop.deep]
    batch_id = global_id("CreditBatch", market.chance.choice(batches).id)
    return await market.mutate(name, "parent", creditBatchId=batch_id, **facts)


async def update_project(market: Market) -> str:
    project = global_id("Project", market.chance.choice(market.projects).id)
    category = f"Kind {market.chance.randint(0, 9)}"
    return await market.mutate("updateProject", "parent", projectId=project, category=category, name=category)


async def update_bundle(market: Market) -> str:
    bundle = global_id("Bundle", market.chance.choice(market.bundles).id)
    return await market.mutate("updateBundle", "parent", bundleId=bundle, name=market.key("Bundle"))


async def create_project(market: Market) -> str:
    slug = f"grown-{market.chance.randint(1, 30)}"
    facts = {"category": f"Kind {slug[-1]}", "type": "Planting", "country": "GBR", "registryName": "Own"}
    return await market.mutate("createProject", "parent", slug=slug, name=slug, description="Trees.", **facts)


async def create_bundle(market: Market) -> str:
    slug = f"grown-{market.chance.randint(1, 30)}"
    facts = {"offsetType": "CARBON_REMOVAL", "approach": "TRADITIONAL", "carbonPermanence": "SHORT_TERM"}
    projects = [global_id("Project", each.id) for each in market.projects]
    return await market.mutate(
        "createBundle", "parent", slug=slug, name=slug, description="Trees.", projectIds=projects, **facts
    )


async def set_price(market: Market) -> str:
    bundle = market.chance.choice(market.bundles)
    tiers = [{"minimumMass": {"amount": "0", "unit": "GRAM"}, "unitPrice": str(market.chance.randint(9, 12))}]
    return await market.mutate(
        "setPrice", "parent", bundleId=global_id("Bundle", bundle.id), currency="USD", tiers=tiers
    )


async def set_portfolio(market: Market) -> str:
    identifier = f"shared-{market.chance.randint(1, 3)}"
    given = {"label": market.key("label"), "selection": market.selection()}
    return await market.mutate("setPortfolio", "parent", identifier=identifier, **given)


async def switch_bundle(market: Market, name: str) -> str:
    bundle = market.bundles[-1]  # the others stay on sale
    return await market.mutate(name, "parent", bundleId=global_id("Bundle", bundle.id))


async def record_payment(market: Market) -> str:
    owner, order = market.order("parent", "client")
    given: dict[str, Any] = {"accountId": market.account_id(owner), "reference": market.key("wire")}
    paid = market.chance.random()
    if paid < 0.5:
        given["order"] = order
    elif paid < 0.8 and market.invoices:
        # Invoices are the parent's, whichever account the payment names.
        given["invoiceId"] = market.chance.choice(list(market.invoices))
    amount = {"amount": str(market.chance.randint(1, 90)), "currency": "USD"}
    return await market.mutate("recordPayment", "parent", amount=amount, **given)


async def bill_orders(market: Market) -> str:
    given: dict[str, Any] = {"accountId": market.account_id("parent"), "reference": market.key("bill")}
    if market.chance.random() < 0.5:
        given["currency"] = "USD"
        given["createdAt"] = {"gte": "2020-01-01T00:00:00Z", "lt": "2099-01-01T00:00:00Z"}
    else:
        given["orders"] = [market.order("parent")[1]]
    return await market.mutate("billOrders", "parent", **given)


async def settle_invoice(market: Market) -> str:
    invoice = _kept(market.invoices, market, "Invoice")
    return await market.mutate("settleInvoice", "parent", accountId=market.account_id("parent"), invoiceId=invoice)


async def on_order(market: Market, name: str) -> str:
    owner, order = market.order("parent", "client")
    return await market.mutate(name, "parent", accountId=market.account_id(owner), order=order)


async def switch_client(market: Market, name: str) -> str:
    """Suspend the client account or reinstate it, and leave it reinstated."""
    done = await market.mutate(name, "parent", accountId=market.account_id("client"))
    await market.mutate("reinstateAccount", "parent", accountId=market.account_id("client"))
    return done


async def create_api_key(market: Market) -> str:
    given = {"name": "ERP", "scopes": ["ORDERS_READ"]}
    key = f"key-{market.chance.randint(1, 20)}"  # few, so that two requests often have the same
    return await market.mutate("createApiKey", "parent", idempotencyKey=key, **given)


async def new_customer(market: Market) -> str:
    reference = f"customer-{market.chance.randint(1, 9)}"  # few, so that two requests often have the same
    portfolio = global_id("Portfolio", market.shop.account.portfolio_id)
    facts = {"name": reference, "currency": "USD", "portfolioId": portfolio}
    return await market.mutate("createAccount", "parent", reference=reference, **facts)


async def update_account(market: Market) -> str:
    facts = {"name": market.key("Client"), "commissionPercent": str(market.chance.randint(0, 9))}
    return await market.mutate("updateAccount", "parent", accountId=market.account_id("client"), **facts)


async def set_contacts(market: Market) -> str:
    kinds = ["INVOICE_DUE", "INVOICE_PAID", "ORDER_CONFIRMED"]
    contacts = [
        {"email": f"{number}@example.com", "name": market.key("Person"), "kinds": kinds}
        for number in range(market.chance.randint(0, 3))
    ]
    return await market.mutate("setContacts", market.chance.choice(["parent", "client"]), contacts=contacts)


def _logo(market: Market) -> str:
    """One of few pictures, so that two requests often have the same."""
    shape = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {market.chance.randint(1, 3)} 1"/>'
    return b64encode(shape.encode()).decode()


async def set_account_logo(market: Market) -> str:
    return await market.mutate("setAccountLogo", market.chance.choice(["parent", "client"]), logo=_logo(market))


async def in_parent(market: Market, name: str, **facts: Any) -> str:
    return await market.mutate(name, "parent", **facts)


async def revoke_api_key(market: Market) -> str:
    await create_api_key(market)
    return await market.mutate("revokeApiKey", "parent", id=_kept(market.api_keys, market, "ApiKey"))


async def revoke_document_links(market: Market) -> str:
    owner, order = market.order("parent", "client")
    return await market.mutate("revokeDocumentLinks", owner, id=market.chance.choice([None, order["id"]]))


async def set_account_limits(market: Market) -> str:
    limit = {"amount": str(10**10 + market.chance.randint(0, 9)), "currency": "USD"}
    return await market.mutate("setAccountLimits", "parent", accountId=market.account_id("parent"), creditLimit=limit)


async def update_seller(market: Market) -> str:
    facts = {"legalName": market.key("Seller"), "logo": _logo(market)}
    return await market.mutate("updateSeller", "parent", country="GB", **facts)


async def on_parent(market: Market, name: str, **facts: str) -> str:
    return await market.mutate(name, "parent", accountId=market.account_id("parent"), **facts)


async def simulate_order(market: Market) -> str:
    outcome = market.chance.choice(["PAY", "RUN_SHORT", "FULFIL", "RETIRE", "COMPLETE", "FAIL", "REFUND"])
    return await market.mutate("simulateOrder", "trial", order=market.order("trial")[1], outcome=outcome)


async def create_webhook_endpoint(market: Market) -> str:
    url = f"https://receiver.example/{market.key('hook')}"
    return await market.mutate("createWebhookEndpoint", "parent", url=url)


async def on_hook(market: Market, name: str, **facts: Any) -> str:
    return await market.mutate(name, "parent", id=_kept(market.hooks, market, "WebhookEndpoint"), **facts)


async def delete_webhook_endpoint(market: Market) -> str:
    """Delete a webhook endpoint and make another one, so that there is always one."""
    done = await on_hook(market, "deleteWebhookEndpoint")
    await create_webhook_endpoint(market)
    return done


async def replay_delivery(market: Market) -> str:
    return await market.mutate("replayDelivery", "parent", id=_kept(market.deliveries, market, "WebhookDelivery"))


async def replay_events(market: Market) -> str:
    hook = _kept(market.hooks, market, "WebhookEndpoint")
    since = (system_clock() - timedelta(minutes=1)).isoformat()
    return await market.mutate("replayEvents", "parent", webhookEndpointId=hook, since=since)


async def expire_old_deliveries(market: Market) -> str:
    """Delete deliveries of more than two seconds ago."""
    resources = market.shop.resources
    kept = replace(resources.webhooks, kept=timedelta(seconds=2))
    return DONE if await expire_deliveries(replace(resources, webhooks=kept)) else "NOTHING"


async def queue_and_send(market: Market) -> str:
    """Queue the events, and store that every receiver that is due cannot be reached."""
    resources = market.shop.resources
    await queue_deliveries(resources)
    for endpoint in await due_endpoints(resources):
        for delivery in await lease_deliveries(resources, endpoint, 2):
            attempt = Attempt(at=resources.clock(), status=None, latency_ms=1, error="host not found", excerpt=None)
            await mark_deliveries(resources, endpoint, [Outcome([delivery], attempt)], market.chance.random)
    return DONE


async def advance(market: Market) -> str:
    """Complete a test order that came through the Lune API."""
    headers = {"authorization": f"Bearer {market.keys['trial']}"}
    body = {"mass": {"amount": "1", "unit": "kg"}}
    answer = await market.services[0].client.post("/lune/v1/orders/by-mass", json=body, headers=headers)
    done = await step(market, advance_test_orders, after_ms=0)
    return done if answer.is_success else str(answer.json()["error"]["error_code"])


async def _entry_facts(market: Market) -> dict[str, str]:
    """Facts of an entry of credits that are retired, often of the same ones that others record."""
    rows = await market.shop.database.reader.fetch(
        "SELECT batch_id, start_g FROM retirements ORDER BY batch_id, start_g"
    )
    if not rows:
        return {"batch": str(uuid7()), "serial": "PAIR1-1"}
    row = market.chance.choice(rows)
    batch = (await batches.of_any_mode(market.shop.database.reader, [row["batch_id"]]))[row["batch_id"]]
    part = Interval(row["start_g"], row["start_g"] + 1)
    (serial,) = written_credits(batch, [part])
    return {"batch": str(batch.id), "serial": serial}


async def record_registry_retirement(market: Market) -> str:
    facts = await _entry_facts(market)
    return await market.mutate(
        "recordRegistryRetirement",
        "parent",
        reference=f"entry-{market.chance.randint(1, 30)}",  # few, so that two requests often have the same
        creditBatchId=global_id("CreditBatch", UUID(facts["batch"])),
        retiredOn="2026-01-02",
        firstSerial=facts["serial"],
        lastSerial=facts["serial"],
    )


async def import_entries(market: Market) -> str:
    facts = await _entry_facts(market)
    row = {
        "reference": f"entry-{market.chance.randint(1, 30)}",
        "batch": facts["batch"],
        "retired_on": "2026-01-02",
        "first_serial": facts["serial"],
        "last_serial": facts["serial"],
    }
    done = await import_retirements(market.shop.resources, json.dumps([row]), is_csv=False)
    return done.faults[0].message if done.faults else DONE


async def import_the_catalogue(market: Market) -> str:
    """Rows of every kind, in any order: of new goods, and of goods that others change."""
    rows: list[dict[str, str]] = []
    bundles = market.some_bundles()
    for number in market.chance.sample(range(1, 30), 2):
        slug, prefix_start = f"grown-{number}", _serials(market)
        rows += [
            {
                "record": "project", "slug": slug, "name": slug, "category": f"Kind {slug[-1]}",
                "project_type": "Planting", "country": "GBR", "registry": "Own", "description": "Trees.",
            },
            {
                "record": "batch", "reference": market.key("import"),
                "project": market.chance.choice(market.projects).slug,
                "mode": market.chance.choice(["live", "test"]), "vintage": "2020", "tonnes": "1",
                "serial_prefix": prefix_start[0], "serial_start": str(prefix_start[1]),
            },
            {
                "record": "bundle", "slug": slug, "name": slug, "description": "Trees.",
                "offset_type": "carbon_removal", "approach": "traditional", "carbon_permanence": "short_term",
                "projects": ";".join(each.slug for each in market.projects),
            },
            {
                "record": "weight", "portfolio": f"shared-{1 + number % 3}", "label": "Shared",
                "bundle": market.bundles[0].slug, "percent": "100",
            },
        ]  # fmt: skip
    rows += [
        {
            "record": "price", "bundle": each.slug, "currency": "USD", "from_tonnes": "0",
            "price": str(market.chance.randint(9, 12)),
        }
        for each in bundles
    ]  # fmt: skip
    market.chance.shuffle(rows)
    done = await import_catalogue(market.shop.resources, json.dumps(rows), is_csv=False)
    return done.faults[0].message if done.faults else DONE


async def import_history(market: Market) -> str:
    account = market.chance.choice([market.shop.account, market.client])
    facts = {"vcuAmount": "2", "vcuUnitPrice": "7.5", "targetCurrency": "USD", "createdAt": "2021-10-20T20:39:35Z"}
    items = [{"id": str(uuid7()), "status": market.chance.choice(["Issued", "Paid"]), **facts} for _ in range(3)]
    await import_orders(market.shop.resources, account.id, json.dumps(items))
    return DONE


async def suspend(market: Market) -> str:
    await suspend_account(market.shop.resources, market.client.id)
    await reinstate_account(market.shop.resources, market.client.id)
    return DONE


async def limit(market: Market) -> str:
    credit = ("USD", 10**12 + market.chance.randint(0, 9))
    await set_limits(market.shop.resources, market.shop.account.id, credit=credit, holds={"hold_percent_max": 100})
    return DONE


async def open_account(market: Market) -> str:
    await create_account(
        market.shop.resources, name=market.key("Firm"), contract="graphql", currency="USD", portfolio="mix"
    )
    return DONE


async def fill_keys(market: Market) -> str:
    """As after an update of a database whose accounts have no search keys yet."""
    for account in (market.client, market.trial):
        await market.shop.execute("UPDATE accounts SET name_key = NULL WHERE id = $1", account.id)
    return await step(market, fill_search_keys)


async def step(market: Market, run: Callable[..., Awaitable[int]], **options: Any) -> str:
    return DONE if await run(market.shop.resources, **options) else "NOTHING TO DO"


async def record_uses(market: Market) -> str:
    """Store uses of all keys, each a minute or more after the last ones."""
    resources = market.shop.resources
    at = resources.clock() + timedelta(minutes=next(market.numbers))
    for text in market.keys.values():
        resources.key_uses.note(text.split("_")[2], at)
    return await step(market, record_key_uses)


async def refresh(market: Market) -> str:
    """Refresh the statistics, a step that never says to have more to do."""
    await refresh_statistics(market.shop.resources)
    return DONE


MUTATIONS: dict[str, Verb] = {
    "createOrderByMass": create_order_by_mass,
    "createOrderByValue": create_order_by_value,
    "createOrderByEstimate": create_order_by_estimate,
    "createOrderFromQuote": create_order_from_quote,
    "quoteByMass": quote_by_mass,
    "quoteByValue": quote_by_value,
    "quoteByEstimate": quote_by_estimate,
    "createMassEstimate": partial(
        estimate, name="createMassEstimate", facts={"mass": {"amount": "3", "unit": "KILOGRAM"}}
    ),
    "createElectricityEstimate": partial(
        estimate, name="createElectricityEstimate", facts={"amount": "9", "unit": "KILOWATT_HOUR", "country": "GBR"}
    ),
    "createFlightEstimate": partial(
        estimate,
        name="createFlightEstimate",
        facts={"route": {"distance": {"amount": "100", "unit": "KILOMETRE"}}},
    ),
    "createAirFreightEstimate": partial(
        estimate, name="createAirFreightEstimate", facts={"freightMassKg": "9", "distanceKm": "900"}
    ),
    "createGroundTransportEstimate": partial(
        estimate, name="createGroundTransportEstimate", facts={"distanceKm": "30", "vehicleType": "SMALL_BUS"}
    ),
    "cancelOrder": cancel_order,
    "cancelOrders": cancel_orders,
    "updateOrder": update_order,
    "setAccountPortfolio": set_account_portfolio,
    "createClientAccount": create_client_account,
    "updateClientAccount": update_client_account,
    "receiveCreditBatch": receive_credit_batch,
    "withdrawCreditBatch": partial(change_batch, name="withdrawCreditBatch", reason="Under review."),
    "reinstateCreditBatch": partial(change_batch, name="reinstateCreditBatch"),
    "updateProject": update_project,
    "updateBundle": update_bundle,
    "createProject": create_project,
    "createBundle": create_bundle,
    "setPrice": set_price,
    "setPortfolio": set_portfolio,
    "disableBundle": partial(switch_bundle, name="disableBundle"),
    "enableBundle": partial(switch_bundle, name="enableBundle"),
    "recordPayment": record_payment,
    "billOrders": bill_orders,
    "settleInvoice": settle_invoice,
    "refundOrder": partial(on_order, name="refundOrder"),
    "failOrder": partial(on_order, name="failOrder"),
    "retireOrder": partial(on_order, name="retireOrder"),
    "simulateOrder": simulate_order,
    "suspendAccount": partial(switch_client, name="suspendAccount"),
    "reinstateAccount": partial(switch_client, name="reinstateAccount"),
    "createAccount": new_customer,
    "updateAccount": update_account,
    "setContacts": set_contacts,
    "setAccountLogo": set_account_logo,
    "createAccessToken": partial(in_parent, name="createAccessToken", scopes=["ORDERS_READ"]),
    "createApiKey": create_api_key,
    "revokeApiKey": revoke_api_key,
    "revokeDocumentLinks": revoke_document_links,
    "setAccountLimits": set_account_limits,
    "updateSeller": update_seller,
    "recordRegistryRetirement": record_registry_retirement,
    "updateBillingDetails": partial(on_parent, name="updateBillingDetails", legalName="Parent Ltd", country="GB"),
    "createWebhookEndpoint": create_webhook_endpoint,
    "updateWebhookEndpoint": partial(on_hook, name="updateWebhookEndpoint", eventTypes=["order.placed"]),
    "deleteWebhookEndpoint": delete_webhook_endpoint,
    "rotateWebhookSecret": partial(on_hook, name="rotateWebhookSecret"),
    "sendTestEvent": partial(on_hook, name="sendTestEvent"),
    "replayDelivery": replay_delivery,
    "replayEvents": replay_events,
    "setTaxProfile": partial(on_parent, name="setTaxProfile", validFrom="2027-01-01", category="STANDARD", rate="20"),
}


async def send_mails(market: Market) -> str:
    """Queue mails, and store that the mail server takes each second one and refuses the others."""
    resources = market.shop.resources
    done = await queue_mails(resources)
    leased = await lease_mails(resources)
    for number, mail in enumerate(leased):
        answer = Answer() if number % 2 else Answer("451 busy")
        await mark_mail(resources, mail, answer, market.chance.random)
    return DONE if done + len(leased) else "NOTHING"


STEPS: dict[str, Verb] = {
    "expire_holds": partial(step, run=expire_holds),
    "match_backorders": partial(step, run=match_backorders),
    "retire_orders": partial(step, run=retire_orders, after_ms=0, unpaid=False),
    "issue_certificates": partial(step, run=issue_certificates, public_address="https://orders.test"),
    "advance_test_orders": advance,
    "fill_search_keys": fill_keys,
    "refresh_statistics": refresh,
    "expire_deliveries": expire_old_deliveries,
    "remind_invoices": partial(step, run=remind_invoices, before=timedelta(days=365)),
    "expire_mails": partial(step, run=expire_mails, kept=timedelta(seconds=2)),
    "seal_events": partial(step, run=seal_events),
    "send_mails": send_mails,
    "send_webhooks": queue_and_send,
    "record_key_uses": record_uses,
}
COMMANDS: dict[str, Verb] = {
    "import catalogue": import_the_catalogue,
    "import orders": import_history,
    "import retirements": import_entries,
    "account suspend": suspend,
    "account limit": limit,
    "account create": open_account,
}
VERBS = MUTATIONS | STEPS | COMMANDS


async def attempt(market: Market, name: str) -> str:
    """How the verb ended: DONE, or why it was refused."""
    try:
        return await VERBS[name](market)
    except Refused as refusal:
        return str(refusal.code)


async def open_market(shop: Shop, *services: GraphQLApi, seed: int) -> Market:
    """Goods of four bundles that share three projects, with live and test credits, and the keys of three accounts."""
    projects = [make_project(slug=f"wood-{number}") for number in range(PROJECTS)]
    bundles = [make_bundle(slug=f"woods-{number}") for number in range(BUNDLES)]
    stock = [
        make_batch(project, 2 * TONNE_G, mode=mode, vintage=vintage)
        for project in projects
        for mode in Mode
        for vintage in (2019, 2021)
    ]
    client = await shop.another_account(parent_account_id=shop.account.id)
    trial = await shop.another_account(mode=Mode.TEST)
    await store(
        shop.database,
        *(*projects, *bundles, *stock, *(make_price(bundle, "10") for bundle in bundles)),
        *(
            BundleProject(bundle.id, projects[(number + step) % PROJECTS].id)
            for number, bundle in enumerate(bundles)
            for step in range(2)
        ),
    )
    owners = {"parent": shop.account, "client": client, "trial": trial}
    keys = {name: await services[0].new_key(account=account) for name, account in owners.items()}
    return Market(shop, services, client, trial, keys, bundles, projects, random.Random(seed))
