"""One script of GraphQL calls, the same answers on both databases, times and ids aside.

Ids, numbers and cursors are replaced by the order in which they first appear, so that even what a list holds and in
which order has to agree. Seen to fail when: the two dialects fold case differently; a list has no tie-breaker; a sum
comes back as a decimal; a call of the script is answered with an error that nobody expected.
"""

import re
from pathlib import Path
from typing import Any

from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.books import assert_books_balance
from tests.shop import open_shop

_, *SECTIONS = re.split(
    r"^### ", Path(__file__).with_name("script.graphql").read_text(encoding="utf-8"), flags=re.MULTILINE
)
CALLS = {title: text.strip() for title, _, text in (section.partition("\n") for section in SECTIONS)}
FRAGMENTS = {
    text.split()[0]: f"fragment {text}"
    for text in re.split(r"^fragment ", CALLS.pop("fragments"), flags=re.MULTILINE)
    if text
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NAMED = {"id", "number", "cursor", "startCursor", "endCursor", "requestId"}
KINDS = {"order": "Order", "orders": "Order", "node": "Order", "quote": "Quote"}


class Names:
    """Stands for what differs from run to run: the n-th id, number or cursor that was seen."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def plain(self, value: Any, name: str = "", parent: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self.plain(each, key, name) for key, each in value.items()}
        if isinstance(value, list):
            return [self.plain(each, name, parent) for each in value]
        if isinstance(value, str) and name in NAMED:
            return self._names.get(value) or self._named(value, KINDS.get(parent, parent) if name == "id" else name)
        if isinstance(value, str) and TIME.fullmatch(value):
            return "<time>"
        return value

    def _named(self, value: str, kind: str) -> str:
        number = 1 + sum(name.startswith(f"<{kind} ") for name in self._real)
        self._names[value] = name = f"<{kind} {number}>"
        self._real[name] = value
        return name

    def filled(self, document: str) -> str:
        return re.sub(r"<\w+ \d+>", lambda found: self._real[found[0]], document)


def with_fragments(document: str) -> str:
    """The document with the fragments that it spreads, and those that they do."""
    parts = [document]
    wanted = set(re.findall(r"\.\.\.(\w+)", document))
    while missing := sorted(name for name in wanted if FRAGMENTS[name] not in parts):
        parts += [FRAGMENTS[name] for name in missing]
        wanted |= set(re.findall(r"\.\.\.(\w+)", "\n".join(parts)))
    return "\n".join(parts)


async def play(api: GraphQLApi) -> dict[str, Any]:
    names = Names()
    return {
        title: names.plain((await api.ask(with_fragments(names.filled(document)))).json())
        for title, document in CALLS.items()
    }


async def played_on(url: str) -> dict[str, Any]:
    database = await Database.open(url)
    try:
        shop = await open_shop(database, name="Customer")
        async with open_graphql_api(shop, url) as api:
            answers = await play(api)
        await assert_books_balance(database)
    finally:
        await database.close()
    return answers


async def test_the_script_answers_the_same_on_both_databases(sqlite_url: str, postgresql_url: str):
    on_sqlite, on_postgresql = await played_on(sqlite_url), await played_on(postgresql_url)
    assert len(CALLS) >= 30
    for title, answer in on_sqlite.items():
        assert answer == on_postgresql[title], title
        assert ("errors" in answer) is title.startswith("refused: "), (title, answer)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert "INTERNAL_SERVER_ERROR" not in codes, title
    order = on_sqlite["an order by mass"]["data"]["createOrderByMass"]["order"]
    assert (order["id"], order["totalCost"]["amount"], order["createdAt"]) == ("<Order 1>", "0.35", "<time>")
    assert [edge["node"]["customer"] for edge in on_sqlite["customers"]["data"]["any"]["edges"]] == [
        "ana_1",
        "Ana 100%",
    ]
