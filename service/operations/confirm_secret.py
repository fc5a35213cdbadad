"""Confirm the secret: a process learns at its start that its secret is the one that the database's keys need."""

from enum import Enum

from service.domain.api_keys import check_value
from service.operations.resources import Resources
from service.storage import secret_checks
from service.storage.database import Statements


class SecretState(Enum):
    """Relation of the secret of a process to its database."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """The database has keys of a release that kept no check value; the first key that is used writes it."""
    OTHER = "other"
    """The keys were digested under another secret: none of them would open anything."""


async def holds_any_key(resources: Resources) -> bool:
    """Return True if the database holds an API key, so that no new secret may be made for it."""
    return await secret_checks.any_keys(resources.database.reader)


async def confirm_secret(resources: Resources, *, pepper: bytes, previous_pepper: bytes | None) -> SecretState:
    """Return how the secret stands to the database, and write its check value where there are no keys yet.

    If the check value is the previous secret's, write the present one's: a rotation begins. Safe to repeat and to run
    in several processes at once.
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
    """Return how the secret stands to the database, and change nothing."""
    found = await secret_checks.value(resources.database.reader)
    if found is None:
        has_keys = await secret_checks.any_keys(resources.database.reader)
        return SecretState.UNCONFIRMED if has_keys else SecretState.CONFIRMED
    if previous_pepper is not None and found == check_value(previous_pepper):
        return SecretState.CONFIRMED
    return _judged(found, pepper)


def _judged(found: str | None, pepper: bytes) -> SecretState:
    return SecretState.CONFIRMED if found == check_value(pepper) else SecretState.OTHER
