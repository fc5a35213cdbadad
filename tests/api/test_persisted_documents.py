"""Documents by hash: registered ones, ones that clients have shown, and a service that runs registered ones alone."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.graphql.transport.persisted_documents import load_registered
from service.app import create_app
from service.domain.api_keys import Scope
from service.operations.manage_keys import create_key
from service.settings import Settings
from service.storage.database import Database
from tests.api.graphql_api import PEPPER, started
from tests.shop import open_shop

NAME = "{ account { name } }"
MODE = "query Mode { account { mode } }"
Asking = Callable[..., AbstractAsyncContextManager[Any]]


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def apq(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}


@pytest.fixture
def asking(sqlite_url: str, tmp_path: Path) -> Asking:
    """A service that has NAME registered; what comes in hand asks it and answers status, data and code."""
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({f"sha256:{hash_of(NAME)}": NAME}))

    @asynccontextmanager
    async def open_service(**more: Any) -> AsyncIterator[Any]:
        database = await Database.open(sqlite_url)
        shop = await open_shop(database)
        key = (await create_key(shop.resources, shop.account.id, "test", frozenset(Scope), pepper=PEPPER)).text
        given = Settings(database_url=sqlite_url, workers_embedded=False, persisted_documents=file, **more)
        app = create_app(given, pepper=PEPPER)
        async with started(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:

            async def ask(**body: Any) -> tuple[int, Any, str | None]:
                answer = await client.post("/graphql", json=body, headers={"authorization": f"Bearer {key}"})
                told = answer.json()
                errors = told.get("errors")
                return answer.status_code, told.get("data"), errors[0]["extensions"]["code"] if errors else None

            yield ask
        await database.close()

    return open_service


async def test_a_registered_document_is_run_by_its_name(asking: Asking):
    async with asking() as ask:
        status, data, code = await ask(documentId=f"sha256:{hash_of(NAME)}")
        assert (status, code) == (200, None)
        assert data["account"]["name"]
        assert (await ask(extensions=apq(NAME)))[1] == data


async def test_a_document_that_nobody_knows_is_not_found(asking: Asking):
    async with asking() as ask:
        for named in ({"documentId": f"sha256:{hash_of(MODE)}"}, {"extensions": apq(MODE)}, {"documentId": "mine:1"}):
            assert await ask(**named) == (200, None, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_document_that_was_sent_with_its_hash_can_be_requested_by_the_hash(asking: Asking):
    async with asking() as ask:
        shown = await ask(query=MODE, extensions=apq(MODE))
        assert shown == (200, {"account": {"mode": "LIVE"}}, None)
        assert await ask(extensions=apq(MODE)) == shown
        assert await ask(documentId=f"sha256:{hash_of(MODE)}") == shown


async def test_a_document_is_kept_only_if_the_hash_is_its_own(asking: Asking):
    async with asking() as ask:
        assert await ask(query=MODE, extensions=apq("{ account { currency } }")) == (400, None, "BAD_REQUEST")
        assert await ask(extensions=apq("{ account { currency } }")) == (200, None, "PERSISTED_QUERY_NOT_FOUND")
        for broken in ({"version": 2, "sha256Hash": hash_of(MODE)}, {"version": 1, "sha256Hash": "x"}, 7):
            assert await ask(query=MODE, extensions={"persistedQuery": broken}) == (400, None, "BAD_REQUEST")


async def test_the_number_and_size_of_kept_documents_are_limited(asking: Asking):
    async with asking(shown_documents_max=1) as ask:
        for text in (MODE, "{ account { currency } }"):
            assert (await ask(query=text, extensions=apq(text)))[2] is None
        assert (await ask(extensions=apq(MODE)))[2] == "PERSISTED_QUERY_NOT_FOUND"
        assert (await ask(extensions=apq("{ account { currency } }")))[2] is None


async def test_with_registered_documents_only_no_other_runs(asking: Asking):
    async with asking(persisted_documents_only=True) as ask:
        assert (await ask(documentId=f"sha256:{hash_of(NAME)}"))[2] is None
        assert (await ask(query=NAME))[2] is None
        for other in ({"query": MODE}, {"query": MODE, "extensions": apq(MODE)}):
            assert await ask(**other) == (200, None, "PERSISTED_QUERY_NOT_SUPPORTED")
        assert await ask(extensions=apq(MODE)) == (200, None, "PERSISTED_QUERY_NOT_FOUND")


def test_a_file_with_a_wrong_name_is_refused(tmp_path: Path):
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({f"sha256:{hash_of(NAME)}": MODE}))
    with pytest.raises(ValueError, match="is not the SHA-256 of its document"):
        load_registered(file)
