"""The schema: one for the process, because Strawberry's field extensions may be applied only once."""

from strawberry.schema.config import StrawberryConfig

from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.mutations import Mutation
from service.api.graphql.queries.root import Query
from service.api.graphql.scalars import SCALARS
from service.api.graphql.subscriptions import Subscription
from service.api.graphql.types.errors import ERROR_TYPES

schema = MaskedSchema(
    Query,
    Mutation,
    Subscription,
    types=ERROR_TYPES,
    config=StrawberryConfig(scalar_map=SCALARS),
)
