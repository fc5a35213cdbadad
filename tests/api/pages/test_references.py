"""The references of the REST contracts, as a person meets them in a browser that reaches nothing but our server."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.api.pages.reference_page import reference_html
from service.api.pages.references import BUNDLE, Described, load_references, reference_routes
from service.api.rest.contract import Contract, Endpoint
from service.api.rest.openapi import openapi_document
from tests.api.pages.conftest import missing, serve_app


class Problem(msgspec.Struct):
    error: str


class NewOrder(msgspec.Struct):
    """What is bought."""

    mass: Annotated[str, msgspec.Meta(description="Tonnes, as a decimal.", max_length=20)]
    currency: str | None = None
    metadata: dict[str, str] = {}


class Share(msgspec.Struct):
    name: str
    percent: str


class Order(msgspec.Struct):
    id: str
    status: Literal["placed", "cancelled"]
    shares: list[Share]


class Paging(msgspec.Struct):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="Orders of a page.")] = 20


async def list_orders(_call: object) -> None: ...
async def create_order(_call: object) -> None: ...
async def read_order(_call: object) -> None: ...


CONTRACT = Contract(
    name="sample",
    title="Orders of another house",
    description="Programs change their base URL and nothing else.",
    version="1",
    endpoints=(
        Endpoint(method="GET", path="/v1/orders", operation_id="list_orders", summary="List orders",
                 handler=list_orders,
                 responses={200: list[Order]}, query=Paging),
        Endpoint(method="POST", path="/v1/orders", operation_id="create_order", summary="Create an order",
                 handler=create_order,
                 responses={201: Order}, body=NewOrder, request_headers=("Idempotency-Key",)),
        Endpoint(method="GET", path="/v1/orders/{id}", operation_id="read_order", summary="Read an order",
                 handler=read_order,
                 responses={200: Order}, refusals=frozenset({404})),
    ),
    components={each: each.__name__ for each in (Problem, NewOrder, Share, Order, Paging)},
    error_model=Problem,
    refusal=lambda _refused, _request_id: (400, Problem("no")),
)  # fmt: skip
DOCS = "/sample/docs"


def serve(bundle: Path) -> Iterator[str]:
    """The origin of a server of every contract's page and document, and of one address that repeats the key it got."""

    def document(request: Request) -> JSONResponse:
        return JSONResponse(openapi_document(CONTRACT, str(request.base_url).rstrip("/")))

    def echo(request: Request) -> JSONResponse:
        return JSONResponse({"authorization": request.headers.get("authorization")})

    described = Described(
        CONTRACT.name, CONTRACT.title, lambda request: openapi_document(CONTRACT, str(request.base_url))
    )
    routes = [
        *reference_routes(load_references(bundle=bundle), [described]),
        Route(f"{CONTRACT.prefix}/openapi.json", document),
        Route(f"{CONTRACT.prefix}/v1/{{rest:path}}", echo),
    ]
    yield from serve_app(Starlette(routes=routes))


@pytest.fixture(scope="module")
def viewer() -> Iterator[str]:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled references (make references)")
    yield from serve(BUNDLE)


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(tmp_path_factory.mktemp("no-bundle"))


@pytest.fixture(params=["viewer", "simple"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=request.getfixturevalue(request.param)) as client:
        yield client


def drawn(page: Page) -> Page:
    """The viewer, once it has shown an operation; the others are drawn as they come into view."""
    expect(page.get_by_role("heading", name=CONTRACT.title).first).to_be_visible()
    expect(page.get_by_role("heading", name=CONTRACT.endpoints[0].summary).first).to_be_visible()
    return page


def test_the_page_is_not_cached_and_its_files_are_local_and_cached(client):
    response = client.get(DOCS)
    assert response.headers["cache-control"] == "no-cache"
    files = re.findall(r'(?:src|href)="(/references/[^"]+)"', response.text)
    assert len(files) >= 2
    for file in files:
        answer = client.get(file)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_the_policy_lets_the_page_speak_to_its_own_origin_only(client):
    policy = dict(part.strip().split(" ", 1) for part in client.get(DOCS).headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy.get("connect-src", "'self'") == policy.get("script-src", "'self'") == "'self'"
    assert policy["frame-ancestors"] == "'none'"


def test_the_plain_page_shows_every_operation_and_every_member_of_every_model(simple):
    html = httpx.get(f"{simple}{DOCS}").text
    document = openapi_document(CONTRACT, simple)

    for path, item in document["paths"].items():
        for method in item:
            assert f"<b>{method.upper()}</b> {path}" in html
    for name, schema in document["components"]["schemas"].items():
        section = html.partition(f'id="model-{name}"')[2].partition("</section>")[0]
        for member in schema.get("properties", {}):
            assert f"<code>{member}</code>" in section, (name, member)
    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= anchors


def test_a_document_cannot_write_markup_into_the_plain_page():
    document = openapi_document(CONTRACT, "https://example.com")
    document["info"]["description"] = "<script>alert(1)</script>"

    assert "<script" not in reference_html(document, document_url="/d", style="/s", icon="/i")


def test_the_viewer_lists_every_operation_and_leads_to_it(visit, viewer):
    page = drawn(visit(viewer, path=DOCS).page)
    for endpoint in CONTRACT.endpoints:
        page.get_by_role("link", name=endpoint.summary).first.click()
        expect(page.get_by_role("heading", name=endpoint.summary).first).to_be_in_viewport()


def test_a_request_tried_in_the_viewer_goes_to_our_origin_with_the_key_and_the_key_is_not_kept(visit, viewer):
    opened = visit(viewer, path=DOCS)
    page = drawn(opened.page)
    page.get_by_placeholder("Token").first.fill("secret")
    page.get_by_role("button", name=re.compile("Test Request")).first.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send")).first.click()
    expect(page.get_by_role("dialog").get_by_text("Bearer secret").first).to_be_visible()
    assert "secret" not in opened.storage()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", ["viewer", "simple"])
def test_everybody_can_read_it(request, visit, tmp_path, kind, scheme, width):
    opened = visit(request.getfixturevalue(kind), scheme, width, DOCS)
    page = opened.page
    if kind == "viewer":
        drawn(page)
    page.screenshot(path=tmp_path / f"{kind}.png")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.violations() == []
    shown = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", shown)[:3])) < 200) == (scheme == "dark")
