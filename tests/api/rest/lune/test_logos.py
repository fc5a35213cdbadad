"""Logos of accounts: uploaded as a multipart form, served to everybody, shown in account bodies, and removed.

Planted defects that were seen to fail here: a logo set on the parent instead of the client, another account's id
accepted, a client account that begins with its parent's logo, a damaged file stored, and a second file that counts.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest

from service.domain.events import EventType
from service.storage.events import EVENTS
from tests.api.rest.client import Rest
from tests.api.rest.lune.test_resources import UNKNOWN, refused
from tests.books import rows_of
from tests.domain.test_logos import png, svg


def form(content: bytes, name: str = "logo") -> dict[str, Any]:
    return {"files": {name: ("picture.png", content, "image/png")}}


async def upload(lune: Rest, path: str, content: bytes) -> Any:
    answer = await lune.ask("POST", path, **form(content))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_logo_is_served_shown_and_removed(lune: Rest) -> None:
    path = f"/accounts/{lune.shop.account.id.hex}/logo"

    first, again = await upload(lune, path, png()), await upload(lune, path, png())
    second = await upload(lune, path, svg())

    assert first == again != second
    assert (await lune.get("/accounts/me"))["logo"] == second["url"]
    for view, content, media_type in ((first, png(), "image/png"), (second, svg(), "image/svg+xml")):
        served = await lune.http.get(urlsplit(view["url"]).path)
        assert (served.content, served.headers["content-type"]) == (content, media_type)
    for _ in range(2):
        assert (await lune.ask("DELETE", path)).json() == {}
    assert (await lune.get("/accounts/me"))["logo"] is None
    changes = [each.payload for each in await rows_of(lune.shop.database, EVENTS) if "changed" in each.payload]
    assert changes == [{"changed": ["logo"]}] * 3


async def test_a_client_account_has_a_logo_of_its_own(lune: Rest) -> None:
    await upload(lune, f"/accounts/{lune.shop.account.id.hex}/logo", svg())
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})
    acting = {"headers": {"lune-account": client["id"]}}

    view = await upload(lune, f"/accounts/client/{client['id']}/logo", png())

    assert client["logo"] is None
    assert (await lune.get("/accounts/client"))["data"] == [{**client, "logo": view["url"]}]
    assert await lune.get("/accounts/me", **acting) == {**client, "logo": view["url"]}
    (event,) = [
        each
        for each in await rows_of(lune.shop.database, EVENTS)
        if "client_account_id" in each.payload and "changed" in each.payload
    ]
    assert event.event_type is EventType.ACCOUNT_UPDATED
    assert (await lune.ask("DELETE", f"/accounts/client/{client['id']}/logo")).json() == {}
    assert (await lune.get("/accounts/client"))["data"] == [client]
    put = await lune.put(f"/accounts/client/{client['id']}", {"name": "Shop"})
    assert put == client


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (form(png()[:40]), "unsupported_image_format"),
        (form(b"GIF89a"), "unsupported_image_format"),
        (form(svg("<script/>")), "unsupported_image_format"),
        (form(png(5_000, 10)), "unsupported_image_format"),
        (form(png() + bytes(65_536)), "unsupported_image_format"),
        (form(png(), "picture"), "validation_error"),
        ({"files": [("logo", ("a", png())), ("logo", ("b", svg()))]}, "validation_error"),
        ({"content": b"", "headers": {"content-type": "multipart/form-data; boundary=x"}}, "validation_error"),
        ({"content": b"--x--", "headers": {"content-type": "multipart/form-data"}}, "validation_error"),
        (
            {"content": b"\xff" * 99, "headers": {"content-type": b"multipart/form-data; boundary=\xff"}},
            "validation_error",
        ),
    ],
)
async def test_another_file_is_400_and_changes_nothing(lune: Rest, sent: Any, code: str) -> None:
    path = f"/accounts/{lune.shop.account.id.hex}/logo"

    assert await refused(lune, "POST", path, **sent) == (400, code)

    assert (await lune.get("/accounts/me"))["logo"] is None
    assert await lune.shop.database.reader.fetch("SELECT sha256 FROM logos") == []


async def test_a_logo_can_be_set_only_for_the_callers_own_account_by_a_form(lune: Rest) -> None:
    stranger = await lune.shop.another_account()
    own = lune.shop.account.id.hex

    assert await refused(lune, "POST", f"/accounts/{own}/logo", {"logo": "x"}) == (415, "unsupported_media_type")
    for owner in (stranger.id.hex, UNKNOWN, f"client/{own}", "client/x"):
        assert await refused(lune, "POST", f"/accounts/{owner}/logo", **form(png())) == (404, "not_found")
        assert await refused(lune, "DELETE", f"/accounts/{owner}/logo") == (404, "not_found")
