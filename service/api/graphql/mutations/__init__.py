"""What can be done, one file an area. Each mutation answers an object or why not; its field is nullable, so that a
failure never hides what an earlier field of the same document has done.
"""

import strawberry

from service.api.graphql.mutations.accounts import AccountMutations
from service.api.graphql.mutations.cancellations import CancellationMutations
from service.api.graphql.mutations.catalogue import CatalogueMutations
from service.api.graphql.mutations.estimates import EstimateMutations
from service.api.graphql.mutations.money import MoneyMutations
from service.api.graphql.mutations.orders import OrderMutations
from service.api.graphql.mutations.quotes import QuoteMutations
from service.api.graphql.mutations.simulation import SimulationMutations


@strawberry.type(description="What can be done. Every field needs an API key; the customer's need `orders:write`.")
class Mutation(
    QuoteMutations,
    OrderMutations,
    EstimateMutations,
    CancellationMutations,
    AccountMutations,
    CatalogueMutations,
    MoneyMutations,
    SimulationMutations,
):
    pass
