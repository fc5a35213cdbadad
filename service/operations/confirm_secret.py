"""Confirm the secret: compare the secret of this process with the one under which the database's keys were digested."""

from enum import Enum

from service.domain.api_keys import check_value
from service.operations.resources import Resources
from service.storage import secret_checks
from service.storage.database import Statements


class SecretState(Enum):
    """Result of comparing the secret of a process with its database."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """The database has keys of a release that stored no check value. It is written when a key is first used."""
    OTHER = "other"
    """The keys were digested under another secret: no key would be accepted."""


async def holds_any_key(resources: Resources) -> bool:
    """Return True if the database holds an API key, so that no new secret may be made for it."""
    return await secret_checks.any_keys(resources.database.reader)


async def confirm_secret(resources: Resources, *, pepper: bytes, previous_pepper: bytes | None) -> SecretState:
    """Return how the secret compares to the database's, and store its check value if there are no keys yet.

    If the stored check value is the previous secret's, replace it by the present one's: a rotation begins. Safe to
    repeat and to run in several processes at once.
    """

    async def write(statements: Statements) -> SecretState:
        found = await secret_checks.value(statements)
        if found is None:
            if await secret_checks.any_keys(statements):
                return SecretState.UNCONFIRMED
            await secret_checks.add(statements, check_value(pepper), resources.clock())
        elif previous_pepper is not None and found == check_value(previous_pepper):
            await secret_checks.replace(statements, found, check_value(pepper), resources.clock())
        return _judged(await secret_checks.value(statements), pepper)

    found = await secret_checks.value(resources.database.reader)
    return SecretState.CONFIRMED if found == check_value(pepper) else await resources.transact(write)


async def secret_state(resources: Resources, *, pepper: bytes, previous_pepper: bytes | None) -> SecretState:
    """Return how the secret compares to the database's. Changes nothing."""
    found = await secret_checks.value(resources.database.reader)
    if found is None:
        has_keys = await secret_checks.any_keys(resources.database.reader)
        return SecretState.UNCONFIRMED if has_keys else SecretState.CONFIRMED
    if previous_pepper is not None and found == check_value(previous_pepper):
        return SecretState.CONFIRMED
    return _judged(found, pepper)


def _judged(found: str | None, pepper: bytes) -> SecretState:
    return SecretState.CONFIRMED if found == check_value(pepper) else SecretState.OTHER
