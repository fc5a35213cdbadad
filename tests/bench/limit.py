"""The limit: what answers the same questions with the same bytes if nothing but the database and JSON is left to do.

    python -m tests.bench.limit --port 8000 --url … --account ID
A bare ASGI application: no key, no limit, no log, no schema, no choice. It asks for the columns it shows in as many
statements as the service, on asyncpg connections from a list or on sqlite3 in the loop's own thread. How a mass or an
id is written is the service's own code; everything else stands here, by hand.
"""

import argparse
import asyncio
import sqlite3
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson
import uvicorn
from asyncpg.pgproto import pgproto  # type: ignore[import-untyped]
from starlette.types import Receive, Scope, Send

from service.api.graphql.types.node import global_id
from service.domain.amounts import MassUnit, mass_text, money_text
from service.kit.keyset import Position, encode_cursor
from tests.bench.documents import Q2, Q3

Fetch = Callable[..., Awaitable[list[Any]]]
_COLUMNS = "id, number, status, payment_status, kind, customer, created_at, mass_g, total_cost_minor, currency"
POOL_SIZE = 16


def _in(count: int, start: int = 1) -> str:
    return ", ".join(f"${number}" for number in range(start, start + count))


def _tonnes(mass_g: int) -> dict[str, str]:
    return {"tonnes": mass_text(mass_g, MassUnit.TONNE)}


class Limit:
    def __init__(self, account: UUID, fetch: Fetch) -> None:
        self._account = account
        self._fetch = fetch

    async def answer(self, body: bytes) -> Any:
        asked = orjson.loads(body)
        if asked["query"] == Q3:
            id_ = UUID(bytes=urlsafe_b64decode(asked["variables"]["id"] + "==")[-16:])
            rows = await self._fetch(
                f"SELECT {_COLUMNS} FROM orders WHERE account_id = $1 AND id = $2", self._account, id_
            )
            nodes = [self._node(row) for row in rows]
            await self._add_entries(rows, nodes)
            return {"order": nodes[0]}
        direction = "ASC" if asked["query"] == Q2 else "DESC"
        rows = await self._fetch(
            f"SELECT {_COLUMNS} FROM orders WHERE account_id = $1"
            f" ORDER BY created_at {direction}, id {direction} LIMIT 21",
            self._account,
        )
        page = rows[:20]
        nodes = [self._node(row) for row in page]
        if asked["query"] == Q2:
            await self._add_lines(page, nodes)
            await self._add_entries(page, nodes)
        cursor = encode_cursor(f"orders.created_at.{direction.lower()}", Position(page[-1][6], page[-1][0]))
        return {"orders": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > 20, "endCursor": cursor}}}

    def _node(self, row: Sequence[Any]) -> dict[str, Any]:
        id_, number, status, payment_status, kind, customer, created_at, mass_g, minor, currency = row
        return {
            "id": global_id("Order", id_),
            "number": number,
            "status": status.upper(),
            "paymentStatus": payment_status.upper(),
            "kind": kind.upper(),
            "customer": customer,
            "createdAt": created_at.isoformat(timespec="microseconds")[:-6] + "Z",
            "mass": _tonnes(mass_g),
            "totalCost": {"amount": money_text(minor, currency), "currency": currency},
        }

    async def _add_lines(self, rows: list[Any], nodes: list[dict[str, Any]]) -> None:
        ids = [row[0] for row in rows]
        lines = await self._fetch(
            "SELECT order_id, bundle_id, mass_g FROM order_lines WHERE account_id = $1"
            f" AND order_id IN ({_in(len(ids), 2)}) ORDER BY order_id, position",
            self._account,
            *ids,
        )
        bundle_ids = list({line[1] for line in lines})
        names = dict(
            await self._fetch(f"SELECT id, name FROM bundles WHERE id IN ({_in(len(bundle_ids))})", *bundle_ids)
        )
        of: dict[UUID, list[Any]] = defaultdict(list)
        for order_id, bundle_id, mass_g in lines:
            of[order_id].append({"bundle": {"name": names[bundle_id]}, "mass": _tonnes(mass_g)})
        for row, node in zip(rows, nodes, strict=True):
            node["lines"] = of[row[0]]

    async def _add_entries(self, rows: list[Any], nodes: list[dict[str, Any]]) -> None:
        ids = [row[0] for row in rows]
        entries = await self._fetch(
            "SELECT order_id, batch_id, mass_g FROM credit_entries WHERE account_id = $1"
            f" AND order_id IN ({_in(len(ids), 2)}) ORDER BY order_id, id",
            self._account,
            *ids,
        )
        batch_ids = list({entry[1] for entry in entries})
        batches = {row[0]: row for row in await self._fetch(
            f"SELECT id, project_id, vintage FROM credit_batches WHERE id IN ({_in(len(batch_ids))})", *batch_ids
        )} if batch_ids else {}  # fmt: skip
        project_ids = list({row[1] for row in batches.values()})
        names = dict(await self._fetch(
            f"SELECT id, name FROM projects WHERE id IN ({_in(len(project_ids))})", *project_ids
        )) if project_ids else {}  # fmt: skip
        of: dict[UUID, list[Any]] = defaultdict(list)
        for order_id, batch_id, mass_g in entries:
            _, project_id, vintage = batches[batch_id]
            batch = {"vintage": vintage, "project": {"name": names[project_id]}}
            of[order_id].append({"mass": _tonnes(mass_g), "batch": batch})
        for row, node in zip(rows, nodes, strict=True):
            node["entries"] = of[row[0]]


async def on_postgresql(url: str) -> Fetch:
    free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    for _ in range(POOL_SIZE):
        free.put_nowait(await asyncpg.connect(url))

    async def fetch(sql: str, *parameters: Any) -> list[Any]:
        connection = await free.get()
        try:
            rows: list[Any] = await connection.fetch(sql, *parameters)
            return rows
        finally:
            free.put_nowait(connection)

    return fetch


async def on_sqlite(path: str) -> Fetch:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, cached_statements=100)
    read_id = pgproto.UUID  # an eighth of what the standard library's takes

    async def fetch(sql: str, *parameters: Any) -> list[Any]:
        rows = connection.execute(
            sql.replace("$", "?"), [str(each) if isinstance(each, UUID) else each for each in parameters]
        ).fetchall()
        if "created_at," in sql:
            return [(read_id(row[0]), *row[1:6], datetime.fromisoformat(row[6]), *row[7:]) for row in rows]
        return [
            tuple([read_id(cell) if type(cell) is str and len(cell) == 36 else cell for cell in row]) for row in rows
        ]

    return fetch


class Application:
    def __init__(self, url: str, account: UUID) -> None:
        self._url = url
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        answer = orjson.dumps({"data": await self._limit.answer(body)})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._url.startswith("sqlite://"):
            fetch = await on_sqlite(self._url.removeprefix("sqlite://"))
        else:
            fetch = await on_postgresql(self._url)
        self._limit = Limit(self._account, fetch)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--account", type=UUID, required=True)
    told = parser.parse_args()
    uvicorn.run(Application(told.url, told.account), port=told.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
