"""Error responses of carbon-engine: problem details after RFC 9457, with the errors of each field on 400."""

from http import HTTPStatus

import msgspec

from service.api.rest.contract import Refusal, reason_phrase
from service.errors import Code, Refused

_STATUSES = {
    Code.IDEMPOTENCY_KEY_REUSED: 422,
    Code.QUANTITY_INVALID: 400,
    Code.MAXIMUM_TOTAL_EXCEEDED: 400,
    Code.ACCOUNT_SUSPENDED: 403,
}

MEMBERS: dict[str, tuple[str, ...]] = {
    "mass": ("amount_kg",),
    "value": ("total_price_sar_halalas",),
    "callback_url": ("callbackUrl",),
    "idempotency_key": ("Idempotency-Key",),
}
"""The contract's names for members that the domain names differently."""


class Problem(msgspec.Struct, omit_defaults=True):
    """An error, as problem details after RFC 9457. `errors` lists the messages for each faulty field; it is present on
    400 only.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


def refusal(refused: Refused, request_id: str) -> Refusal:
    """Return the HTTP status and the problem; `instance` contains the request id, for support questions."""
    status = _STATUSES.get(refused.code, refused.reason.http_status)
    problem = Problem(
        type=f"about:blank#{refused.code.lower().replace('_', '-')}",
        title=reason_phrase(status),
        status=status,
        detail=refused.message,
        instance=f"urn:request:{request_id}",
    )
    if status == HTTPStatus.BAD_REQUEST:
        field = ".".join(str(step) for step in refused.path) or "request"
        problem.errors = {field: [refused.message]}
    return status, problem
