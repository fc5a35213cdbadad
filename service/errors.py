"""The closed list of refusals: every way in which the service says no, and what a caller may do about it.

A refusal is decided by a rule and is safe to show. Whatever else goes wrong is a fault: it is masked, logged with the
request id that the caller sees, and counted. Refusals travel as values where one must not spoil its neighbours (a group
of orders) and are raised everywhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means, the HTTP status a REST API gives it, and whether the same request may succeed later."""

    meaning: str
    http_status: int
    may_retry: bool = False


class Code(StrEnum):
    """The codes. Names follow Apollo Server and Shopify where those have one."""

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
    Code.BAD_USER_INPUT: Reason("A value has the wrong form or is out of its bounds.", 400),
    Code.UNAUTHENTICATED: Reason("No API key was sent, or it is unknown, revoked or expired.", 401),
    Code.FORBIDDEN: Reason(
        "The API key lacks the scope that this call needs, or asks for what only a parent account's key may read.", 403
    ),
    Code.ACCOUNT_SUSPENDED: Reason("The account may read but not change anything until it is reinstated.", 409),
    Code.ACCOUNT_SELECTED_INVALID: Reason("The account that was selected cannot be acted for with this API key.", 400),
    Code.TEST_ACCOUNT_REQUIRED: Reason("Only a test account may simulate; this one is live.", 403),
    Code.NOT_FOUND: Reason("There is no such thing, or it belongs to another account.", 404),
    Code.IDEMPOTENCY_KEY_REUSED: Reason("The key was used for a different command; nothing was changed.", 422),
    Code.QUANTITY_INVALID: Reason("The mass that results is not positive.", 409),
    Code.SELECTION_INVALID: Reason("The bundles or their weights do not form a selection.", 400),
    Code.BUNDLE_UNAVAILABLE: Reason("A bundle is unknown, or is no longer sold.", 400),
    Code.CURRENCY_UNAVAILABLE: Reason("A bundle has no price in this currency.", 400),
    Code.MAXIMUM_TOTAL_EXCEEDED: Reason("The total would be above the maximum that the caller set.", 409),
    Code.INSUFFICIENT_CREDITS: Reason("Not enough credits are in stock and the caller refused a backorder.", 409, True),
    Code.HOLD_LIMIT_EXCEEDED: Reason("The account's quotes would hold more credits than they may.", 409, True),
    Code.QUOTE_EXPIRED: Reason("The quote no longer holds; ask for a new one.", 409),
    Code.QUOTE_USED: Reason("An order was already placed from this quote.", 409),
    Code.ESTIMATE_USED: Reason("An order was already placed for this estimate.", 409),
    Code.ORDER_STATE: Reason("The order's state does not allow this move.", 409),
    Code.PAYMENT_STATE: Reason("The state of the order's payment does not allow this move.", 409),
    Code.PAYMENT_REFUSED: Reason("A simulated payment was refused; the order stands and owes what it owed.", 402),
    Code.INSUFFICIENT_BALANCE: Reason("The balance does not pay for the whole order; nothing was created.", 409),
    Code.CREDIT_LIMIT_EXCEEDED: Reason("More would be owed than the credit limit allows; nothing was created.", 409),
    Code.MAX_COST_EXCEEDED: Reason("The GraphQL document is too large, too deep or too expensive.", 400),
    Code.METHOD_NOT_ALLOWED: Reason("The address exists, but not for this HTTP method; Allow names those it has.", 405),
    Code.PAYLOAD_TOO_LARGE: Reason("The request body is above the limit.", 413),
    Code.UNSUPPORTED_MEDIA_TYPE: Reason("The request body is not labelled as JSON.", 415),
    Code.REQUEST_TIMEOUT: Reason("The request body did not arrive in time.", 408, True),
    Code.THROTTLED: Reason("Too many requests; wait as long as Retry-After says.", 429, True),
    Code.UNAVAILABLE: Reason("The service cannot do this now; nothing was changed unless the key says so.", 503, True),
    Code.INTERNAL_SERVER_ERROR: Reason("A fault of the service, masked and logged under the request id.", 500, True),
}


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """The service said no, for a reason of the closed list; `path` leads to the fault in the caller's input."""

    def __init__(self, code: Code, message: str, path: Sequence[str | int] = (), **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = tuple(path)
        self.details = details

    @property
    def reason(self) -> Reason:
        return REASONS[self.code]
