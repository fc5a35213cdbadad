"""The public page of an account: configured through Lune's endpoints, read as JSON and as a page by anybody.

Planted defects that were seen to fail here: a disabled page shown, a page of a hidden account shown, orders counted
that are not complete, a test page at a live address, certificates listed without the section, a slug taken twice.
"""

import re
from typing import Any
from uuid import UUID

import pytest

from service.domain.accounts import Account
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.listing import OrderRef
from service.operations.issue_certificates import issue_certificates
from service.operations.retire_orders import retire_order
from service.operations.simulate_order import Outcome, simulate_order
from tests.api.rest.client import ADDRESS, Rest
from tests.api.rest.lune.test_logos import form
from tests.api.rest.lune.test_resources import refused
from tests.domain.test_logos import png
from tests.makers import make_caller

PAGE = {
    "status": "enabled",
    "slug": "acme",
    "title": "by_volume",
    "description": None,
    "custom_description": None,
    "sections": ["bundles_breakdown", "certificates"],
}
PATH = "/sustainability-pages"


async def bought(lune: Rest, grams: int, account: Account | None = None, **options: Any) -> None:
    """An order that is complete and certified."""
    order = await lune.post("/orders/by-mass", {"mass": {"amount": str(grams), "unit": "g"}}, **options)
    account_id = (account or lune.shop.account).id
    await retire_order(lune.shop.resources, account_id, UUID(order["id"]), keep=0, actor="test")
    await issue_certificates(lune.shop.resources, public_address=ADDRESS)


async def public(lune: Rest, path: str = "live/acme") -> Any:
    return await lune.get(f"{PATH}/public/{path}", key="")


async def page(lune: Rest, path: str = "/sustainability/acme") -> str:
    answer = await lune.http.get(path)
    assert answer.status_code == 200
    return answer.text


async def test_a_page_shows_the_completed_orders_of_its_account(lune: Rest) -> None:
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})
    for options in ({}, {"headers": {"lune-account": client["id"]}}):
        await lune.post("/orders/by-mass", {"mass": {"amount": "5", "unit": "kg"}}, **options)
    await bought(lune, 2_000_000)

    made = await lune.post(PATH, PAGE)

    assert made == PAGE == await lune.get(f"{PATH}/current-account")
    shown = await public(lune)
    told = {name: shown[name] for name in ("title", "description", "account_name", "include_certificates", "un_sdg")}
    assert told == {
        "title": {"format": "by_volume", "quantity": "2"},
        "description": None,
        "account_name": lune.shop.account.name,
        "include_certificates": True,
        "un_sdg": None,
    }
    assert [(each["bundle"]["name"], each["quantity"], each["percent_of_total"]) for each in shown["bundles"]] == [
        ("Forest", "1.9", 95.0),
        ("Ocean", "0.1", 5.0),
    ]
    text = await page(lune)
    assert "<strong>2 tonnes</strong> of CO₂ equivalent" in text
    assert "test mode" not in text
    (certificate,) = re.findall(r'href="\.\.(/certificates/[^"]+)"', text)
    assert (await lune.http.get(certificate)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "title", "description", "in_text"),
    [
        ({"title": "by_price"}, {"format": "by_price", "currency": "USD", "value": "56.43"}, None, "USD 56.43"),
        (
            {"description": "by_equivalent"},
            {"format": "by_volume", "quantity": "2"},
            {"format": "by_equivalent", "flights_nyc_to_london": 2},
            "As much as 2 one-way flights",
        ),
        (
            {"description": "by_supported_goals", "sections": ["unsdg"]},
            {"format": "by_volume", "quantity": "2"},
            {"format": "by_supported_goals", "number_of_un_sdgs": 0, "number_of_projects": 2},
            "From 2 climate projects.",
        ),
        (
            {"description": "by_custom_description", "custom_description": " <b>Ours</b> ", "sections": []},
            {"format": "by_volume", "quantity": "2"},
            {"format": "by_custom_description", "custom_description": "<b>Ours</b>"},
            "&lt;b&gt;Ours&lt;/b&gt;",
        ),
    ],
)
async def test_the_account_chooses_what_is_shown(
    lune: Rest, changes: Any, title: Any, description: Any, in_text: str
) -> None:
    await bought(lune, 2_000_000)
    wanted = {**PAGE, **changes}

    await lune.post(PATH, wanted)

    shown, text = await public(lune), await page(lune)
    assert (shown["title"], shown["description"]) == (title, description)
    assert in_text in text
    assert (shown["bundles"] is None, "Credits bought" in text) == (
        "bundles_breakdown" not in wanted["sections"],
        "bundles_breakdown" in wanted["sections"],
    )
    listed = "certificates" in wanted["sections"]
    assert (shown["include_certificates"], "/certificates/" in text) == (listed, listed)
    assert shown["un_sdg"] == ([] if "unsdg" in wanted["sections"] else None)


async def test_a_page_that_is_switched_off_or_hidden_is_absent(lune: Rest) -> None:
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD", "handle": "shop"})
    acting = {"headers": {"lune-account": client["id"]}}
    await lune.post(PATH, PAGE, **acting)
    by_handle = f"{client['organisation_id']}/live/shop"
    assert await public(lune) == await public(lune, by_handle)

    async def seen() -> list[int]:
        paths = (f"/lune/v1{PATH}/public/live/acme", f"/lune/v1{PATH}/public/{by_handle}", "/sustainability/acme")
        return [(await lune.http.get(path)).status_code for path in paths]

    assert await seen() == [200, 200, 200]
    await lune.put(PATH, {**PAGE, "status": "disabled"}, **acting)
    assert await seen() == [404, 404, 404]
    assert (await lune.get(f"{PATH}/current-account", **acting))["status"] == "disabled"
    await lune.put(PATH, PAGE, **acting)
    hidden = {"external_pages_visibility": "hidden"}
    await lune.ask("PATCH", f"/accounts/client/{client['id']}", hidden)
    assert await seen() == [404, 404, 404]


async def test_a_page_of_a_test_account_is_a_page_of_its_own(lune: Rest) -> None:
    trial = await lune.shop.another_account(mode=Mode.TEST)
    key = await lune.new_key(account=trial)
    await lune.post(PATH, PAGE, key=key)
    await lune.post(PATH, PAGE)

    order = await lune.post("/orders/by-mass", {"mass": {"amount": "3", "unit": "g"}}, key=key)
    await simulate_order(lune.shop.resources, make_caller(trial), OrderRef(id=UUID(order["id"])), Outcome.COMPLETE)

    assert [(await public(lune, f"{mode}/acme"))["account_name"] for mode in ("live", "test")] == [
        lune.shop.account.name,
        trial.name,
    ]
    assert "Made in test mode" in await page(lune, "/sustainability/test/acme")
    assert "<strong>0 grams</strong>" in await page(lune)


async def test_a_page_shows_logos_of_the_account_and_of_its_parent(lune: Rest) -> None:
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})
    await lune.post(PATH, PAGE, headers={"lune-account": client["id"]})
    plain = await lune.http.get("/sustainability/acme")
    colours = {f"client/{client['id']}": b"\x01\x02\x03", lune.shop.account.id.hex: b"\x04\x05\x06"}

    urls = [
        (await lune.ask("POST", f"/accounts/{owner}/logo", **form(png(colour=colour)))).json()["url"]
        for owner, colour in colours.items()
    ]

    shown = await public(lune)
    assert [shown["logo"], shown["organisation_logo"]] == urls
    pictured = await lune.http.get("/sustainability/acme")
    assert re.findall(r'<img class="logo" src="\.\.([^"]+)"', pictured.text) == [
        url.removeprefix(ADDRESS) for url in urls
    ]
    policies = ["img-src 'self'" in each.headers["content-security-policy"] for each in (plain, pictured)]
    assert policies == [False, True]


async def test_older_certificates_are_a_page_away(lune: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.pages.sustainability.CERTIFICATES_MAX", 2)
    for _ in range(3):
        await bought(lune, 1_000)
    await lune.post(PATH, PAGE)

    first = await page(lune)
    (older,) = re.findall(r'href="acme(\?after=[^"]+)"', first)
    second = await page(lune, f"/sustainability/acme{older}")

    listed = [re.findall(r'"\.\./certificates/([^"]+)"', text) for text in (first, second)]
    assert [len(each) for each in listed] == [2, 1]
    assert len({token for each in listed for token in each}) == 3
    assert "Older certificates" not in second
    assert re.findall(r'"\.\./certificates/([^"]+)"', await page(lune, "/sustainability/acme?after=x")) == listed[0]


async def test_conflicts_have_lunes_codes_and_change_nothing(lune: Rest) -> None:
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})
    acting = {"headers": {"lune-account": client["id"]}}
    await lune.post(PATH, PAGE)
    other = await lune.post(PATH, {**PAGE, "slug": "other"}, **acting)

    assert await refused(lune, "POST", PATH, {**PAGE, "slug": "b"}) == (409, "sustainability_page_exists")
    taken = (409, "sustainability_page_slug_not_unique")
    assert await refused(lune, "PUT", PATH, {**PAGE, "title": "by_price"}, **acting) == taken
    assert await lune.get(f"{PATH}/current-account", **acting) == other
    assert await lune.put(PATH, {**PAGE, "slug": "moved"}) == {**PAGE, "slug": "moved"}
    assert (await lune.put(PATH, PAGE, **acting))["slug"] == "acme"


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": ""},
        {"slug": "Acme"},
        {"slug": "a/b"},
        {"slug": ".."},
        {"slug": "a" * 65},
        {"title": "by_mass"},
        {"status": "on"},
        {"sections": ["certificates", "certificates"]},
        {"sections": ["stories"]},
        {"description": "by_custom_description"},
        {"description": "by_custom_description", "custom_description": " "},
        {"custom_description": "x" * 1_001},
    ],
)
async def test_an_invalid_page_is_400(lune: Rest, changes: Any) -> None:
    assert await refused(lune, "POST", PATH, {**PAGE, **changes}) == (400, "validation_error")
    assert await refused(lune, "GET", f"{PATH}/current-account") == (404, "not_found")


async def test_what_is_not_there_is_404_and_scopes_are_needed(lune: Rest) -> None:
    reader = await lune.new_key(Scope.ORDERS_READ)

    assert await refused(lune, "POST", PATH, PAGE, key=reader) == (403, "forbidden")
    assert await refused(lune, "PUT", PATH, PAGE) == (404, "not_found")
    for path in (
        "live/acme",
        "other/acme",
        f"{lune.shop.account.organisation_id.hex}/live/acme",
        "x/live/acme",
        "live/é",
    ):
        assert await refused(lune, "GET", f"{PATH}/public/{path}", key="") == (404, "not_found")
    for path in ("acme", "test/acme", "%C3%A9", "a" * 99):
        assert (await lune.http.get(f"/sustainability/{path}")).status_code == 404
