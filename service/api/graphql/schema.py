"""The schema: one for the process, because Strawberry's field extensions may be applied only once."""

from strawberry.schema.config import StrawberryConfig
from structlog.contextvars import get_contextvars

from service.api.graphql.masking import QuietSchema
from service.api.graphql.mutations import Mutation
from service.api.graphql.queries import Query
from service.api.graphql.scalars import SCALARS
from service.api.graphql.types.errors import ERROR_TYPES


def _request_id() -> str:
    return str(get_contextvars().get("request_id", ""))


schema = QuietSchema(
    Query,
    Mutation,
    types=ERROR_TYPES,
    request_id=_request_id,
    config=StrawberryConfig(scalar_map=SCALARS),
)
