"""Error responses of carbon-engine: problem details after RFC 9457, with the errors of each field on 400."""

import re
from http import HTTPStatus
from urllib.parse import quote
from uuid import UUID

import msgspec

from service.api.rest.contract import Refusal, problem_type, reason_phrase
from service.errors import Code, Refused

_UUID = re.compile(r"[0-9a-f]{32}")
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
    """An error, as problem details after RFC 9457. `errors` lists the messages for each faulty field and is present
    only with status 400.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


def refusal(refused: Refused, request_id: str) -> Refusal:
    """Return the HTTP status and the problem; `instance` is the request id as a URI, for support questions."""
    status = _STATUSES.get(refused.code, refused.reason.http_status)
    problem = Problem(
        type=problem_type(refused.code),
        title=reason_phrase(status),
        status=status,
        detail=refused.message,
        instance=_instance(request_id),
    )
    if status == HTTPStatus.BAD_REQUEST:
        field = ".".join(str(step) for step in refused.path) or "request"
        problem.errors = {field: [refused.message]}
    return status, problem


def _instance(request_id: str) -> str:
    """Return the request id as a URI: a URN if it consists of the digits of a UUID, otherwise a tag URI for an id that
    the caller chose.
    """
    if _UUID.fullmatch(request_id):
        return UUID(request_id).urn
    return f"tag:carbon-orders,2026:{quote(request_id, safe='')}"
