"""Query of mails, for operators."""

from functools import partial
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, ByTime, Connection, First, Last, listed
from service.api.graphql.context import Info
from service.api.graphql.inputs.seller_lists import AccountIds, owners_of
from service.api.graphql.types.mail import Mail, mail_of
from service.domain.mail import MailStatus
from service.operations.read_mails import list_mails

MAILS = ByTime("all.mails")


@strawberry.type
class MailQueries:
    @strawberry.field(
        description="Mails to contacts of all accounts, newest first, as far as they are kept (30 days by default); "
        "needs scope `operator`. Null only if reading it failed; `errors` then says why."
    )
    async def all_mails(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        account_ids: AccountIds = None,
        status: Annotated[
            MailStatus | None,
            strawberry.argument(description="State of the listed mails. By default those of any state are listed."),
        ] = None,
    ) -> Connection[Mail] | None:
        context = info.context
        owners = owners_of(account_ids, context.caller.account)
        read = partial(list_mails, context.resources, context.caller, owners, status)
        return await listed(info, MAILS, (first, after, last, before), read, mail_of)
