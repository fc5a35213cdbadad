"""The query of operators for retirements that no entry of a registry covers."""

from functools import partial
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last, SortedBy, listed
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import SCAN_COST, priced
from service.api.graphql.types.registry_retirement import RetirementWithoutEvidence, unrecorded_of
from service.domain.catalogue import Mode
from service.kit.keyset import Position
from service.operations.read_registry_retirements import list_unrecorded

_SORT = SortedBy(
    "retirementsWithoutEvidence", int, lambda row: Position(row.retirement.start_g, row.retirement.batch_id)
)


@strawberry.type
class RegistryRetirementQueries:
    @strawberry.field(
        description="Credits that are retired for orders in the seller's records, and for which no entry of the "
        "registry is recorded, or only a part; by batch and serial number; needs scope `operator`. Record the entries "
        "with `recordRegistryRetirement`. The list costs 50 cost points and those of its page. Null only if reading it "
        "failed; `errors` then says why.",
        metadata=priced(own=SCAN_COST),
    )
    async def retirements_without_evidence(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        mode: Annotated[
            Mode, strawberry.argument(description="Mode of the credits. By default LIVE, real credits.")
        ] = Mode.LIVE,
    ) -> Connection[RetirementWithoutEvidence] | None:
        context = info.context
        read = partial(list_unrecorded, context.resources, context.caller, mode)
        return await listed(info, _SORT, (first, after, last, before), read, unrecorded_of)
