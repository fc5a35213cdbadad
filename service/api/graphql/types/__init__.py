"""The types of the schema, each over rows that operations answer."""

from service.api.graphql.types import enums as enums  # noqa: PLC0414 - before any type: the first mention names an enum
