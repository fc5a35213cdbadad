"""The log alone leads from the request id that a customer names to the account, the operation and the cause."""

import json
import sqlite3
from contextlib import closing

import pytest

from service.domain.api_keys import Scope
from service.kit.logging import configure_logging
from service.storage.database import Database
from tests.api.graphql_api import open_graphql_api
from tests.shop import open_shop

ORDER = """mutation Restock($key: String!) {
  createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: $key}) { order { id } }
}"""


@pytest.mark.usefixtures("log_forgotten")
async def test_a_refused_order_is_followed_to_the_file_that_another_process_holds(
    sqlite_url: str, capsys: pytest.CaptureFixture[str]
):
    configure_logging(json=True)
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    async with open_graphql_api(shop, sqlite_url, lock_timeout_ms=50, group_lock_timeout_ms=50) as api:
        key = await api.new_key(Scope.ORDERS_WRITE)
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            answer = await api.ask(ORDER, {"key": "one"}, key=key)
    await database.close()

    (error,) = answer.json()["errors"]
    asked = error["extensions"]["requestId"]
    assert (answer.status_code, answer.headers["x-request-id"]) == (503, asked)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = {each["event"]: each for each in lines if asked in (each.get("request_id"), *each.get("request_ids", ()))}
    assert told["request"]["account_id"] == str(shop.account.id)
    assert told["request"]["key_id"] == key.split("_")[2]
    assert (told["request"]["operation"], told["request"]["operation_name"]) == ("createOrderByMass", "Restock")
    assert told["request"]["codes"] == ["UNAVAILABLE"]
    cause = told["database_unavailable"]
    assert (cause["failure"], cause["error"]) == ("another process holds the file", "database is locked")
