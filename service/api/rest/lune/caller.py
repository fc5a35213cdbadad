"""Authentication, and the headers of every answer: `Lune-Account`, `Lune-Version`, `CF-Ray`."""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import Scope

from service.api.caller import caller_of
from service.api.headers import header_of
from service.api.rest.context import RestContext
from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.domain.accounts import Caller
from service.operations.authenticate import unauthenticated

LATEST_VERSION = "2024-08-08"

_VERSION = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")


async def authenticate(request: Request, context: RestContext) -> Caller:
    """Return the key's holder, acting for the account that `Lune-Account` names. Refuses a version that is no date."""
    caller = await caller_of(
        request.scope,
        context.resources,
        pepper=context.pepper,
        previous_pepper=context.previous_pepper,
        account_header=b"lune-account",
        id_of=uuid_of,
    )
    if caller is None:
        raise unauthenticated()
    version = header_of(request.scope, b"lune-version")
    if version is not None and not _VERSION.fullmatch(version):
        raise invalid("api_version_invalid", f"Give Lune-Version as a date, such as {LATEST_VERSION}.")
    return caller


def answer_headers(scope: Scope, request_id: str) -> Mapping[str, str]:
    """Return the version that was requested, else the latest, and the request id under the name that clients read."""
    version = header_of(scope, b"lune-version") or ""
    return {
        "Lune-Version": version if _VERSION.fullmatch(version) else LATEST_VERSION,
        "CF-Ray": request_id,
    }
