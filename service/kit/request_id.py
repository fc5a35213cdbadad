"""The id of the request that a task works for: it is in the task's log lines, and in errors that the caller sees."""

from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Empty outside a request."""
