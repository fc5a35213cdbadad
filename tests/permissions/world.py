"""The database that the permission tests fill once, the identities that ask, and the application that answers them.

Objects of three owners: `account` (a customer), `client` (its client account) and everybody (the catalogue). The other
accounts own nothing, so that anything that they are shown of the three is shown by mistake.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from service.api.graphql.types.node import global_id
from service.app import create_app
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.api_keys import Scope, id_of_uuid, uuid_of_id
from service.domain.catalogue import Mode, Weight
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, ByMass, OrderRequest
from service.domain.recorded_estimate import CreateEstimate
from service.kit.keyset import PageRequest
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.fail_order import fail_order
from service.operations.issue_certificates import issue_certificate
from service.operations.manage_account_keys import revoke_account_key
from service.operations.manage_keys import create_key
from service.operations.quote_order import quote_order
from service.operations.read_money import list_journals
from service.operations.record_payment import record_payment
from service.operations.retire_orders import retire_order
from service.operations.set_account_portfolio import set_account_portfolio
from service.settings import Settings
from service.storage import accounts
from service.storage.database import Database
from tests.api.graphql_api import PEPPER, started
from tests.api.refusals.world import DAY_MS, World, open_world
from tests.makers import LONG_AGO, TONNE_G, make_batch, make_caller, make_mail, make_price, store

ADDRESS = "http://service.test"
CUSTOMER = frozenset(Scope) - {Scope.OPERATOR}
PLENTY = 10**9

MONEY = "money"
"""Held by identities that may read balance, ledger, payments and invoices: all but a client account's own key."""
PARENT = "parent"
"""Held by identities whose account may have client accounts."""
ALTERNATIVES = frozenset({"orders:write|account:manage", "account:manage|operator"})
"""Permissions that each of two scopes gives."""


def held_by(scopes: Iterable[str]) -> frozenset[str]:
    """Return all that a key with the scopes may do: the scopes, and the alternatives of which it has one."""
    return frozenset(scopes) | {each for each in ALTERNATIVES if set(each.split("|")) & set(scopes)}


@dataclass(frozen=True)
class Identity:
    """A key, the account that it selects, and all that it may do: its scopes, `MONEY` and `PARENT`."""

    name: str
    key: str = field(repr=False)
    holds: frozenset[str]
    selected: UUID | None = None
    owner: str = "account"
    """Owner of the objects that this identity names in its requests."""

    scheme: str = "Bearer "

    @property
    def headers(self) -> dict[str, str]:
        """Return the header with the key, of requests to every API."""
        return {"authorization": self.scheme + self.key} if self.key else {}

    @property
    def graphql_headers(self) -> dict[str, str]:
        chosen = {} if self.selected is None else {"account-id": global_id("Account", self.selected)}
        return {**self.headers, **chosen}

    @property
    def lune_headers(self) -> dict[str, str]:
        chosen = {} if self.selected is None else {"lune-account": self.selected.hex}
        return {**self.headers, **chosen}


class Watch:
    """Tells if anything was committed to an SQLite file by another connection."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite://"))

    def version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        self._connection.close()


@dataclass
class Stage:
    """The running application, the objects by name, and the identities by name."""

    world: World
    http: httpx.AsyncClient
    watch: Watch
    accounts: dict[str, Account]
    identities: dict[str, Identity] = field(default_factory=dict)
    nobodies: list[Identity] = field(default_factory=list)
    """Identities that no valid key stands behind."""

    @property
    def named(self) -> dict[str, tuple[str, UUID]]:
        return self.world.named

    def id_of(self, name: str, owner: str = "account") -> UUID:
        """Return the id of the object; `$order` of the owner `client` is the client's, if it has one."""
        return self.named.get(f"{owner}'s {name}", self.named.get(name, ("", UUID(int=7))))[1]

    def global_ids(self, owner: str = "account") -> Mapping[str, str]:
        return {name: global_id(kind, self.id_of(name, owner)) for name, (kind, _) in self.named.items()}

    async def graphql(self, document: str, headers: Mapping[str, str], variables: Any = None) -> httpx.Response:
        body = {"query": document, "variables": variables}
        return await self.send("POST", "/graphql", json=body, headers=dict(headers))

    async def send(self, method: str, address: str, **options: Any) -> httpx.Response:
        """Return the answer. On a busy machine the service may take its database for unreachable: ask again later."""
        async with asyncio.timeout(60):
            while True:
                answer = await self.http.request(method, address, **options)
                if answer.status_code != 503 and '"code":"UNAVAILABLE"' not in answer.text:
                    return answer
                await asyncio.sleep(0.2)


def own_keys(stage: Stage) -> list[Identity]:
    """Return the identities of the customer's own keys, one with each set of scopes."""
    return [each for each in stage.identities.values() if set(each.name.split("+")) <= set(Scope)]


async def fill(database: Database) -> tuple[World, dict[str, Account]]:
    """Return the objects and the accounts. Whatever the tests name is in `world.named`."""
    world = await open_world(database)
    shop = world.shop
    resources, caller = shop.resources, shop.caller
    trial_batch = make_batch(shop.forest_project, 3 * TONNE_G, mode=Mode.TEST, serial_prefix="T-")
    await store(database, trial_batch, make_price(shop.forest, "60", "BRL"), make_price(shop.ocean, "90", "BRL"))
    client = await accounts.account(database.reader, world.named["client"][1])
    sibling = await accounts.account(database.reader, world.named["other_client"][1])
    assert client is not None
    assert sibling is not None
    suspended = await shop.another_account(suspended_at=LONG_AGO)
    found = {
        "account": shop.account,
        "client": client,
        "sibling": sibling,
        "stranger": await shop.another_account(),
        "twin": await shop.another_account(mode=Mode.TEST, organisation_id=shop.account.organisation_id),
        "seller": await shop.another_account(),
        "suspended": suspended,
        "client-of-suspended": await shop.another_account(parent_account_id=suspended.id),
    }
    paid = await record_payment(resources, caller, shop.account.id, "top-up", Money(90_000, "USD"), None)
    (credit_note_id,) = await _credit_notes(world, database)
    complete = await shop.place(OrderRequest(ask=ByMass(4_000)), idempotency_key="complete", **_PAID)
    await record_payment(
        resources, caller, shop.account.id, "for an order", Money(100, "USD"), OrderRef(id=complete.id)
    )
    await retire_order(resources, shop.account.id, complete.id, keep=0, actor="worker")
    await issue_certificate(resources, shop.account.id, complete.id, public_address=ADDRESS)
    holding = await quote_order(resources, caller, OrderRequest(ask=ByMass(2_000)), valid_ms=DAY_MS, hold=True)
    journals = await list_journals(resources, caller, PageRequest(100))
    mail = make_mail(shop.account.id)
    await store(database, mail)
    invoice_id = (await database.reader.fetch("SELECT id FROM invoices WHERE reference = 'billed'"))[0]["id"]
    world.named |= {
        "complete": ("Order", complete.id),
        "certificate": ("Certificate", complete.id),
        "line": ("InvoiceLine", world.named["billed"][1]),
        "holding": ("Quote", holding.quote.id),
        "payment": ("Payment", paid.payment.id),
        "invoice": ("Invoice", UUID(str(invoice_id))),
        "credit_note": ("CreditNote", credit_note_id),
        "journal": ("Journal", journals.items[0].id),
        "mail": ("Mail", mail.id),
        "live_batch": ("CreditBatch", shop.young.id),
        "test_batch": ("CreditBatch", trial_batch.id),
        "stranger": ("Account", found["stranger"].id),
    }
    await revoke_account_key(resources, caller, id_of_uuid(world.named["key"][1]))
    world.named |= await _of_client(world, client)
    own = await set_account_portfolio(resources, caller, (Weight(shop.forest.id, 10_000),))
    world.named["own_portfolio"] = ("Portfolio", own.portfolio_id)
    return world, found


async def _credit_notes(world: World, database: Database) -> set[UUID]:
    """Bill an order of the account and let it fail; return the id of its credit note."""
    shop = world.shop
    order = await shop.place(OrderRequest(ask=ByMass(1_000)), idempotency_key="credited")
    ref = OrderRef(id=order.id)
    await bill_orders(shop.resources, shop.caller, shop.account.id, "credited", [ref])
    await fail_order(shop.resources, shop.caller, shop.account.id, ref)
    return {UUID(str(row["id"])) for row in await database.reader.fetch("SELECT id FROM credit_notes")}


_PAID: dict[str, Any] = {"pay_with_balance": BalanceUse.WHOLE}


async def _of_client(world: World, client: Account) -> dict[str, tuple[str, UUID]]:
    """Let the client account own one object of each kind, with the names of its parent's."""
    shop = world.shop
    caller, resources = make_caller(client), shop.resources
    request = OrderRequest(ask=ByMass(1_000))
    theirs = {"account_id": client.id, "acts_for_client": True}
    order = await shop.place(request, idempotency_key="used", **theirs)
    cancelled = await shop.place(request, **theirs)
    await cancel_orders(resources, caller, [OrderRef(id=cancelled.id)])
    complete = await shop.place(request, idempotency_key="complete", **theirs, **_PAID)
    await retire_order(resources, client.id, complete.id, keep=0, actor="worker")
    await issue_certificate(resources, client.id, complete.id, public_address=ADDRESS)
    quotes = [await quote_order(resources, caller, request, valid_ms=DAY_MS) for _ in range(2)]
    command = CreateEstimate(estimate_id=resources.new_id(), activity=PlainMass(1_000), told={})
    estimate = (await create_estimate(resources, caller, command)).estimate
    portfolio = await set_account_portfolio(resources, caller, (Weight(shop.ocean.id, 10_000),))
    key = await create_key(resources, client.id, "Shop", pepper=PEPPER)
    await revoke_account_key(resources, caller, key.key_id)
    return {
        "client's key": ("ApiKey", uuid_of_id(key.key_id)),
        "client's order": ("Order", order.id),
        "client's cancelled": ("Order", cancelled.id),
        "client's complete": ("Order", complete.id),
        "client's certificate": ("Certificate", complete.id),
        "client's quote": ("Quote", quotes[0].quote.id),
        "client's used_quote": ("Quote", quotes[1].quote.id),
        "client's estimate": ("Estimate", estimate.id),
        "client's used_estimate": ("Estimate", estimate.id),
        "client's own_portfolio": ("Portfolio", portfolio.portfolio_id),
    }


@asynccontextmanager
async def open_stage(url: str, world: World, found: dict[str, Account]) -> AsyncIterator[Stage]:
    """Serve the filled database without workers and without limits that a table of requests would run into."""
    limits = ("lune_requests", "carbon_engine_reads", "carbon_engine_writes", "carbonext_requests")
    given: dict[str, Any] = {f"{name}_per_s": PLENTY for name in limits}
    given |= {"query_points_a_minute": PLENTY, "address_points_a_minute": PLENTY, "plans_max": 10_000, "key_uses_ms": 0}
    app = create_app(
        Settings(database_url=url, workers_embedded=False, public_url=ADDRESS, **given),  # type: ignore[arg-type]
        pepper=PEPPER,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    watch = Watch(url)
    async with started(app), httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        stage = Stage(world, http, watch, found)
        await _let_in(stage)
        yield stage
    watch.close()


async def _let_in(stage: Stage) -> None:
    """Create the keys, and use each once, because the first use of a key is stored."""
    full = {MONEY, PARENT}
    for scopes in _every_set_of_scopes():
        name = "+".join(sorted(scopes))
        stage.identities[name] = await _identity(stage, name, "account", scopes, full)
    for name, who, holds in (
        ("client", "client", set()),
        ("sibling", "sibling", set()),
        ("stranger", "stranger", full),
        ("twin", "twin", full),
        ("suspended", "suspended", full),
        ("client-of-suspended", "client-of-suspended", set()),
    ):
        owner = "client" if who == "client" else "account"
        stage.identities[name] = await _identity(stage, name, who, CUSTOMER, holds, owner=owner)
    stage.identities["seller"] = await _identity(stage, "seller", "seller", frozenset(Scope), full)
    parent = stage.identities["+".join(sorted(CUSTOMER))]  # an operator's key would act for the client as an operator
    chosen = Identity(
        "parent-for-client", parent.key, held_by(CUSTOMER) | {MONEY}, stage.accounts["client"].id, "client"
    )
    stage.identities[chosen.name] = chosen
    await _spoil(stage)


def _every_set_of_scopes() -> list[frozenset[Scope]]:
    """Return every set of the four first scopes. With the fifth one: it alone, all, and all but each one, because no
    operation asks for it together with another.
    """
    *known, fifth = Scope
    assert (len(known), fifth) == (4, Scope.ACCOUNT_MANAGE), "a scope is new: let the tests try its sets"
    sets = [frozenset(scope for bit, scope in enumerate(known) if number >> bit & 1) for number in range(1, 16)]
    return [*sets, frozenset({fifth}), frozenset(Scope), *(frozenset(Scope) - {each} for each in known)]


async def _identity(
    stage: Stage, name: str, who: str, scopes: frozenset[Scope], holds: set[str], owner: str = "account"
) -> Identity:
    text = await new_key(stage, who, scopes)
    identity = Identity(name, text, held_by(scopes) | holds, owner=owner)
    assert (await stage.graphql("{ account { name } }", identity.graphql_headers)).status_code == 200
    return identity


async def new_key(stage: Stage, who: str, scopes: frozenset[Scope]) -> str:
    """Return a new key of the account, with the scopes."""
    shop = stage.world.shop
    return (await create_key(shop.resources, stage.accounts[who].id, "test", scopes, pepper=PEPPER)).text


async def _spoil(stage: Stage) -> None:
    """Make the identities that get no answer, although all but one thing is right with each."""
    valid = stage.identities["+".join(sorted(Scope))].key
    revoked, expired, moved = [await new_key(stage, "account", frozenset(Scope)) for _ in range(3)]
    execute, key_id = stage.world.shop.execute, "key_id = $2"
    for text, column in ((revoked, "revoked_at"), (expired, "expires_at")):
        await execute(f"UPDATE api_keys SET {column} = $1 WHERE {key_id}", LONG_AGO, text.split("_")[2])
    twin_id = stage.accounts["twin"].id
    await execute(f"UPDATE api_keys SET account_id = $1 WHERE {key_id}", twin_id, moved.split("_")[2])
    unknown = await new_key(stage, "account", frozenset(Scope))
    await execute("DELETE FROM api_keys WHERE key_id = $1", unknown.split("_")[2])
    forged = await new_key(stage, "account", frozenset(Scope))
    await execute(f"UPDATE api_keys SET digest = $1 WHERE {key_id}", "0" * 64, forged.split("_")[2])
    nothing: frozenset[str] = frozenset()
    stage.nobodies = [
        Identity("no key", "", nothing),
        Identity("malformed", valid[:-1], nothing),
        Identity("unknown", unknown, nothing),
        Identity("of another secret", forged, nothing),
        Identity("revoked", revoked, nothing),
        Identity("expired", expired, nothing),
        Identity("of the other mode", moved, nothing),
        Identity("another scheme", valid, nothing, scheme="Basic "),
        Identity("no scheme", valid, nothing, scheme=""),
    ]
