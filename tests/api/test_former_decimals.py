"""Commands that were sent before currencies gained decimals, and are sent again after the migration: each is answered
by what stands, and another command with its key is refused.

Seen to fail when: a fingerprint is not compared once more in former decimals; a value without a currency is compared in
another than the account's; decimals beyond the former ones are not cut off; an amount in today's minor units passes for
one in former ones; a maximum beyond the greatest amount is refused before the key is looked up.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.domain.order import ByValue, OrderRequest, Placed, Source
from service.errors import Code, Refused
from service.operations.audit import audit
from service.operations.bill_orders import Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.import_orders import import_orders
from service.operations.record_payment import record_payment
from service.operations.settle_invoice import settle_invoice
from service.operations.simulate_order import Outcome, simulate_order
from service.storage import accounts, money, orders
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.api.rest.client import open_rest
from tests.books import assert_books_balance, rows_of
from tests.former_release import DOLLARS, IRAQ, IRAQ_TEST, SERBIA, SERBIAN_CLIENT, Former, shop_of
from tests.makers import make_caller, make_command
from tests.shop import Shop

QUOTED = global_id("Quote", UUID("01a22bb3-0e6f-7082-bf69-360f15db8021"))
QUOTED_OPEN = global_id("Quote", UUID("01a22bb3-0ea3-7084-a182-7ed357a7192f"))
"""A quote in Serbian dinars that was used, and one in Iraqi dinars that was not."""


@pytest.fixture
async def shop(former_migrated: Former) -> AsyncIterator[Shop]:
    """The shop after the migration; whatever a test does, its books are clean."""
    database = await Database.open(former_migrated.url)
    try:
        shop = await shop_of(database)
        yield shop
        await assert_books_balance(database)
        assert [finding.name for finding in await audit(shop.resources) if finding.deviating] == []
    finally:
        await database.close()


async def account_of(shop: Shop, account_id: UUID) -> Account:
    account = await accounts.account(shop.database.reader, account_id)
    assert account is not None
    return account


async def order_of(shop: Shop, key: str) -> OrderRef:
    (order,) = (row for row in await rows_of(shop.database, orders.ORDERS) if row.idempotency_key == key)
    return OrderRef(id=order.id)


class Keys:
    """API keys of the accounts."""

    def __init__(self, api: GraphQLApi) -> None:
        self._api = api
        self._keys: dict[UUID, str] = {}

    async def order(self, account_id: UUID, kind: str, given: str, key: str) -> Any:
        """Return the total and whether it was replayed, or the code of the refusal."""
        if account_id not in self._keys:
            self._keys[account_id] = await self._api.new_key(account=await account_of(self._api.shop, account_id))
        made = f'createOrder{kind}(input: {{{given}, idempotencyKey: "{key}"}})'
        selected = "order { totalCost { amount } } replayed userErrors { code }"
        answer = await self._api.data(f"mutation {{ made: {made} {{ {selected} }} }}", key=self._keys[account_id])
        (made,) = answer.values()
        if made["userErrors"]:
            return made["userErrors"][0]["code"]
        return made["order"]["totalCost"]["amount"], made["replayed"]


RETRIES = [
    (SERBIA, "ByValue", 'value: {amount: "1500.75", currency: "RSD"}', "value", "1500.00"),
    (SERBIA, "ByValue", 'value: {amount: "1500", currency: "RSD"}', "value", "1500.00"),
    (SERBIA, "ByValue", 'value: {amount: "1500.00", currency: "RSD"}', "value", "1500.00"),
    (SERBIA, "ByMass", 'mass: {amount: "250", unit: KILOGRAM}, maximumTotal: {amount: "900.5", currency: "RSD"}',
     "maximum", "765.00"),
    (SERBIA, "ByValue", 'value: {amount: "800", currency: "RSD"}, payWithBalance: AVAILABLE', "balance", "800.00"),
    (SERBIA, "FromQuote", f'quoteId: "{QUOTED}", maximumTotal: {{amount: "2500.4", currency: "RSD"}}', "quoted",
     "2500.00"),
    (SERBIAN_CLIENT, "ByValue", 'value: {amount: "700", currency: "RSD"}', "client", "700.00"),
    (IRAQ, "ByValue", 'value: {amount: "20000", currency: "IQD"}, maximumTotal: {amount: "20000", currency: "IQD"}',
     "both", "20000.000"),
    (IRAQ, "ByMass", 'mass: {amount: "33.333", unit: KILOGRAM}', "mass", "1109.000"),
    (DOLLARS, "ByValue", 'value: {amount: "9.99", currency: "USD"}, maximumTotal: {amount: "12", currency: "USD"}',
     "dollars", "9.99"),
]  # fmt: skip
OTHERS = [
    (SERBIA, "ByValue", 'value: {amount: "1501", currency: "RSD"}', "value"),
    (SERBIA, "ByValue", 'value: {amount: "15", currency: "RSD"}', "value"),
    (SERBIA, "ByValue", 'value: {amount: "150000", currency: "RSD"}', "value"),
    (SERBIA, "ByValue", 'value: {amount: "1500", currency: "IQD"}', "value"),
    (SERBIA, "ByMass", 'mass: {amount: "250", unit: KILOGRAM}, maximumTotal: {amount: "901", currency: "RSD"}',
     "maximum"),
    (SERBIA, "ByMass", 'mass: {amount: "250", unit: KILOGRAM}, maximumTotal: {amount: "9", currency: "RSD"}',
     "maximum"),
    (SERBIA, "ByMass", 'mass: {amount: "250", unit: KILOGRAM}', "maximum"),
    (IRAQ, "ByValue", 'value: {amount: "20000", currency: "IQD"}, maximumTotal: {amount: "20001", currency: "IQD"}',
     "both"),
    (IRAQ, "ByValue", 'value: {amount: "20", currency: "IQD"}, maximumTotal: {amount: "20", currency: "IQD"}', "both"),
    (DOLLARS, "ByValue", 'value: {amount: "9.99", currency: "USD"}, maximumTotal: {amount: "1200", currency: "USD"}',
     "dollars"),
]  # fmt: skip


async def test_idempotency_keys_from_former_decimals_replay_and_other_commands_are_refused(
    shop: Shop, former_migrated: Former
):
    before = await shop.everything()
    async with open_graphql_api(shop, former_migrated.url) as api:
        keys = Keys(api)
        for account_id, kind, given, key, total in RETRIES:
            assert (given, await keys.order(account_id, kind, given, key)) == (given, (total, True))
        for account_id, kind, given, key in OTHERS:
            assert (given, await keys.order(account_id, kind, given, key)) == (given, "IDEMPOTENCY_KEY_REUSED")
    assert await shop.everything() == before


async def test_equal_digits_in_former_decimals_do_not_match_a_key_of_today(shop: Shop, former_migrated: Former):
    async with open_graphql_api(shop, former_migrated.url) as api:
        keys = Keys(api)
        value = 'value: {{amount: "{}", currency: "IQD"}}'
        maximum = 'mass: {{amount: "20", unit: GRAM}}, maximumTotal: {{amount: "{}", currency: "IQD"}}'
        assert await keys.order(IRAQ, "ByValue", value.format("20.5"), "fresh value") == ("20.227", False)
        assert await keys.order(IRAQ, "ByMass", maximum.format("20.5"), "fresh maximum") == ("0.665", False)
        before = await shop.everything()
        for amount in ("20500", "20.501", "20"):
            for kind, given, key in (("ByValue", value, "fresh value"), ("ByMass", maximum, "fresh maximum")):
                assert await keys.order(IRAQ, kind, given.format(amount), key) == "IDEMPOTENCY_KEY_REUSED"
        assert await keys.order(IRAQ, "ByValue", value.format("20.50"), "fresh value") == ("20.227", True)
        assert await keys.order(IRAQ, "ByMass", maximum.format("20.500"), "fresh maximum") == ("0.665", True)
        assert await shop.everything() == before


async def test_the_largest_former_maximum_spend_still_reaches_its_idempotency_key(shop: Shop, former_migrated: Former):
    given = 'mass: {amount: "250", unit: KILOGRAM}, maximumTotal: {amount: "1000000000000000", currency: "RSD"}'
    async with open_graphql_api(shop, former_migrated.url) as api:
        assert await Keys(api).order(SERBIA, "ByMass", given, "maximum") == "IDEMPOTENCY_KEY_REUSED"
        value = 'value: {amount: "1000000000000000", currency: "RSD"}'
        assert await Keys(api).order(SERBIA, "ByValue", value, "value") == "IDEMPOTENCY_KEY_REUSED"
        assert await Keys(api).order(SERBIA, "ByValue", value, "fresh") == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("value_minor", "is_replayed"), [(120_000, True), (120_090, True), (120_100, False), (1_200, False)]
)
async def test_a_value_in_the_accounts_currency_is_found_by_its_key(shop: Shop, value_minor: int, is_replayed: bool):
    command = make_command(
        await account_of(shop, SERBIA),
        OrderRequest(ask=ByValue(value_minor)),
        idempotency_key="lune",
        source=Source.LUNE,
    )
    before = await shop.everything()
    (placed,) = await shop.place_all(command)
    if is_replayed:
        assert isinstance(placed, Placed)
        assert (placed.order.total_cost_minor, placed.replayed) == (120_000, True)
    else:
        assert isinstance(placed, Refused)
        assert placed.code is Code.IDEMPOTENCY_KEY_REUSED
    assert await shop.everything() == before


async def test_lune_shows_an_old_order_in_todays_decimals(shop: Shop, former_migrated: Former):
    async with open_rest("lune", shop, former_migrated.url) as rest:
        key = await rest.new_key(account=await account_of(shop, SERBIA))
        order = await rest.get("/orders/by-idempotency-key/lune", key=key)
        assert (order["total_cost"], order["offset_cost"]) == ("1200.00", "1080.00")
        again = await rest.ask("POST", "/orders/by-value", {"value": "1200.9", "idempotency_key": "lune"}, key=key)
        assert again.status_code == 409


async def test_references_of_old_payments_replay(shop: Shop):
    paid_of = {"part": await order_of(shop, "value"), "whole": await order_of(shop, "both")}
    before = await shop.everything()
    for account_id, reference, amount_minor, currency in (
        (SERBIA, "top-up", 500_000, "RSD"),
        (SERBIA, "part", 30_000, "RSD"),
        (IRAQ, "top-up", 90_000_000, "IQD"),
        (IRAQ, "whole", 25_000_000, "IQD"),
    ):
        ref = paid_of.get(reference)
        amount = Money(amount_minor, currency)
        again = await record_payment(shop.resources, shop.caller, account_id, reference, amount, ref)
        assert (again.payment.amount_minor, again.replayed) == (amount_minor, True)
        for other in (amount_minor + 1, amount_minor + 1_000, amount_minor // 1_000 or 1, amount_minor * 1_000):
            with pytest.raises(Refused) as refused:
                await record_payment(shop.resources, shop.caller, account_id, reference, Money(other, currency), ref)
            assert refused.value.code is Code.IDEMPOTENCY_KEY_REUSED
    assert await shop.everything() == before


async def test_equal_digits_in_former_decimals_do_not_match_a_payment_of_today(shop: Shop):
    await record_payment(shop.resources, shop.caller, IRAQ, "fresh", Money(1_500, "IQD"))
    with pytest.raises(Refused):
        await record_payment(shop.resources, shop.caller, IRAQ, "fresh", Money(1_500_000, "IQD"))


async def test_references_of_old_invoices_replay_and_the_invoice_can_be_settled(shop: Shop):
    named = [await order_of(shop, "mass")]
    again = await bill_orders(shop.resources, shop.caller, IRAQ, "bill-mass", named)
    assert (again.invoice.total_minor, again.replayed) == (1_109_000, True)
    rest = await bill_orders(shop.resources, shop.caller, SERBIA, "bill-rest", Period(currency="RSD"))
    assert (rest.invoice.total_minor, rest.replayed) == (560_000, True)

    await settle_invoice(shop.resources, shop.caller, SERBIA, rest.invoice.id)

    (invoice,) = (row for row in await rows_of(shop.database, money.INVOICES) if row.id == rest.invoice.id)
    assert (invoice.status, invoice.total_minor) == ("PAID", 560_000)


def history(currency: str, last: str, *, price: str = "71.5") -> str:
    rows = [("20.005", "Issued"), ("0.5", "Paid"), ("3.3", "Cancelled")]
    return json.dumps(
        [
            {
                "id": f"10c3d119-433d-49c8-a7d3-d471a647{number}{last}69",
                "vcuAmount": amount,
                "vcuUnitPrice": price,
                "targetCurrency": currency,
                "status": status,
                "createdAt": "20/10/2021 20:39:35",
            }
            for number, (amount, status) in enumerate(rows, start=1)
        ]
    )


@pytest.mark.parametrize(("account_id", "currency", "last"), [(SERBIA, "RSD", "0"), (IRAQ, "IQD", "1")])
async def test_importing_old_history_again_has_no_effect(shop: Shop, account_id: UUID, currency: str, last: str):
    before = await shop.everything()
    done = await import_orders(shop.resources, account_id, history(currency, last))
    assert (done.added, done.existing, done.faults) == (0, 3, ())
    other = await import_orders(shop.resources, account_id, history(currency, last, price="71.6"))
    assert (other.added, len(other.faults)) == (0, 3)
    assert await shop.everything() == before


async def test_a_payment_that_was_refused_in_former_decimals_is_recorded_once(shop: Shop):
    caller, ref = make_caller(await account_of(shop, IRAQ_TEST)), await order_of(shop, "simulated")
    before = await shop.everything()
    with pytest.raises(Refused) as refused:
        await simulate_order(shop.resources, caller, ref, Outcome.REFUSE_PAYMENT)
    assert refused.value.code is Code.PAYMENT_REFUSED
    assert await shop.everything() == before


async def test_a_quote_from_former_decimals_keeps_its_price(shop: Shop, former_migrated: Former):
    async with open_graphql_api(shop, former_migrated.url) as api:
        key = await api.new_key(account=await account_of(shop, IRAQ))
        made = f'createOrderFromQuote(input: {{quoteId: "{QUOTED_OPEN}", idempotencyKey: "late"}})'
        answer = await api.data(
            f"mutation {{ made: {made} {{ order {{ totalCost {{ amount minorUnits }} }} userErrors {{ code }} }} }}",
            key=key,
        )
    assert answer["made"] == {"order": {"totalCost": {"amount": "2500.000", "minorUnits": "2500000"}}, "userErrors": []}


async def test_cancelling_an_old_order_returns_what_it_cost(shop: Shop):
    for account_id, key in ((IRAQ, "both"), (IRAQ, "waits"), (SERBIA, "maximum"), (SERBIA, "reduced")):
        caller = make_caller(await account_of(shop, account_id))
        (order,) = await cancel_orders(shop.resources, caller, [await order_of(shop, key)])
        assert not isinstance(order, Refused)
        assert order.status == "CANCELLED"
