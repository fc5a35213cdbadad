"""Requests for the mass of an estimate, which the estimate's row determines."""

from service.api.graphql.context import Context
from service.api.graphql.inputs.orders import ChoiceInput
from service.api.graphql.types.node import parse_id
from service.domain.order import ByMass, OrderRequest
from service.errors import Code, Refused
from service.operations.read_estimates import estimates_of_ids


async def estimate_request(
    context: Context, choice: ChoiceInput, estimate_id: str, currency: str | None
) -> OrderRequest:
    """Return the request for the mass of the caller's estimate. Refuses `NOT_FOUND` with the path `estimateId`."""
    wanted = parse_id("Estimate", estimate_id, "estimateId")
    found = await estimates_of_ids(context.resources, context.caller, [wanted])
    if wanted not in found:
        raise Refused(Code.NOT_FOUND, "There is no such estimate in this account.", ("estimateId",))
    return choice.order_request(ByMass(found[wanted].mass_g, wanted), currency)
