"""How carbon-engine says no: problem details as RFC 9457 words them, with the faults of the fields on 400."""

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
    "portfolio_id": ("portfolioId", "portfolio_id"),
    "callback_url": ("callbackUrl",),
    "idempotency_key": ("Idempotency-Key",),
}
"""The contract's names for members that the domain calls otherwise."""


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong. `errors` lists the messages of each field that is to blame, on 400 only."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


def refusal(refused: Refused, request_id: str) -> Refusal:
    """The status and the problem; `instance` names the request, for questions about it."""
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
