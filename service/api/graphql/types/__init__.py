"""What the schema shows: each type reads one domain value and asks operations for what lies beside it."""

# Before any type: whichever mentions an enumeration first would give it the name of its class and no description.
from service.api.graphql.types import enums as enums
