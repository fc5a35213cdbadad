"""Every no of Lune's contract: its status, its code, its shape, and that nothing changed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.api.rest.contract import Contract
from service.app import create_app
from service.operations.manage_accounts import suspend_account
from service.settings import Settings
from service.storage.database import Database
from tests.api.graphql_api import PEPPER, started
from tests.api.rest.client import Rest, contract_named, open_rest
from tests.makers import forged, make_bundle, make_price, store
from tests.shop import open_shop

KILOGRAM = {"amount": "1", "unit": "kg"}
UNKNOWN = "0" * 32

CREATES = ["/orders/by-mass", "/orders/by-value", "/orders/by-estimate"]
QUOTES = ["/orders/by-mass/quote", "/orders/by-value/quote"]
READS = [f"/orders/{UNKNOWN}", f"/orders/{UNKNOWN}/certificate", "/orders/by-idempotency-key/never"]
BODIES: dict[str, Any] = {
    "/orders/by-mass": {"mass": KILOGRAM},
    "/orders/by-mass/quote": {"mass": KILOGRAM},
    "/orders/by-value": {"value": "1"},
    "/orders/by-value/quote": {"value": "1"},
    "/orders/by-estimate": {"estimate_id": UNKNOWN},
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """How a no is said does not depend on the database."""
    return sqlite_url


def told(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["errors"] == [body["error"]]
    assert answer.headers["cf-ray"] == answer.headers["x-request-id"]
    assert answer.headers["lune-version"] == "2024-08-08"
    return answer.status_code, body["error"]["error_code"]


async def refused(lune: Rest, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
    """The status and code of a refusal that changed nothing."""
    before = await lune.shop.everything()
    answer = await lune.ask(method, path, body, **options)
    assert await lune.shop.everything() == before
    return told(answer)


@pytest.mark.parametrize("path", CREATES + QUOTES)
async def test_a_post_without_a_key_is_401_before_anything_else(lune: Rest, path: str) -> None:
    oversized = b"x" * 100_001

    for key in ("", "co_live_nonsense", forged(lune.key)):
        assert await refused(lune, "POST", path, key=key, content=oversized) == (401, "unauthorised")
    answer = await lune.ask("POST", path, headers={"authorization": "Basic abc"}, content=oversized)
    assert told(answer) == (401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [*READS, "/orders"])
async def test_a_get_without_a_key_is_401(lune: Rest, path: str) -> None:
    assert await refused(lune, "GET", path, key="") == (401, "unauthorised")


@pytest.mark.parametrize("path", CREATES + QUOTES)
async def test_a_body_above_the_limit_is_413_whatever_its_label(lune: Rest, path: str) -> None:
    headers = {"content-type": "text/plain"}

    assert await refused(lune, "POST", path, content=b"x" * 100_001, headers=headers) == (413, "payload_too_large")


@pytest.mark.parametrize("path", CREATES + QUOTES)
async def test_a_body_not_labelled_json_is_415_whatever_it_says(lune: Rest, path: str) -> None:
    for label in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        headers = {} if label is None else {"content-type": label}
        assert await refused(lune, "POST", path, content=b"{", headers=headers) == (415, "unsupported_media_type")


async def test_json_may_be_labelled_with_a_charset(lune: Rest) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}

    answer = await lune.ask("POST", "/orders/by-value", content=b'{"value": "1"}', headers=headers)

    assert answer.status_code == 200


MALFORMED = [b"", b"{", b"null", b"[]", b"5", b'{"value": NaN}', b"\xff", b"[" * 50_000, b'{"x": ' + b"[" * 50_000]


@pytest.mark.parametrize("path", CREATES + QUOTES)
async def test_a_body_that_is_no_object_is_400(lune: Rest, path: str) -> None:
    headers = {"content-type": "application/json"}

    for content in MALFORMED:
        assert await refused(lune, "POST", path, content=content, headers=headers) == (400, "validation_error"), content


def bundles(lune: Rest, *percentages: Any) -> list[dict[str, Any]]:
    ids = [lune.shop.forest.id.hex, lune.shop.ocean.id.hex]
    return [{"bundle_id": each, "percentage": share} for each, share in zip(ids, percentages, strict=True)]


WRONG_AMOUNTS = [5, 1.5, "-1", "+1", "1e3", " 1", "1,5", ".5", "5.", "", "1\n", "\u0661", "9" * 41, "NaN", None, True]
WRONG_AMOUNTS += ["5\n", "5.5\n", "5\r"]
WRONG: dict[str, Callable[[Rest], tuple[str, Any, str]]] = {
    **{
        f"mass {amount!r}": lambda _, amount=amount: (
            "by-mass",
            {"mass": {"amount": amount, "unit": "t"}},
            "validation_error",
        )
        for amount in WRONG_AMOUNTS
    },
    **{
        f"value {value!r}": lambda _, value=value: ("by-value", {"value": value}, "validation_error")
        for value in WRONG_AMOUNTS
    },
    "no mass": lambda _: ("by-mass", {}, "validation_error"),
    "no unit": lambda _: ("by-mass", {"mass": {"amount": "1"}}, "validation_error"),
    "another unit": lambda _: ("by-mass", {"mass": {"amount": "1", "unit": "lb"}}, "validation_error"),
    "milligrams": lambda _: ("by-mass", {"mass": {"amount": "1", "unit": "mg"}}, "validation_error"),
    "more than the world emits": lambda _: (
        "by-mass",
        {"mass": {"amount": "9999999999", "unit": "t"}},
        "validation_error",
    ),
    "mass and bundle masses": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_masses": [{"bundle_id": lune.shop.ocean.id.hex, "mass": KILOGRAM}]},
        "validation_error",
    ),
    "a selection and bundle masses": lambda lune: (
        "by-mass",
        {
            "bundle_masses": [{"bundle_id": lune.shop.ocean.id.hex, "mass": KILOGRAM}],
            "bundle_selection": bundles(lune, 50, 50),
        },
        "validation_error",
    ),
    "no bundle masses": lambda _: ("by-mass", {"bundle_masses": []}, "validation_error"),
    "an unknown bundle mass": lambda _: (
        "by-mass",
        {"bundle_masses": [{"bundle_id": UNKNOWN, "mass": KILOGRAM}]},
        "bundle_id_invalid",
    ),
    "another step": lambda _: ("by-mass", {"mass": KILOGRAM, "quantity_trunc": "mg"}, "validation_error"),
    "a value below a cent": lambda _: ("by-value", {"value": "0.009"}, "order_value_invalid"),
    "no value": lambda _: ("by-value", {"value": "0"}, "order_value_invalid"),
    "99 percent": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, 33, 66)},
        "bundle_selection_ratios_invalid",
    ),
    "99.99 percent": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, "33.33", "66.66")},
        "bundle_selection_ratios_invalid",
    ),
    "percentages for some": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, 50, None)},
        "bundle_selection_ratios_invalid",
    ),
    "nothing of a bundle": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, 100, 0)},
        "bundle_selection_ratios_invalid",
    ),
    "no bundles": lambda _: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": []},
        "bundle_selection_ratios_invalid",
    ),
    "three decimals": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, "33.333", "66.667")},
        "bundle_selection_ratios_invalid_format",
    ),
    "a negative percentage": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, -1, 101)},
        "bundle_selection_ratios_invalid_format",
    ),
    "a float percentage": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": bundles(lune, 33.5, 66.5)},
        "validation_error",
    ),
    "an unknown bundle": lambda _: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": [{"bundle_id": UNKNOWN}]},
        "bundle_selection_bundle_invalid",
    ),
    "no bundle id": lambda _: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": [{"bundle_id": "forest"}]},
        "bundle_id_invalid",
    ),
    "twenty-one bundles": lambda lune: (
        "by-mass",
        {"mass": KILOGRAM, "bundle_selection": [{"bundle_id": lune.shop.ocean.id.hex}] * 21},
        "bundle_selection_bundle_invalid",
    ),
    "an unknown estimate": lambda _: ("by-estimate", {"estimate_id": UNKNOWN}, "estimate_not_found"),
    "no estimate id": lambda _: ("by-estimate", {"estimate_id": "x"}, "estimate_not_found"),
    "no estimate": lambda _: ("by-estimate", {}, "validation_error"),
    "an empty key": lambda _: ("by-value", {"value": "1", "idempotency_key": ""}, "validation_error"),
    "a key too long": lambda _: ("by-value", {"value": "1", "idempotency_key": "k" * 101}, "validation_error"),
    "a key with NUL": lambda _: ("by-value", {"value": "1", "idempotency_key": "k\0"}, "validation_error"),
    "a key that is a number": lambda _: ("by-value", {"value": "1", "idempotency_key": 1}, "validation_error"),
    "metadata that is no text": lambda _: ("by-value", {"value": "1", "metadata": {"a": 1}}, "validation_error"),
    "metadata with NUL": lambda _: ("by-value", {"value": "1", "metadata": {"a": "\0"}}, "validation_error"),
    "metadata too long": lambda _: ("by-value", {"value": "1", "metadata": {"a": "b" * 501}}, "validation_error"),
    "metadata too many": lambda _: (
        "by-value",
        {"value": "1", "metadata": {str(number): "" for number in range(51)}},
        "validation_error",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_is_400_with_its_code(lune: Rest, wrong: Callable[[Rest], tuple[str, Any, str]]) -> None:
    way, body, code = wrong(lune)

    assert await refused(lune, "POST", f"/orders/{way}", body) == (400, code)
    if way != "by-estimate" and not {"idempotency_key", "metadata"} & set(body):
        assert await refused(lune, "POST", f"/orders/{way}/quote", body) == (400, code)


async def test_a_disabled_bundle_takes_no_orders(lune: Rest) -> None:
    bundle = make_bundle(disabled_at=datetime(2026, 1, 1, tzinfo=UTC))
    await store(lune.shop.database, bundle, make_price(bundle, "10"))
    body = {"mass": KILOGRAM, "bundle_selection": [{"bundle_id": bundle.id.hex}]}

    assert await refused(lune, "POST", "/orders/by-mass", body) == (400, "bundle_selection_bundle_invalid")


NOTHING_LEFT = [
    ("by-mass", {"mass": {"amount": "0", "unit": "t"}}),
    ("by-mass", {"mass": {"amount": "0.4", "unit": "g"}}),
    ("by-mass", {"mass": {"amount": "900", "unit": "kg"}, "quantity_trunc": "t"}),
    ("by-value", {"value": "0.01", "quantity_trunc": "kg"}),
]


@pytest.mark.parametrize(("way", "body"), NOTHING_LEFT)
async def test_a_mass_that_rounds_to_zero_is_409(lune: Rest, way: str, body: Any) -> None:
    assert await refused(lune, "POST", f"/orders/{way}", body) == (409, "order_quantity_invalid")
    assert await refused(lune, "POST", f"/orders/{way}/quote", body) == (409, "order_quantity_invalid")


async def test_a_suspended_account_may_quote_and_read_but_not_order(lune: Rest) -> None:
    estimate = await lune.post("/estimates/electricity", {"consumption": {"amount": "100", "unit": "kWh"}})
    await suspend_account(lune.shop.resources, lune.shop.account.id)
    suspended = (409, "account_suspended")

    assert await refused(lune, "POST", "/orders/by-mass", {"mass": KILOGRAM}) == suspended
    assert await refused(lune, "POST", "/orders/by-value", {"value": "1"}) == suspended
    assert await refused(lune, "POST", "/orders/by-estimate", {"estimate_id": estimate["id"]}) == suspended
    assert await refused(lune, "POST", "/orders/by-mass", {"mass": {}}) == (400, "validation_error")
    await lune.post("/orders/by-mass/quote", {"mass": KILOGRAM})
    assert (await lune.get("/orders"))["data"] == []


@pytest.mark.parametrize("path", READS)
async def test_what_does_not_exist_is_404(lune: Rest, path: str) -> None:
    assert await refused(lune, "GET", path) == (404, "not_found")


@pytest.mark.parametrize("path", ["/orders/1", "/orders/by-mass/x", "/nothing", "/orders/", f"/orders/{UUID(int=0)}"])
async def test_what_cannot_exist_is_404(lune: Rest, path: str) -> None:
    assert await refused(lune, "GET", path) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/orders/by-mass", "POST"),
        ("DELETE", "/orders", "GET"),
        ("DELETE", f"/orders/{UNKNOWN}", "GET"),
        ("POST", "/bundle-selections", "GET, PUT"),
        ("OPTIONS", "/accounts/client", "GET, POST"),
    ],
)
async def test_another_method_is_405_and_told_which_there_are(lune: Rest, method: str, path: str, allowed: str) -> None:
    answer = await lune.ask(method, path, key="")

    assert told(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_head_is_get_without_a_body(lune: Rest) -> None:
    answer = await lune.http.head("/lune/v1/orders", headers={"authorization": f"Bearer {lune.key}"})

    assert answer.status_code == 200


@pytest.mark.parametrize("version", ["2024-08-08", "2023-10-01"])
async def test_the_version_is_echoed(lune: Rest, version: str) -> None:
    answer = await lune.ask("GET", "/orders", headers={"lune-version": version})

    assert answer.headers["lune-version"] == version


async def test_a_version_that_is_no_date_is_refused(lune: Rest) -> None:
    assert await refused(lune, "GET", "/orders", headers={"lune-version": "latest"}) == (400, "api_version_invalid")


async def test_the_sixteenth_request_of_a_second_is_429_for_that_key_alone(
    database: Database, database_url: str
) -> None:
    shop = await open_shop(database)
    async with open_rest("lune", shop, database_url, lune_requests_per_s=15) as lune:
        another = await lune.new_key()
        answers = []
        while not answers or answers[-1].status_code == 200:
            assert len(answers) < 200
            answers.append(await lune.ask("GET", "/accounts/me"))

        assert told(answers[-1]) == (429, "rate_limit_exceeded")
        assert answers[-1].headers["retry-after"] == "1"
        assert answers[-1].headers["ratelimit"] == '"lune";r=0;t=1'
        assert answers[0].headers["ratelimit"] == '"lune";r=14;t=1'
        assert answers[0].headers["ratelimit-policy"] == '"lune";q=15;w=1'
        assert len(answers) > 15
        calls = [("POST", path, BODIES[path]) for path in CREATES + QUOTES]
        calls += [("GET", path, None) for path in [*READS, "/orders"]]
        for method, path, body in calls:
            before = len(answers)
            while answers[-1].status_code != 429 or len(answers) == before:
                assert len(answers) < 1_000
                answers.append(await lune.ask(method, path, body))
            assert told(answers[-1]) == (429, "rate_limit_exceeded"), (method, path)
        assert (await lune.ask("GET", "/accounts/me", key=another)).status_code == 200


async def test_a_fault_is_a_masked_500(database: Database, database_url: str) -> None:
    shop = await open_shop(database)
    await shop.execute("ALTER TABLE order_lines RENAME TO mislaid")

    async with open_rest("lune", shop, database_url) as lune:
        answer = await lune.ask("POST", "/orders/by-value", {"value": "1"})
    await shop.execute("ALTER TABLE mislaid RENAME TO order_lines")

    assert told(answer) == (500, "internal_server_error")
    assert "order_lines" not in answer.text


@asynccontextmanager
async def slow_sender(url: str) -> AsyncIterator[tuple[Contract, httpx.AsyncClient]]:
    app = create_app(
        Settings(database_url=url, workers_embedded=False, body_timeout_ms=50, in_flight_max=1), pepper=PEPPER
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with started(app), httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield contract_named("lune"), client


async def test_a_body_that_does_not_arrive_is_408_in_lunes_words(database_url: str) -> None:
    async def dribble() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    async with slow_sender(database_url) as (_, client):
        answer = await client.post("/lune/v1/orders/by-mass", content=dribble())

    assert told(answer) == (408, "request_timeout")
