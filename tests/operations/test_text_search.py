# ruff: noqa: RUF001 - letters that look alike are the subject of these tests
"""Searches by text: the same rows in every script, composed or not, on both databases, with and without stored keys.

Seen to fail when: an insert or a rename writes no key; the text sought is not folded; a row without a key is not found,
or never filled; the worker stops at a batch or waits for a locked row.
"""

from collections.abc import AsyncIterator
from typing import Any
from unicodedata import normalize

import pytest

from service.domain.accounts import Account
from service.domain.listing import OrderFilter, OrderSort
from service.kit.keyset import PageRequest
from service.kit.search_key import search_key
from service.operations import fill_search_keys as module
from service.operations import read_orders
from service.operations.fill_search_keys import fill_search_keys
from service.operations.manage_clients import count_clients, create_client, list_clients, update_client
from service.storage.database import Database, Statements
from tests.makers import make_order, store
from tests.shop import Shop, open_shop

SCRIPTS = {
    "Latin": ("École Verte", "ÉCOLE", "ecole"),
    "Greek": ("Ελληνικός Ήλιος", "ΕΛΛΗΝΙΚΌΣ", "ΕΛΛΗΝΙΚΟΣ ΗΛΙΟΣ Α"),
    "Cyrillic": ("Зелёный лес", "ЗЕЛЁНЫЙ ЛЕС", "зеленый"),
    "Armenian": ("Կանաչ Անտառ", "կանաչ անտառ", "կանաչ քար"),
    "Georgian": ("მწვანე ტყე", "ᲛᲬᲕᲐᲜᲔ", "მწვანე ქვა"),
    "Hebrew": ("יער ירוק", "ירוק", "כחול"),
    "Arabic": ("الغابة الخضراء", "الخضراء", "الزرقاء"),
    "Devanagari": ("हरा जंगल", "जंगल", "नदी"),
    "Hangul": ("푸른 숲", normalize("NFD", "푸른"), "붉은"),
    "Han": ("緑の森林", "森林", "河川"),
    "Katakana": ("グリーンフォレスト", "ｸﾞﾘｰﾝ", "クリーン"),
    "Thai": ("ป่าสีเขียว", "เขียว", "แดง"),
    "Cherokee": ("ᎢᏤ ᎠᏙᎯ", "ꭲꮴ", "ꭲꮳ"),
    "Deseret": ("𐐘𐑉𐐨𐑌", "𐑀𐐡𐐀", "𐐮"),
    "German": ("Grüne Straße", "GRÜNE STRASSE", "grune"),
    "Turkish": ("Yeşil İstanbul", "yeşil ISTANBUL", "yesil"),
    "Vietnamese": ("Rừng Xanh Việt", "VIỆT", "viet"),
    "fullwidth Latin": ("ＧＲＥＥＮ Co", "green co", "groen"),
    "ligatures": ("Oﬃce Paci\u00adfic", "OFFICE PACIFIC", "ofice"),
}
FORMS = ("NFC", "NFD")


@pytest.fixture
async def postgresql_shop(postgresql_url: str) -> AsyncIterator[Shop]:
    database = await Database.open(postgresql_url)
    yield await open_shop(database)
    await database.close()


async def listed(shop: Shop, text: str) -> set[str | None]:
    wanted = OrderFilter(customer_contains=text)
    page = await read_orders.list_orders(shop.resources, shop.caller, wanted, OrderSort(), PageRequest(100))
    assert await read_orders.count_orders(shop.resources, shop.caller, wanted) == len(page.items)
    return {order.customer for order in page.items}


async def ordered_by(shop: Shop, *customers: str | None) -> None:
    await store(shop.database, *(make_order(shop.account, customer=customer) for customer in customers))


async def forget_keys(shop: Shop) -> None:
    """Leave the rows as a process of the release before would have written them."""

    async def work(statements: Statements) -> None:
        await statements.execute("UPDATE orders SET customer_key = NULL")
        await statements.execute("UPDATE accounts SET name_key = NULL")

    await shop.resources.transact(work)


async def keys(shop: Shop) -> list[tuple[Any, Any]]:
    rows = await shop.database.reader.fetch("SELECT customer, customer_key FROM orders ORDER BY id")
    return [(row["customer"], row["customer_key"]) for row in rows]


@pytest.mark.parametrize(("customer", "sought", "absent"), SCRIPTS.values(), ids=SCRIPTS)
async def test_a_customer_is_found_in_every_script_composed_or_not(shop: Shop, customer: str, sought: str, absent: str):
    written = {normalize(form, customer) for form in FORMS}
    await ordered_by(shop, *written, "Somebody else", None)

    for form in FORMS:
        assert await listed(shop, normalize(form, sought)) == written, form
        assert await listed(shop, normalize(form, absent)) == set(), form

    await forget_keys(shop)
    assert await fill_search_keys(shop.resources) == len(written) + 2  # two customers' keys and the account's name
    assert await listed(shop, sought) == written


async def test_a_placed_order_is_found_by_its_customer(shop: Shop):
    await shop.place(customer="École Verte")

    assert await listed(shop, "école") == {"École Verte"}


async def test_a_text_of_invisible_characters_finds_every_customer(shop: Shop):
    await ordered_by(shop, "Ana", "Bob", None)

    assert await listed(shop, "\u200b\u00ad") == {"Ana", "Bob"}


async def test_before_its_key_is_filled_a_customer_is_found_by_ascii_letters(shop: Shop):
    await ordered_by(shop, "École Verte", None)
    await forget_keys(shop)

    assert await listed(shop, "VERTE") == {"École Verte"}
    assert await listed(shop, "École") == {"École Verte"}
    assert await listed(shop, "verde") == set()


async def test_keys_are_filled_in_batches_until_none_is_lacking(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    await ordered_by(shop, *(f"Kunde {number} ÄÖÜ" for number in range(7)), None)
    written = await keys(shop)
    await forget_keys(shop)

    turns = [await fill_search_keys(shop.resources) for _ in range(4)]

    assert turns == [3 + 1, 3, 1, 0]
    assert await keys(shop) == written
    assert [key for customer, key in written if customer is None] == [None]


async def test_a_turn_that_is_broken_off_is_made_up_for_by_the_next(shop: Shop):
    await ordered_by(shop, "Ana", "Bob")
    written = await keys(shop)
    await forget_keys(shop)

    async def broken_off(statements: Statements) -> None:
        orders, _ = module.SEARCHED
        due = await module.search_keys.lacking(statements, orders, 1, now=shop.resources.clock())
        assert await module.search_keys.fill(statements, orders, due) == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await shop.resources.transact(broken_off)
    assert {key for _, key in await keys(shop)} == {None}
    assert await fill_search_keys(shop.resources) == 3
    assert await keys(shop) == written


async def test_locked_orders_are_left_to_the_next_turn(postgresql_shop: Shop):
    shop = postgresql_shop
    await ordered_by(shop, "Ana", "Bob")
    await forget_keys(shop)
    async with shop.database.transaction() as statements:
        await statements.fetch("SELECT id FROM orders WHERE customer = 'Ana' FOR UPDATE")
        assert await fill_search_keys(shop.resources) == 2
    assert sorted(await keys(shop)) == [("Ana", None), ("Bob", "bob")]
    assert await fill_search_keys(shop.resources) == 1


async def clients_named(shop: Shop, text: str) -> list[str]:
    page = await list_clients(shop.resources, shop.caller, PageRequest(10), name_contains=text)
    assert await count_clients(shop.resources, shop.caller, name_contains=text) == len(page.items)
    return [client.name for client in page.items]


async def client(shop: Shop, name: str) -> Account:
    return await create_client(shop.resources, shop.caller, name=name, currency=shop.account.currency)


@pytest.mark.parametrize(("name", "sought", "absent"), SCRIPTS.values(), ids=SCRIPTS)
async def test_a_client_account_is_found_in_every_script(shop: Shop, name: str, sought: str, absent: str):
    # Stored before names that no document can show were refused.
    await shop.another_account(parent_account_id=shop.account.id, name=name)

    assert [await clients_named(shop, text) for text in (sought, absent)] == [[name], []]


async def test_a_renamed_client_account_is_found_by_its_new_name(shop: Shop):
    named = await client(shop, "École Verte")
    await update_client(shop.resources, shop.caller, named.id, {"name": "Ήλιος"})

    assert await clients_named(shop, "ήλιος") == ["Ήλιος"]
    assert await clients_named(shop, "école") == []


async def test_a_client_account_that_the_release_before_renames_loses_its_key(shop: Shop):
    named = await client(shop, "École Verte")

    async def rename(statements: Statements) -> None:
        await statements.execute("UPDATE accounts SET name = $1 WHERE id = $2", "Ήλιος Αθήνα", named.id)

    await shop.resources.transact(rename)
    assert await clients_named(shop, "école") == []
    assert await clients_named(shop, "Ήλιος") == ["Ήλιος Αθήνα"]
    assert await fill_search_keys(shop.resources) == 1
    assert await clients_named(shop, "ΑΘΉΝΑ") == ["Ήλιος Αθήνα"]
    rows = await shop.database.reader.fetch("SELECT name_key FROM accounts WHERE id = $1", named.id)
    assert rows[0]["name_key"] == search_key("Ήλιος Αθήνα")
