"""Tortoise's process-wide state: the models, and the one dialect in which they build their SQL.

Knows Tortoise's context and the models' fields; must not know a connection. Tortoise takes the dialect of each query
from the current context, even when a query names its connection, and a context entered in one task (a lifespan) is not
visible in another (a request). So one context without any connection is used for the whole process.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from tortoise import fields
from tortoise.context import TortoiseContext
from tortoise.models import Model

from service.storage.engines import Dialect

MODELS = "service.storage.models"

_KINDS: tuple[tuple[type[fields.Field[object]], type], ...] = (
    (fields.UUIDField, UUID),
    (fields.DatetimeField, datetime),
    (fields.DateField, date),
    (fields.BooleanField, bool),
    (fields.JSONField, dict),
)

_contexts: dict[Dialect, TortoiseContext] = {}
_kinds: dict[str, type] = {}
_open: Counter[Dialect] = Counter()


async def enter(dialect: Dialect) -> Mapping[str, type]:
    """Let the models build SQL for `dialect` until `leave()`; return the columns whose values SQLite stores as another
    type.

    Raises `RuntimeError` while a database of the other dialect is open, whose queries would be built wrongly.
    """
    if any(number for other, number in _open.items() if other != dialect):
        raise RuntimeError(
            f"A process speaks one dialect at a time; close the other database before opening {dialect}."
        )
    if dialect not in _contexts:
        for context in _contexts.values():
            await context.close_connections()
        _contexts.clear()
        context = TortoiseContext()
        with context:  # a context is required to build the models' queries
            await context.init(
                # A query without `.using_db()` gets this client, which has no file and no address, and fails.
                config={
                    "connections": {"default": {"engine": f"service.storage.engines.{dialect}", "credentials": {}}},
                    "apps": {"storage": {"models": [MODELS], "default_connection": "default"}},
                },
                _enable_global_fallback=True,
            )
        _contexts[dialect] = context
        if context.apps is not None:
            _kinds.update(column_kinds(context.apps.get_models_iterable()))
    _open[dialect] += 1
    return _kinds


def leave(dialect: Dialect) -> None:
    """Record that one database of this dialect is closed."""
    _open[dialect] -= 1


def column_kinds(models: Iterable[type[Model]]) -> dict[str, type]:
    """Return types by column name: UUID, datetime, date, bool or dict (JSON); other columns are absent.

    Raises `RuntimeError` if two models use one name for different types, because rows of hand-written SQL are decoded
    by name only.
    """
    found: dict[str, tuple[type | None, str]] = {}
    for model in models:
        for name, column in model._meta.fields_db_projection.items():  # noqa: SLF001 - Tortoise's public way to it
            field = model._meta.fields_map[name]  # noqa: SLF001
            kind = next((kind for field_class, kind in _KINDS if isinstance(field, field_class)), None)
            if found.setdefault(column, (kind, model.__name__))[0] != kind:
                raise RuntimeError(f"{model.__name__}.{column} and {found[column][1]}.{column} are of different kinds.")
    return {column: kind for column, (kind, _) in found.items() if kind is not None}
