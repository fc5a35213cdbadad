"""`carbon-orders schema`: print the GraphQL schema as it is served."""

from service.api.graphql.schema import schema as graphql_schema
from service.commands import output


def schema() -> None:
    """Print the schema."""
    output.show(graphql_schema.as_str())
