"""Error responses of Carbonext: problem details after RFC 9457, and at token endpoints the errors of OAuth 2."""

import msgspec

from service.api.rest.contract import Refusal, problem_type, reason_phrase
from service.errors import Code, Refused

_STATUSES = {
    Code.QUANTITY_INVALID: 400,
    Code.INSUFFICIENT_BALANCE: 409,
    Code.ACCOUNT_SUSPENDED: 403,
}

MEMBERS: dict[str, tuple[str, ...]] = {
    "mass": ("vcuAmount", "vcu-amount"),
    "currency": ("targetCurrency", "target-currency"),
    "pay_with_balance": ("payWithBalance",),
    "metadata": ("metaData",),
    "beneficiary": ("certificateRecipientInfo",),
    "beneficiary.recipient.name": ("certificateRecipientInfo.name",),
    "beneficiary.retirement.name": ("certificateRecipientInfo.retirementName",),
}
"""The contract's names for members that the domain names differently."""


class Problem(msgspec.Struct, omit_defaults=True):
    """An error, as problem details after RFC 9457. `traceId` is the id of the request. `error` and `error_description`
    are present at token endpoints only.
    """

    type: str
    title: str
    status: int
    detail: str
    traceId: str  # noqa: N815 - the contract's name
    error: str | msgspec.UnsetType = msgspec.UNSET
    error_description: str | msgspec.UnsetType = msgspec.UNSET


def oauth_refusal(code: Code, error: str, description: str) -> Refused:
    """Return a refusal of a token endpoint, with its error code of OAuth 2."""
    return Refused(code, description, oauth_error=error)


def refusal(refused: Refused, request_id: str) -> Refusal:
    """Return the HTTP status and the problem of a refusal."""
    status = _STATUSES.get(refused.code, refused.reason.http_status)
    place = ".".join(str(step) for step in refused.path)
    problem = Problem(
        type=problem_type(refused.code),
        title=reason_phrase(status),
        status=status,
        detail=f"{place}: {refused.message}" if place else refused.message,
        traceId=request_id,
    )
    error = refused.details.get("oauth_error")
    if isinstance(error, str):
        problem.error, problem.error_description = error, refused.message
    return status, problem
