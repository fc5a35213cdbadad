"""Requests to every route of the application, complete and permitted, and the routes themselves."""

from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from service.api.rest.contracts import CONTRACTS
from service.app import create_app
from service.settings import Settings
from tests.api.refusals import rest_cases
from tests.api.refusals.world import filled
from tests.domain.test_logos import svg
from tests.permissions.world import Identity, Stage

IN_PATHS = {
    "/lune/v1/orders/{id}": "complete",
    "/lune/v1/orders/{id}/certificate": "complete",
    "/lune/v1/bundles/{id}": "forest",
    "/lune/v1/estimates/electricity/{id}": "electricity",
    "/lune/v1/projects/{id}": "project",
    "/lune/v1/accounts/client/{id}": "client",
    "/lune/v1/accounts/client/{id}/logo": "client",
    "/lune/v1/webhooks/{id}": "lune_hook",
    "/lune/v1/webhooks/{id}/rotate-secret": "lune_hook",
    "/carbon-engine/v1/orders/{id}": "in_riyals",
    "/carbon-engine/v1/orders/{id}/cancel": "failed_in_riyals",
    "/carbonext/v1/orders/{id}/cancel": "cancelled",
    "/carbonext/v1/invoices/{id}": "invoice",
}
"""The object that the parameter `id` of an address stands for."""

PAGE = {"status": "enabled", "slug": "acme", "title": "by_volume", "sections": []}

BODIES: dict[str, Any] = {
    **{
        f"{method} /{contract}/v1{path}": complete
        for contract, places in rest_cases.CONTRACTS.items()
        for method, path, complete in ((*place.split(), complete) for place, (complete, _) in places.items())
        if method != "GET"
    },
    "PUT /lune/v1/bundle-selections": [{"bundle_id": "$forest"}],
    "PUT /lune/v1/bundle-portfolios": {"bundle_portfolio_id": "$mix"},
    "PATCH /lune/v1/accounts/client/{id}": {"name": "client"},
    **{f"{method} /lune/v1/sustainability-pages": PAGE for method in ("POST", "PUT")},
    "POST /lune/v1/webhooks": {"url": "https://hooks.example.com/"},
    "PUT /lune/v1/webhooks/{id}": {"url": "https://hooks.example.com/"},
    "POST /carbonext/v1/orders/cancel": {"ordersIds": ["$cancelled"]},
}
QUERIES = {"GET /carbonext/v1/prices": {"target-currency": "USD"}}


def routes() -> set[str]:
    """Return each method and path that the application serves; addresses that no endpoint has are left out."""
    app: Any = create_app(Settings(database_url="sqlite://unused"), pepper=b"pepper")  # type: ignore[arg-type]
    while not isinstance(app, Starlette):
        app = getattr(app, "_application", None) or app._app
    return set(_routes_of(app.routes, ""))


def _routes_of(found: Any, prefix: str) -> Iterator[str]:
    for route in found:
        if isinstance(route, Mount):
            yield from _routes_of(route.routes, prefix + route.path)
        else:
            assert isinstance(route, Route)
            if "unknown" not in route.path:
                declared = getattr(route.endpoint, "_by_method", None) or route.methods or ()
                yield from (f"{method} {prefix}{route.path}" for method in declared if method != "HEAD")


async def send(stage: Stage, identity: Identity, place: str) -> Any:
    """Return the answer to the route's complete request."""
    method, template = place.split()
    contract = template.split("/")[1]
    owner = identity.owner

    def spelled(name: str) -> str:
        each = stage.id_of(name, owner)
        return str(each) if contract == "carbonext" else each.hex

    path = template.replace("{id}", spelled(IN_PATHS.get(template, "account")))
    path = path.replace("{type}", "live").replace("{handle}", "known")
    path = path.replace("{organisation_id}", stage.world.shop.account.organisation_id.hex)
    path = path.replace("{idempotency_key:path}", "used").replace("{resource}", "Orders").replace("{slug}", "trees")
    options: dict[str, Any] = {"headers": identity.lune_headers if contract == "lune" else identity.headers}
    if path.endswith("/logo") and method == "POST":
        options["files"] = {"logo": svg()}
    elif method != "GET":
        options["json"] = filled(BODIES.get(place, {}), {name: spelled(name) for name in stage.named})
        if place == "POST /carbon-engine/v1/orders":
            options["headers"] = {**options["headers"], "idempotency-key": f"permitted {owner}"}
    return await stage.send(method, path, params=QUERIES.get(place), **options)


NAMES = [contract.name for contract in CONTRACTS]
