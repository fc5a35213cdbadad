"""Mutation for the contacts of an account."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.contacts import SetContactsInput
from service.api.graphql.mutations.accounts import AccountPayload, account_payload
from service.operations.set_contacts import set_contacts


@strawberry.type
class ContactMutations:
    @strawberry.mutation(
        description="Sets the contacts of the account, who get mail about it; needs scope `account:manage`, or "
        "`operator`. Contacts that the input leaves out are removed. A retry changes nothing."
    )
    async def set_contacts(
        self,
        info: Info,
        input: Annotated[
            SetContactsInput, strawberry.argument(description="All contacts that the account is to have.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input,
            lambda: set_contacts(context.resources, context.caller, [each.contact() for each in input.contacts]),
        )
