"""Shortcut for GraphQL requests around the routes of all other pages."""

from collections.abc import Awaitable

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


class GraphQLPostRoute:
    """Middleware that hands one path directly to its application, without Starlette's middleware and the matching of
    fifty routes, which take as long as a page of orders. All other paths take the usual route.
    """

    def __init__(self, application: Starlette, path: str, straight: ASGIApp) -> None:
        self._application = application
        self._path = path
        self._straight = straight

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan" or scope["path"] != self._path:
            return self._application(scope, receive, send)
        return self._straight(scope, receive, send)
