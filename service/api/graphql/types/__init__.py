"""What the schema shows: each type reads one domain value and asks operations for what lies beside it."""

from service.api.graphql.types import enums as enums
