"""SQL on a SQLite client, which writes or only reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.sqlite.client import SqliteClient as TortoiseSqliteClient

from service.storage.engines import Dialect, Row, Statements
from service.storage.engines.sqlite import DECODERS, ENCODERS, numbered, run_sql
from service.storage.engines.sqlite_reader import SqliteReader
from service.storage.engines.statement_watch import StatementWatch


class SqliteStatements(Statements):
    """Statements on a SQLite client; `kinds` gives the type of each column's text or integer."""

    dialect: Dialect = "sqlite"

    def __init__(
        self, client: TortoiseSqliteClient, kinds: Mapping[str, type], watch: StatementWatch | None = None
    ) -> None:
        self.client = client
        self._watch = watch or StatementWatch()
        self._kinds = kinds

    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
        rows, names, _ = await self._run(sql, parameters)
        return [dict(zip(names, row, strict=True)) for row in self._decoded(rows, names)]

    async def fetch_cells(self, sql: str, *parameters: object) -> list[Sequence[Any]]:
        rows, names, _ = await self._run(sql, parameters)
        return self._decoded(rows, names)

    async def execute(self, sql: str, *parameters: object) -> int:
        return max(0, (await self._run(sql, parameters))[2])

    def _decoded(self, rows: list[Any], names: tuple[str, ...]) -> list[Sequence[Any]]:
        decoders = [(index, DECODERS[self._kinds[name]]) for index, name in enumerate(names) if name in self._kinds]
        answer: list[Sequence[Any]] = []
        for row in rows:
            cells = list(row)
            for index, decode in decoders:
                if cells[index] is not None:
                    cells[index] = decode(cells[index])
            answer.append(cells)
        return answer

    async def _run(self, sql: str, parameters: tuple[object, ...]) -> tuple[list[Any], tuple[str, ...], int]:
        # Encoded ids are cached, because a group of orders repeats each of them a dozen times and encoding takes a
        # microsecond.
        texts: dict[int, Any] = {}
        values = []
        for value in parameters:
            if (encode := ENCODERS[type(value)]) is None:
                values.append(value)
                continue
            text = texts.get(id(value))
            if text is None:
                text = texts[id(value)] = encode(value)
            values.append(text)
        if isinstance(self.client, SqliteReader):
            return *await self.client.read(numbered(sql), values), 0
        answer: tuple[list[Any], tuple[str, ...], int]
        async with self.client.acquire_connection() as connection:
            with self._watch.span(sql):
                answer = await connection.call(run_sql, numbered(sql), values)
        return answer
