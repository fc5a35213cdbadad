"""The mutation of operators that records an entry of a registry. It is safe to send again."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.registry_retirements import RecordRegistryRetirementInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.registry_retirement import RegistryRetirement, entry_of
from service.errors import Refused
from service.operations.record_registry_retirement import record_registry_retirement


@strawberry.type(description="Result of recording an entry of a registry.")
class RecordRegistryRetirementPayload:
    registry_retirement: RegistryRetirement | None = strawberry.field(
        description="Recorded entry. On a retry: the entry that the first request recorded. Null if the request was "
        "refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same reference recorded the entry."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `registryRetirement` is not null."
    )


@strawberry.type
class RegistryRetirementMutations:
    @strawberry.mutation(
        description="Records that a registry shows credits of a batch as retired; needs scope `operator`. Certificates "
        "of the orders that have these credits then show the entry. An order whose credits are all covered gets a "
        "retirement certificate beside its first one. A retry with the same reference and input returns the recorded "
        "entry.",
        metadata=priced(own=10),
    )
    async def record_registry_retirement(
        self,
        info: Info,
        input: Annotated[
            RecordRegistryRetirementInput, strawberry.argument(description="Entry of the registry to record.")
        ],
    ) -> RecordRegistryRetirementPayload | None:
        context = info.context
        try:
            done = await record_registry_retirement(context.resources, context.caller, **input.facts())
        except Refused as refusal:
            return RecordRegistryRetirementPayload(
                registry_retirement=None, replayed=False, user_errors=[user_error(refusal, input)]
            )
        return RecordRegistryRetirementPayload(
            registry_retirement=entry_of(done), replayed=done.replayed, user_errors=[]
        )
