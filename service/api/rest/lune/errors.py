"""Error responses of Lune: its error codes, their statuses, and the one form of every error body.

Old clients read `errors`, newer ones `error`; both are present on every status.
"""

from typing import Any

import msgspec

from service.api.rest.contract import Refusal
from service.errors import Code, Refused


class Error(msgspec.Struct):
    """A code and an explanation of an error."""

    error_code: str
    message: str


class Errors(msgspec.Struct):
    """An error. The member `error` and the only element of `errors` are equal."""

    error: Error
    errors: list[Error]


def errors_of(error_code: str, message: str) -> Errors:
    """Return the body of a refusal."""
    error = Error(error_code, message)
    return Errors(error, [error])


_CODES: dict[Code, tuple[int, str]] = {
    Code.BAD_USER_INPUT: (400, "validation_error"),
    Code.UNAUTHENTICATED: (401, "unauthorised"),
    Code.FORBIDDEN: (403, "forbidden"),
    Code.ACCOUNT_SELECTED_INVALID: (400, "invalid_selected_account_id"),
    Code.ACCOUNT_SUSPENDED: (409, "account_suspended"),
    Code.NOT_FOUND: (404, "not_found"),
    Code.IDEMPOTENCY_KEY_REUSED: (409, "order_idempotency_already_exists"),
    Code.QUANTITY_INVALID: (409, "order_quantity_invalid"),
    Code.SELECTION_INVALID: (400, "bundle_selection_ratios_invalid"),
    Code.BUNDLE_UNAVAILABLE: (400, "bundle_selection_bundle_invalid"),
    Code.CURRENCY_UNAVAILABLE: (400, "bundle_selection_bundle_invalid"),
    Code.INSUFFICIENT_CREDITS: (409, "insufficient_credits"),
    Code.CREDIT_LIMIT_EXCEEDED: (409, "insufficient_credits"),
    Code.ESTIMATE_USED: (409, "estimate_order_already_placed"),
    Code.METHOD_NOT_ALLOWED: (405, "method_not_allowed"),
    Code.PAYLOAD_TOO_LARGE: (413, "payload_too_large"),
    Code.UNSUPPORTED_MEDIA_TYPE: (415, "unsupported_media_type"),
    Code.REQUEST_TIMEOUT: (408, "request_timeout"),
    Code.THROTTLED: (429, "rate_limit_exceeded"),
    Code.UNAVAILABLE: (503, "service_unavailable"),
    Code.INTERNAL_SERVER_ERROR: (500, "internal_server_error"),
}


MEMBERS: dict[str, tuple[str, ...]] = {
    "selection": ("bundle_selection",),
    "portfolio_id": ("bundle_portfolio_id",),
    "beneficiary_name": ("beneficiary",),
    "country": ("country_code",),
    "origin": ("source",),
    "amount": ("consumption.amount",),
}
"""Lune's names for members that the domain names differently; a point leads into a nested object."""


def invalid(error_code: str, message: str, *path: str | int) -> Refused:
    """Return a refusal with status 400 and one of Lune's codes, for cases where these are more specific than the
    service's.
    """
    return Refused(Code.BAD_USER_INPUT, message, path, error_code=error_code)


def refusal(refused: Refused, _request_id: str) -> Refusal:
    """Return the status and body of a refusal; its message begins with the path of the faulty member."""
    status, error_code = _CODES.get(refused.code, (refused.reason.http_status, refused.code.lower()))
    if refused.code is Code.BUNDLE_UNAVAILABLE and refused.path[:1] == ("bundle_masses",):
        error_code = "bundle_id_invalid"
    shown_code: Any = refused.details.get("error_code", error_code)
    place = ".".join(map(str, refused.path))
    return status, errors_of(shown_code, f"{place}: {refused.message}" if place else refused.message)
