"""Refusals of exports: problem details after RFC 9457."""

import orjson

from service.api.rest.contract import reason_phrase
from service.errors import Refused

MEDIA_TYPE = "application/problem+json"


def problem_body(refusal: Refused, request_id: str) -> tuple[bytes, str]:
    """Return the refusal as a problem, and its content type. `code` is the code of the list of errors."""
    place = ".".join(map(str, refusal.path))
    status = refusal.reason.http_status
    problem = {
        "type": f"about:blank#{refusal.code.lower().replace('_', '-')}",
        "title": reason_phrase(status),
        "status": status,
        "detail": f"{place}: {refusal.message}" if place else refusal.message,
        "code": refusal.code,
        "requestId": request_id,
    }
    return orjson.dumps(problem), MEDIA_TYPE
