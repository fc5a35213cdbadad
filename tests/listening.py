"""Statements that keep the text of what they send to the database."""

from typing import Any

from service.storage.database import Statements


class Listening(Statements):
    """The statements of a database, which keeps their texts."""

    def __init__(self, real: Statements) -> None:
        self.dialect, self.client = real.dialect, real.client
        self._real = real
        self.asked: list[str] = []
        self.written: list[str] = []

    async def fetch(self, sql: str, *parameters: object) -> list[Any]:
        self.asked.append(sql)
        return await self._real.fetch(sql, *parameters)

    async def fetch_cells(self, sql: str, *parameters: object) -> list[Any]:
        self.asked.append(sql)
        return await self._real.fetch_cells(sql, *parameters)

    async def execute(self, sql: str, *parameters: object) -> int:
        self.written.append(sql)
        return await self._real.execute(sql, *parameters)
