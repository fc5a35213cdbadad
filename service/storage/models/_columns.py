"""Kinds of columns and indexes that several models share."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index


def relation_to(model: str, **options: Any) -> Any:
    """Return a relation to the model, stored in the column `<name>_id`.

    Its foreign key is in the migrations, because it often covers more columns, such as the account.
    """
    return fields.ForeignKeyField(
        f"storage.{model}", related_name=False, on_delete=fields.RESTRICT, db_constraint=False, **options
    )


class FixedCharField(fields.CharField[str]):
    """Text of exactly `max_length` characters: CHAR in the database, where other text is VARCHAR or TEXT."""


class IndexWhere(Index):
    """An index of the rows that meet a condition, in SQL that both databases read."""

    def __init__(self, *, fields: tuple[str, ...], name: str, where: str, is_unique: bool = False) -> None:
        super().__init__(fields=fields, name=name)
        self.where = where
        self.is_unique = is_unique
        self.extra = f" WHERE {where}"
