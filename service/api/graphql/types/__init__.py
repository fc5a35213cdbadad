"""Types of the schema: each reads one domain value and asks operations for related ones."""

# Before any type: whichever mentions an enumeration first would give it the name of its class and no description.
from service.api.graphql.types import enums as enums
from service.api.graphql.types import list_enums as list_enums
