"""Refusals of exports: problem details after RFC 9457."""

import orjson

from service.api.request_limits import ErrorBody
from service.api.rest.contract import problem_type, reason_phrase
from service.errors import Refused

MEDIA_TYPE = "application/problem+json"


def problems_at(public_address: str) -> ErrorBody:
    """Return the writer of refusals as problems, whose types are places in the page of problems at the address.

    `code` is the code of the list of errors.
    """

    def problem_body(refusal: Refused, request_id: str) -> tuple[bytes, str]:
        place = ".".join(map(str, refusal.path))
        status = refusal.reason.http_status
        problem = {
            "type": public_address + problem_type(refusal.code),
            "title": reason_phrase(status),
            "status": status,
            "detail": f"{place}: {refusal.message}" if place else refusal.message,
            "code": refusal.code,
            "requestId": request_id,
        }
        return orjson.dumps(problem), MEDIA_TYPE

    return problem_body
