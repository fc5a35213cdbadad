"""The public page at which a recipient stops mails of one kind, or gets them again.

Reading it changes nothing, because mail programs follow links. A POST does: that of the page, or of List-Unsubscribe
(RFC 8058).
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.mail_links import UNSUBSCRIBE, recipient_named_by
from service.api.pages.public_page import HEADERS, STYLE, template
from service.documents.mails.texts import Language
from service.domain.mail import MailKind
from service.operations.decline_mail import Recipient, decline_mail, find_recipient
from service.operations.resources import Resources

_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'"),
    "Cache-Control": "no-store",
}
_TEMPLATE = template("unsubscribe.html")


def unsubscribe_routes(
    resources_of: Callable[[Request], Resources], peppers: Sequence[bytes], language: Language
) -> list[BaseRoute]:
    """Return the page, and the addresses that stop the mails and resume them."""

    async def found(request: Request) -> tuple[Recipient, MailKind] | None:
        named = recipient_named_by(request.path_params["token"], peppers)
        if named is None:
            return None
        account_id, kind, is_recipient = named
        recipient = await find_recipient(resources_of(request), account_id, is_recipient)
        return None if recipient is None else (recipient, kind)

    async def page(request: Request) -> Response:
        return _answer(language, await found(request), request)

    async def change(request: Request, *, declined: bool) -> Response:
        named = await found(request)
        if named is not None:
            recipient, kind = named
            await decline_mail(resources_of(request), recipient.contact, kind, declined=declined)
        return _answer(language, await found(request), request)

    async def decline(request: Request) -> Response:
        return await change(request, declined=True)

    async def resume(request: Request) -> Response:
        return await change(request, declined=False)

    return [
        Route(f"{UNSUBSCRIBE}{{token}}", page, methods=["GET"]),
        Route(f"{UNSUBSCRIBE}{{token}}", decline, methods=["POST"]),
        Route(f"{UNSUBSCRIBE}{{token}}/resume", resume, methods=["POST"]),
    ]


def _answer(language: Language, found: tuple[Recipient, MailKind] | None, request: Request) -> Response:
    texts = language.page
    facts = {"style": STYLE, "language": language.code, "title": texts.title}
    if found is None:
        return HTMLResponse(_TEMPLATE.render(facts, text=texts.unknown, action=None), 404, headers=_HEADERS)
    recipient, kind = found
    declined = kind in recipient.contact.opted_out
    words = {"account": recipient.account.name, "kind": language.kinds[kind].kind}
    # Relative, because the path of the public address, which a proxy removes, is not known here.
    token, is_resume = request.path_params["token"], request.url.path.endswith("/resume")
    start = "../" if is_resume else ""
    page = _TEMPLATE.render(
        facts,
        text=(texts.declined if declined else texts.getting).format(**words),
        action=f"{start}{token}/resume" if declined else f"{start}{token}",
        button=texts.resume if declined else texts.decline,
    )
    return HTMLResponse(page, headers=_HEADERS)
