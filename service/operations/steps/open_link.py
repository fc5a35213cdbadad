"""A step that verbs share: finding the account of a valid document link."""

from service.domain.accounts import Account, Visibility
from service.domain.document_links import DocumentLink
from service.operations.resources import Resources
from service.storage import accounts, documents


async def account_of_link(resources: Resources, link: DocumentLink) -> Account | None:
    """Return the account of the link, whose signature must have been checked before; None if the link has expired or
    was revoked, and while the account hides its pages.
    """
    name = link.name
    reader = resources.database.reader
    if resources.clock() >= link.expires_at:
        return None
    if (await documents.revisions(reader, name.account_id, [name.id]))[name.id] != link.revision:
        return None
    account = await accounts.account(reader, name.account_id)
    return account if account is not None and account.external_pages_visibility is Visibility.PUBLIC else None
