"""The closed list of refusals: every code with which the service refuses a request, and whether a retry may help.

A refusal is decided by a rule, and its message is safe to show. All other exceptions are faults: they are masked,
logged with the request id that the caller sees, and counted. Refusals are returned as values where one must not fail
its neighbours (a group of orders) and are raised everywhere else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reason:
    """Meaning of a code, the HTTP status that REST APIs use for it, and whether the same request may succeed later."""

    meaning: str
    http_status: int
    may_retry: bool = False


class Code(StrEnum):
    """Codes of refusals. Names follow Apollo Server and Shopify where those have one."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    ACCOUNT_SELECTED_INVALID = "ACCOUNT_SELECTED_INVALID"
    TEST_ACCOUNT_REQUIRED = "TEST_ACCOUNT_REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    QUANTITY_INVALID = "QUANTITY_INVALID"
    SELECTION_INVALID = "SELECTION_INVALID"
    BUNDLE_UNAVAILABLE = "BUNDLE_UNAVAILABLE"
    CURRENCY_UNAVAILABLE = "CURRENCY_UNAVAILABLE"
    MAXIMUM_TOTAL_EXCEEDED = "MAXIMUM_TOTAL_EXCEEDED"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    HOLD_LIMIT_EXCEEDED = "HOLD_LIMIT_EXCEEDED"
    QUOTE_EXPIRED = "QUOTE_EXPIRED"
    QUOTE_USED = "QUOTE_USED"
    ESTIMATE_USED = "ESTIMATE_USED"
    ORDER_STATE = "ORDER_STATE"
    PAYMENT_STATE = "PAYMENT_STATE"
    PAYMENT_REFUSED = "PAYMENT_REFUSED"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    CREDIT_LIMIT_EXCEEDED = "CREDIT_LIMIT_EXCEEDED"
    MAX_COST_EXCEEDED = "MAX_COST_EXCEEDED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


REASONS: dict[Code, Reason] = {
    Code.BAD_USER_INPUT: Reason(
        "A value has the wrong form or is outside its permitted range. Correct the value and send the request again.",
        400,
    ),
    Code.UNAUTHENTICATED: Reason(
        "The request has no API key, or its key or access token is invalid, revoked or expired.", 401
    ),
    Code.FORBIDDEN: Reason(
        "The API key lacks the scope that the request needs, or the API key of a client account reads data that only "
        "keys of the parent account may read.",
        403,
    ),
    Code.ACCOUNT_SUSPENDED: Reason(
        "The account is suspended. The account can read data, but cannot change anything until the seller reinstates "
        "it.",
        409,
    ),
    Code.ACCOUNT_SELECTED_INVALID: Reason("The request selects an account that its API key cannot act for.", 400),
    Code.TEST_ACCOUNT_REQUIRED: Reason("Only orders of test accounts can be simulated, and this account is live.", 403),
    Code.NOT_FOUND: Reason("The object does not exist, or it belongs to another account.", 404),
    Code.IDEMPOTENCY_KEY_REUSED: Reason(
        "The idempotency key or reference was used before with another input. Nothing was changed.", 422
    ),
    Code.QUANTITY_INVALID: Reason("The mass is zero, or becomes zero when it is rounded.", 409),
    Code.SELECTION_INVALID: Reason(
        "The bundles are not a valid selection. For example, a bundle is named twice, or the shares do not sum to 100 "
        "percent.",
        400,
    ),
    Code.BUNDLE_UNAVAILABLE: Reason("A bundle does not exist or is not on sale.", 400),
    Code.CURRENCY_UNAVAILABLE: Reason("A bundle has no price in the currency that the request uses.", 400),
    Code.MAXIMUM_TOTAL_EXCEEDED: Reason(
        "The total would exceed the maximum that the caller set. Nothing was created.", 409
    ),
    Code.INSUFFICIENT_CREDITS: Reason(
        "Too few credits are in stock. The order did not allow a backorder, or the quote was to set credits aside.",
        409,
        True,
    ),
    Code.HOLD_LIMIT_EXCEEDED: Reason(
        "The quote was not created: the account's open quotes would set aside too many credits, or too many quotes "
        "would set credits aside.",
        409,
        True,
    ),
    Code.QUOTE_EXPIRED: Reason("The quote has expired. Request a new quote.", 409),
    Code.QUOTE_USED: Reason("An order was already placed from this quote.", 409),
    Code.ESTIMATE_USED: Reason("An order was already placed for this estimate.", 409),
    Code.ORDER_STATE: Reason("The state of the order does not allow the change.", 409),
    Code.PAYMENT_STATE: Reason("The state of the order's payment does not allow the change.", 409),
    Code.PAYMENT_REFUSED: Reason(
        "A simulated payment was refused, as the request asked. The order and its debt did not change.", 402
    ),
    Code.INSUFFICIENT_BALANCE: Reason(
        "The request asks for payment of the whole total from the balance, but the balance is too low or the API key "
        "may not use it. Nothing was created.",
        409,
    ),
    Code.CREDIT_LIMIT_EXCEEDED: Reason(
        "The order would raise the debt above the credit limit. Nothing was created.", 409
    ),
    Code.MAX_COST_EXCEEDED: Reason(
        "The GraphQL document is too large, too deeply nested or too expensive to run.", 400
    ),
    Code.METHOD_NOT_ALLOWED: Reason(
        "The address does not support this HTTP method. The header Allow lists the methods that it supports.", 405
    ),
    Code.PAYLOAD_TOO_LARGE: Reason("The request body is larger than the service permits.", 413),
    Code.UNSUPPORTED_MEDIA_TYPE: Reason(
        "The Content-Type of the request body is not JSON, or the body has a Content-Encoding.", 415
    ),
    Code.REQUEST_TIMEOUT: Reason("The request body did not arrive in time. Send the request again.", 408, True),
    Code.THROTTLED: Reason(
        "Too many requests were sent. Wait for the number of seconds in the header Retry-After, then send the request "
        "again.",
        429,
        True,
    ),
    Code.UNAVAILABLE: Reason(
        "The service is temporarily unavailable. Send the request again; repeat a write with the same idempotency key.",
        503,
        True,
    ),
    Code.INTERNAL_SERVER_ERROR: Reason(
        "Internal error of the service. The service logs the details under the request id and does not show them.",
        500,
        True,
    ),
}


_RETRY_LATER = frozenset({429, 503})
MESSAGE_MAX = 300
"""Characters of a message: it may quote what a caller sent, which may be as long as a request."""


def shortened(message: str) -> str:
    """Return the message, cut off where it is too long to be shown."""
    return message if len(message) <= MESSAGE_MAX else message[: MESSAGE_MAX - 1] + "…"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A refusal for a reason of the closed list; `path` leads to the faulty member of the caller's input."""

    def __init__(self, code: Code, message: str, path: Sequence[str | int] = (), **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = shortened(message)
        self.path = tuple(path)
        self.details = details
        self.may_retry = self.reason.may_retry
        """True if the same request may succeed later, which a subclass may know better than the code."""

    @property
    def reason(self) -> Reason:
        return REASONS[self.code]

    @property
    def retry_after_s(self) -> int | None:
        """Seconds after which the caller may try again (`Retry-After`); None where the answer says nothing of it."""
        if self.reason.http_status not in _RETRY_LATER or not self.may_retry:
            return None
        seconds = self.details.get("retry_after_s", 1)
        return seconds if isinstance(seconds, int) else 1


def at(path: Sequence[str | int], make: Callable[[], T]) -> T:
    """Return what `make` returns. The path of a refusal that it raises is put below `path`."""
    try:
        return make()
    except Refused as refusal:
        refusal.path = (*path, *refusal.path)
        raise
