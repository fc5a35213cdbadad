"""Types of the schema: each reads one domain value and asks operations for related ones."""

# Imported before any type: otherwise an enumeration would be registered under its class name and without a description.
from service.api.graphql.types import enums as enums
from service.api.graphql.types import list_enums as list_enums
