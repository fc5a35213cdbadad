"""A page of another origin in a real browser: it calls the service where the setting names its origin, else not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.api.pages.conftest import serve_app
from tests.examples import demo_service

ASK = """async ([url, key, body, headers]) => {
    try {
        const answer = await fetch(url, {
            method: body ? "POST" : "GET", body: body || undefined,
            headers: {...(key ? {"Authorization": `Bearer ${key}`} : {}), ...headers},
        });
        const names = ["retry-after", "ratelimit", "idempotent-replayed", "x-request-id", "server"];
        const read = Object.fromEntries(names.map(name => [name, answer.headers.get(name)]));
        return {status: answer.status, text: await answer.text(), ...read};
    } catch (error) { return {error: error.name}; }
}"""
JSON = {"Content-Type": "application/json"}
ORDER = '{"amount_kg": 1}'


async def page(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>Somebody else's</title>")


@pytest.fixture
def shop() -> Iterator[str]:
    """The origin of a page that the setting names."""
    yield from serve_app(Starlette(routes=[Route("/", page)]))


@pytest.fixture
def stranger() -> Iterator[str]:
    """The origin of a page that it does not."""
    yield from serve_app(Starlette(routes=[Route("/", page)]))


def asking(chromium: Browser, origin: str) -> Any:
    page = chromium.new_context().new_page()
    page.goto(origin)

    def ask(url: str, key: str = "", body: str = "", **headers: str) -> dict[str, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return page.evaluate(ASK, [url, key, body, {**(JSON if body else {}), **named}])

    return ask


def test_a_page_of_a_named_origin_orders_and_reads_the_headers_and_no_other_reads_anything(
    chromium: Browser, shop: str, stranger: str, tmp_path: Path
) -> None:
    query = '{"query": "{ account { name } }"}'
    with demo_service(tmp_path, SERVICE_CORS_ORIGINS=shop) as service:
        graphql, orders = f"{service.address}/graphql", f"{service.address}/carbon-engine/v1/orders"
        ask = asking(chromium, shop)
        answer = ask(graphql, service.keys["lune"], query)
        assert (answer["status"], '"account"' in answer["text"], bool(answer["x-request-id"])) == (200, True, True)
        assert ask(graphql, "", query)["status"] == 401

        key = service.keys["carbon-engine"]
        first, second = [ask(orders, key, ORDER, Idempotency_Key="a page's order") for _ in range(2)]
        assert (first["status"], second["status"], second["idempotent-replayed"]) == (201, 201, "true")
        assert first["ratelimit"].startswith('"carbon-engine-writes"')
        assert first["text"] == second["text"]

        ask = asking(chromium, stranger)
        assert ask(graphql, service.keys["lune"], query) == {"error": "TypeError"}
        assert ask(orders, key) == {"error": "TypeError"}
