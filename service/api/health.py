"""The addresses /health/live and /health/ready, for load balancers and supervisors."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.operations.check_health import is_ready
from service.operations.resources import Resources

HEALTH = "/health/"


def health_routes(resources_of: Callable[[Request], Resources]) -> list[Route]:
    """Return both routes. Readiness names the replica if there is one, and does not depend on it."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(request: Request) -> Response:
        resources = resources_of(request)
        is_well = is_ready(resources)
        state = {"status": "ready" if is_well else "database away"}
        if resources.replica is not None:
            state["replica"] = "ready" if resources.replica.is_ready else "away"
        return JSONResponse(state, 200 if is_well else 503)

    return [Route(f"{HEALTH}live", live), Route(f"{HEALTH}ready", ready)]
