"""A real server with a small schema on loopback, and a real browser that can reach nothing else."""

import asyncio
import json
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import Path

import pytest
import strawberry
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL
from strawberry.types import Info

from service.api.pages.explorer import BUNDLE, explorer_routes, load_explorer
from tests.programs import lacking

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = BUNDLE.parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--no-opt",  # a page is seen for seconds: to optimise its scripts takes longer than it saves
    "--host-resolver-rules=MAP plain.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

expect.set_options(timeout=20_000)  # a busy machine takes several times as long as an idle one


@strawberry.enum
class MassUnit(Enum):
    GRAM = 1
    KILOGRAM = 1_000
    TONNE = 1_000_000


@strawberry.input
class MassInput:
    amount: str
    unit: MassUnit


@strawberry.type(description="A mass. One value in several units.")
class Mass:
    grams: str


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Bundle:
    name: str


@strawberry.type
class QuoteLine:
    bundle: Bundle
    mass: Mass


@strawberry.type(description="A price that holds until `expiresAt`.")
class Quote:
    id: strawberry.ID
    mass: Mass
    net_cost: Money
    commission: Money
    total_cost: Money
    expires_at: str
    lines: list[QuoteLine]


@strawberry.type
class UserError:
    code: str
    message: str
    path: list[str]


@strawberry.type
class QuotePayload:
    quote: Quote | None
    user_errors: list[UserError]


@strawberry.input
class QuoteByMassInput:
    mass: MassInput


@strawberry.type
class Query:
    @strawberry.field(description="The Authorization header that came with this request.")
    def authorization(self, info: Info) -> str | None:
        return info.context["request"].headers.get("authorization")


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Prices a mass and stores the quote.")
    def quote_by_mass(self, input: QuoteByMassInput) -> QuotePayload:  # noqa: A002 - GraphQL's name for it
        mass = Mass(grams=f"{Decimal(input.mass.amount) * input.mass.unit.value:f}".rstrip("0").rstrip("."))
        cost = Money(amount="0.85", currency="USD")
        line = QuoteLine(bundle=Bundle(name="Mangroves"), mass=mass)
        quote = Quote(
            id=strawberry.ID("UXVvdGU6MQ"),
            mass=mass,
            net_cost=cost,
            commission=Money(amount="0.00", currency="USD"),
            total_cost=cost,
            expires_at="2030-01-01T00:00:00Z",
            lines=[line],
        )
        return QuotePayload(quote=quote, user_errors=[])


@strawberry.type
class Subscription:
    @strawberry.subscription(description="Counts without an end.")
    async def ticks(self) -> AsyncGenerator[int, None]:
        for number in range(1_000):
            yield number
            await asyncio.sleep(0.05)


schema = strawberry.Schema(Query, Mutation, Subscription)


def missing(what: str) -> None:
    lacking(f"{what} is needed to try the pages in a browser", "REQUIRE_BROWSER")


def serve(bundle: Path) -> Iterator[str]:
    """The origin of a server that shows the explorer on a GET and runs operations on a POST."""
    yield from serve_app(explorer_app(bundle))


def explorer_app(bundle: Path, prefix: str = "") -> Starlette:
    """The explorer as a browser sees it below the prefix."""
    endpoint = f"{prefix}/graphql"
    explorer = load_explorer(endpoint, bundle=bundle)

    view = GraphQL(schema, graphql_ide=None, subscription_protocols=["graphql-transport-ws", "graphql-sse"])
    routes = [
        *explorer_routes(explorer, schema.as_str, endpoint),
        Route(endpoint, explorer.page, methods=["GET"]),
        Mount(endpoint, view),
        Route(endpoint, view),
    ]
    return Starlette(routes=routes)


def serve_app(app: ASGIApp) -> Iterator[str]:
    """The origin of a server of the application, ended afterwards."""
    config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            pytest.fail("the server did not start")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def bundled() -> Iterator[str]:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled explorer (make explorer)")
    yield from serve(BUNDLE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(tmp_path_factory.mktemp("no-bundle"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """An open page, and what it did that it should not have."""

    page: Page
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def storage(self) -> str:
        return self.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")

    def violations(self, within: str = "html") -> list[tuple[str, str]]:
        """What axe-core finds wrong, as rule and element. Complaints that axe itself causes are not the page's."""
        if not AXE.exists():
            missing("axe-core (make explorer)")
        before = len(self.complaints)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("within => axe.run(within, {preload: false, resultTypes: ['violations']})", within)[
            "violations"
        ]
        del self.complaints[before:]
        return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a page; afterwards it must have asked nothing of another origin and logged no error."""
    visits: list[Visit] = []

    def open_page(
        origin: str, scheme: str = "light", width: int = 1280, path: str = "/graphql", languages: str = ""
    ) -> Visit:
        """`languages` are those of the browser, the reader's first one first; by default `en-US`."""
        context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
        if languages:
            told = json.dumps(languages.split(","))
            context.add_init_script(f"Object.defineProperty(navigator, 'languages', {{value: {told}}})")
        context.set_default_timeout(20_000)
        page = context.new_page()
        visit = Visit(page)
        visits.append(visit)
        ours = (f"{origin}/", "data:", "blob:")
        context.on("request", lambda request: request.url.startswith(ours) or visit.outside.append(request.url))
        page.on("console", lambda said: said.type == "error" and visit.complaints.append(said.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.goto(f"{origin}{path}")
        return visit

    yield open_page
    for visit in visits:
        visit.page.context.close()
        assert visit.outside == []
        assert visit.complaints == []
