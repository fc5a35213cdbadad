"""Return the id of an account's counterpart in the other mode."""

from uuid import UUID

from service.domain.accounts import Caller
from service.operations.resources import Resources
from service.storage import accounts


async def twin_of_account(resources: Resources, caller: Caller) -> UUID | None:
    """Return the id of the organisation's account in the other mode; None for a client account, which has none."""
    account = caller.account
    if account.parent_account_id is not None:
        return None
    own = await accounts.of_organisation(resources.database.reader, account.organisation_id)
    return next((each.id for each in own if each.parent_account_id is None and each.mode is not account.mode), None)
