"""`carbon-orders schema`: the GraphQL schema as it is served."""

from service import console
from service.api.graphql.schema import schema as graphql_schema


def schema() -> None:
    """The schema was printed."""
    console.show(graphql_schema.as_str())
