"""The id of the request that a task works for: in its log lines, and in what its caller is told of an error."""

from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Empty outside a request."""
