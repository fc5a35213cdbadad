"""The first page, the answers to addresses that nothing serves, and all pages below the path of a public address.

Seen to fail when: a link of the page leads nowhere; the explorer asks for its files outside the prefix; a redirect
forgets the prefix; a program is answered with HTML.
"""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from service.api.pages.landing import Site, State, landing_routes
from service.api.rest.contract import problem_type
from service.errors import Code
from service.operations.load_demo import load_demo
from service.storage.database import Database
from tests.api.graphql_api import PEPPER, GraphQLApi, open_graphql_api
from tests.shop import open_shop

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PREFIX = "/carbon"
PAGES = ["/", "/graphql", "/lune/docs", "/carbon-engine/docs", "/carbonext/docs", "/problems", "/nothing"]
LINK = re.compile(r'(?:href|src)="([^"]+)"')


@pytest.fixture
async def front(sqlite_url: str) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    async with open_graphql_api(await open_shop(database), sqlite_url) as api:
        yield api
    await database.close()


@pytest.fixture
async def prefixed(sqlite_url: str) -> AsyncIterator[GraphQLApi]:
    """The service behind a proxy that removes the path of the public address."""
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    async with open_graphql_api(shop, sqlite_url, public_url=f"https://shop.example{PREFIX}/") as api:
        yield api
    await database.close()


async def test_the_first_page_needs_no_key_and_no_script_and_all_of_its_links_lead_somewhere(front: GraphQLApi):
    answer = await front.client.get("/", headers=BROWSER)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "Ready for requests" in answer.text
    links = set(LINK.findall(answer.text))
    assert {"/graphql", "/graphql/schema.graphql", "/lune/docs", "/carbon-engine/docs", "/carbonext/docs"} <= links
    assert {link: (await front.client.get(link, headers=BROWSER)).status_code for link in links} == dict.fromkeys(
        links, 200
    )


async def test_the_request_that_the_page_shows_is_answered(front: GraphQLApi):
    html = (await front.client.get("/")).text
    shown = unescape(re.search(r"-d '(.+?)'</code>", html)[1])

    answer = await front.client.post(
        "/graphql",
        content=shown,
        headers={"authorization": f"Bearer {front.key}", "content-type": "application/json"},
    )

    assert answer.json()["data"]["quoteByMass"]["userErrors"] == []


async def test_the_page_says_how_to_get_a_key_of_the_demo(front: GraphQLApi):
    without = (await front.client.get("/")).text
    await load_demo(front.shop.resources, pepper=PEPPER)
    within = (await front.client.get("/")).text

    assert ("The seller gives you an API key" in without, "This service has demo data" in without) == (True, False)
    assert ("The seller gives you an API key" in within, "This service has demo data" in within) == (False, True)


async def test_the_page_is_shown_while_the_database_is_unreachable():
    async def state_of(_request: Request) -> State:
        return State(ready=False, demo=False)

    site = Site(public_address="https://shop.example", prefix="", contracts=[("lune", "Lune")], shows_schema=False)
    transport = httpx.ASGITransport(Starlette(routes=landing_routes(site, state_of)))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        answer = await client.get("/")

    assert answer.status_code == 200
    assert "Not ready: the database is unreachable or read-only" in answer.text
    assert "schema.graphql" not in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/index.html", "/graphql/nothing", "/certificates/"])
async def test_an_unknown_address_is_a_page_for_browsers_and_json_for_programs(front: GraphQLApi, path: str):
    page, problem = await front.client.get(path, headers=BROWSER), await front.client.get(path)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/"' in page.text
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert problem.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such address.",
    }


async def test_an_unknown_method_names_those_that_are_known(front: GraphQLApi):
    answer = await front.client.post("/")

    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    assert answer.json()["detail"] == "This address does not support the method of the request."


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/graphql/", "/graphql"),
        ("/graphql/?query=%7Baccount%7Bname%7D%7D", "/graphql?query=%7Baccount%7Bname%7D%7D"),
        ("/graphql/schema.graphql/", "/graphql/schema.graphql"),
        ("/lune", "/lune/docs"),
        ("/lune/", "/lune/docs"),
        ("/carbonext/docs/", "/carbonext/docs"),
        ("/carbon-engine/openapi.json/", "/carbon-engine/openapi.json"),
    ],
)
async def test_a_slash_too_many_is_redirected(prefixed: GraphQLApi, path: str, target: str):
    answer = await prefixed.client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (308, PREFIX + target)


async def test_a_request_to_graphql_with_a_slash_keeps_its_method(front: GraphQLApi):
    assert (await front.client.post("/graphql/", json={"query": "{account{name}}"})).status_code == 308


async def test_an_address_of_another_host_is_no_redirect(front: GraphQLApi):
    assert (await front.client.get("http://service.test//evil.example/")).status_code == 404


@pytest.mark.parametrize("path", PAGES)
async def test_pages_stay_below_the_path_of_the_public_address(prefixed: GraphQLApi, path: str):
    html = unescape((await prefixed.client.get(path, headers=BROWSER)).text)

    links = {link for link in LINK.findall(html) if not link.startswith("#")}
    links |= set(re.findall(r'"(?:endpoint|schemaUrl|document)": "([^"]+)"', html))
    assert len(links) >= 1
    assert [link for link in links if not link.startswith(f"{PREFIX}/")] == []
    for link in links:
        answer = await prefixed.client.get(link.removeprefix(PREFIX), headers=BROWSER)
        assert answer.status_code == 200, link


async def test_the_type_of_a_problem_leads_to_its_explanation(front: GraphQLApi):
    html = (await front.client.get("/problems")).text

    assert set(re.findall(r'<li id="([^"]+)">', html)) == {problem_type(code).partition("#")[2] for code in Code}
    for contract in ("carbon-engine", "carbonext"):
        problem = (await front.client.get(f"/{contract}/v1/orders")).json()
        page, _, anchor = problem["type"].partition("#")
        answer = await front.client.get(page)
        assert (answer.status_code, f'<li id="{anchor}">' in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("request_id", "instance"),
    [
        ("0c8c0b8ab8c94a9a8f6d6d4a0c3f7e52", "urn:uuid:0c8c0b8a-b8c9-4a9a-8f6d-6d4a0c3f7e52"),
        ("trace-7.1", "tag:carbon-orders,2026:trace-7.1"),
    ],
)
async def test_the_instance_of_a_problem_is_the_request_id_as_a_uri(front: GraphQLApi, request_id: str, instance: str):
    answer = await front.client.get("/carbon-engine/v1/orders", headers={"x-request-id": request_id})

    assert answer.json()["instance"] == instance
