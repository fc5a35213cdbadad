"""Currencies that nobody pays with: refused for what is new, with the currency named, and untouched where stored.

Seen to fail when: a new account, client account or price takes any code; a stored one is checked again; Lune's own
list is refused there; history takes circulating currencies only.
"""

import json

import pytest

from service.domain.catalogue import PriceTier
from service.errors import Code, Refused
from service.operations.import_orders import import_orders
from service.operations.manage_accounts import create_account
from service.operations.manage_catalogue import set_price
from service.operations.manage_clients import create_client
from service.storage import accounts
from service.storage.catalogue import PRICES
from tests.api.graphql_api import open_graphql_api
from tests.api.rest.client import open_rest
from tests.books import rows_of
from tests.makers import make_account, make_price, store
from tests.shop import Shop

DEAD = ["BGN", "HRK", "DEM", "XAU", "XTS", "XXX", "XDR", "CHE", "CLF"]
TIERS = [PriceTier(0, 13_570_000)]


async def priced_in(shop: Shop, currency: str) -> None:
    """Prices of a time when nobody asked whether the currency circulates."""
    await store(shop.database, make_price(shop.forest, "13.57", currency), make_price(shop.ocean, "250", currency))


def assert_names(refused: Refused, currency: str) -> None:
    assert (refused.code, refused.path) == (Code.BAD_USER_INPUT, ("currency",))
    assert refused.message == f"{currency} is not a currency in circulation; choose one that is, such as EUR."


@pytest.mark.parametrize("currency", DEAD)
async def test_a_new_account_or_price_is_refused(shop: Shop, currency: str):
    await priced_in(shop, currency)
    before, prices = await shop.everything(), await rows_of(shop.database, PRICES)
    news = (
        lambda: create_account(shop.resources, name="New", contract="lune", currency=currency, portfolio="mix"),
        lambda: create_client(shop.resources, shop.caller, name="New", currency=currency),
        lambda: set_price(shop.resources, shop.caller, shop.forest.id, currency, [PriceTier(0, 14_000_000)]),
    )
    for new in news:
        with pytest.raises(Refused) as refused:
            await new()
        assert_names(refused.value, currency)
    assert (await shop.everything(), await rows_of(shop.database, PRICES)) == (before, prices)


async def test_what_stands_is_answered_again(shop: Shop):
    await priced_in(shop, "BGN")
    stored = make_account(
        shop.account.portfolio_id,
        parent_account_id=shop.account.id,
        organisation_id=shop.account.organisation_id,
        currency="BGN",
        handle="sofia",
        name="Sofia",
        hold_percent_max=None,
        open_holds_max=None,
    )
    async with shop.database.transaction() as statements:
        await accounts.ACCOUNTS.insert(statements, [stored])
    again = await create_client(shop.resources, shop.caller, name="Sofia", currency="BGN", handle="sofia")
    assert again == stored
    before = await shop.everything()
    await set_price(shop.resources, shop.caller, shop.forest.id, "BGN", TIERS)
    assert await shop.everything() == before


async def test_history_is_imported_in_any_currency(shop: Shop):
    rows = [
        {
            "id": f"10c3d119-433d-49c8-a7d3-d471a64736{number:02}",
            "vcuAmount": "2",
            "vcuUnitPrice": "10.5",
            "targetCurrency": currency,
            "status": "Issued",
            "createdAt": "20/10/1999 20:39:35",
        }
        for number, currency in enumerate(DEAD)
    ]
    done = await import_orders(shop.resources, shop.account.id, json.dumps(rows))
    assert (done.added, done.faults) == (len(DEAD), ())


async def test_lunes_published_list_is_accepted_there(shop: Shop, database_url: str):
    await priced_in(shop, "BGN")
    await priced_in(shop, "XAU")
    async with open_rest("lune", shop, database_url) as rest:
        account = await rest.post("/accounts/client", {"name": "Sofia", "currency": "BGN"})
        assert account["currency"] == "BGN"
        for currency in ("XAU", "BTC", "bgn"):
            answer = await rest.ask("POST", "/accounts/client", {"name": "New", "currency": currency})
            assert (answer.status_code, answer.json()["error"]["error_code"]) == (400, "validation_error")


async def test_graphql_names_the_currency(shop: Shop, database_url: str):
    await priced_in(shop, "BGN")
    async with open_graphql_api(shop, database_url) as api:
        made = 'createClientAccount(input: {name: "New", currency: "BGN"})'
        answer = await api.data(f"mutation {{ made: {made} {{ userErrors {{ code message path }} }} }}")
        (error,) = answer["made"]["userErrors"]
        assert (error["code"], error["path"]) == ("BAD_USER_INPUT", ["input", "currency"])
        assert error["message"].startswith("BGN is not a currency in circulation")
        gold = 'createClientAccount(input: {name: "New", currency: "XAU"})'
        unknown = await api.ask(f"mutation {{ {gold} {{ userErrors {{ code }} }} }}")
        assert "XAU is not a currency in circulation" in unknown.json()["errors"][0]["message"]
