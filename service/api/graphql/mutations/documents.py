"""Mutation for links to documents: revoke them."""

from typing import Annotated
from uuid import UUID

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_global_id
from service.errors import Code, Refused
from service.operations.revoke_document_links import revoke_document_links

_TYPES = frozenset({"Invoice", "CreditNote", "Order"})


@strawberry.input(description="Documents whose links are to be revoked.")
class RevokeDocumentLinksInput:
    id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the invoice, credit note or order whose documents are meant. By default all documents of "
        "the account. The documents of a client account's orders are its own, its invoices are its parent's.",
    )

    def document_id(self) -> UUID | None:
        """Return the id of the document's object. Refuses `BAD_USER_INPUT` for the id of an object of another type."""
        if self.id is None:
            return None
        kind, document_id = parse_global_id(self.id, "id")
        if kind not in _TYPES:
            raise Refused(Code.BAD_USER_INPUT, "Give the id of an invoice, a credit note or an order.", ("id",))
        return document_id


@strawberry.type(description="Result of revoking links to documents.")
class RevokeDocumentLinksPayload:
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class DocumentMutations:
    @strawberry.mutation(
        description="Revokes all addresses of PDF files and of web pages of receipts that were shown so far for an "
        "invoice, a credit note or an order, or for everything of the account; needs scope `account:manage`, or "
        "`operator`. The addresses then return HTTP 404; the API shows new ones at once. Certificates keep their "
        "addresses. A retry also revokes the addresses that were shown since the first request."
    )
    async def revoke_document_links(
        self,
        info: Info,
        input: Annotated[
            RevokeDocumentLinksInput, strawberry.argument(description="Documents whose links are to be revoked.")
        ],
    ) -> RevokeDocumentLinksPayload | None:
        context = info.context
        try:
            await revoke_document_links(context.resources, context.caller, input.document_id())
        except Refused as refusal:
            return RevokeDocumentLinksPayload(user_errors=[user_error(refusal, input)])
        return RevokeDocumentLinksPayload(user_errors=[])
