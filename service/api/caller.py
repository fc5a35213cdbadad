"""From a request to its caller: the bearer key in the Authorization header, and nothing else."""

from starlette.requests import HTTPConnection

from service.domain.accounts import Caller
from service.operations.authenticate import authenticate, unauthenticated
from service.operations.resources import Resources


def bearer_of(connection: HTTPConnection) -> str | None:
    """What follows `Bearer `; None without an Authorization header. Refuses any other scheme `UNAUTHENTICATED`.

    Everything after the blank is the key: some clients' keys hold characters that no token grammar allows.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise unauthenticated()
    return credentials.strip()


async def caller_of(connection: HTTPConnection, resources: Resources, *, pepper: bytes) -> Caller | None:
    """Who calls; None when no key was sent. Refuses `UNAUTHENTICATED` for a key that opens nothing."""
    key_text = bearer_of(connection)
    return None if key_text is None else await authenticate(resources, key_text, pepper=pepper)
