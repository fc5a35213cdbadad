"""Read mails, and delete those that are older than the retention time."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.listing import Owners
from service.domain.mail import Mail, MailStatus
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import mails
from service.storage.database import Statements

EXPIRED_A_TURN = 500


async def list_mails(
    resources: Resources, caller: Caller, owners: Owners, status: MailStatus | None, request: PageRequest
) -> Slice[Mail]:
    """Return one page of the mails about the owners, newest first."""
    caller.require(Scope.OPERATOR)
    return slice_of(await mails.page(resources.database.reader, owners, status, request), request)


async def mails_of_ids(resources: Resources, caller: Caller, mail_ids: Collection[UUID]) -> dict[UUID, Mail]:
    """Return the mails by id."""
    caller.require(Scope.OPERATOR)
    return await mails.of_ids(resources.database.reader, mail_ids)


async def expire_mails(resources: Resources, *, kept: timedelta) -> int:
    """Delete a limited number of mails that are older than the retention time; return their number."""

    async def work(statements: Statements) -> int:
        return await mails.expire(statements, resources.clock() - kept, EXPIRED_A_TURN)

    return await resources.transact(work)
