"""The console without a browser: its page, its messages in every language, and its types against the schema.

Seen to fail when: a file is asked for outside the prefix; the policy allows inline styles; a message is missing in one
language, is used nowhere, or has another placeholder; a page reads a field that the schema does not have.
"""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from service.api.pages.console import BUNDLE, console_routes, load_console
from tests.programs import lacking

FOLDER = BUNDLE.parent
LANGUAGES = ["pt", "ar"]
SAME_IN_ALL = re.compile(r"^(\W*|[kMGW]+h|Webhooks|Menu|Total|\{n\} t|\{name\}, \{year\})$")
PREFIX = "/carbon"


CATEGORIES = {
    "en": {"one", "other"},
    "pt": {"one", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
}
"""Plural categories of each language, as browsers know them."""


def messages(language: str) -> dict[str, str | dict[str, str]]:
    return json.loads((FOLDER / "messages" / f"{language}.json").read_text(encoding="utf-8"))


def forms_of(message: str | dict[str, str]) -> list[str]:
    """The texts of a message: one, or one for each plural category."""
    return list(message.values()) if isinstance(message, dict) else [message]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A console below a prefix, which a proxy removes."""
    (tmp_path / "manifest.json").write_text('{"script": "main-1.js", "style": "main-1.css"}')
    (tmp_path / "main-1.js.gz").write_bytes(b"\x1f\x8b")
    routes = console_routes(load_console(PREFIX, bundle=tmp_path), PREFIX)
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield client


@pytest.mark.parametrize("path", ["/console", "/console/orders", "/console/orders/T3JkZXI6MQ", "/console/no/such/page"])
async def test_every_address_of_the_console_gets_the_page_without_inline_scripts(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert re.findall(r"<script[^>]*>([^<]*)</script>", answer.text) == [""]
    assert "style=" not in answer.text


async def test_the_page_and_its_files_respect_the_prefix(client: httpx.AsyncClient):
    html = (await client.get("/console")).text

    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert addresses == [
        "/carbon/favicon.svg",
        "/carbon/console/assets/main-1.css",
        "/carbon/console/assets/main-1.js",
        "/carbon/",
    ]
    assert "&quot;base&quot;: &quot;/carbon/console&quot;" in html
    assert "&quot;endpoint&quot;: &quot;/carbon/graphql&quot;" in html
    assert "&quot;EUR&quot;" in html  # one of the currencies to choose from
    assert "&quot;XAU&quot;" not in html
    assert (await client.get("/console/assets/main-1.js", headers={"accept-encoding": "gzip"})).status_code == 200
    assert (await client.get("/console/assets/nothing.js")).status_code == 404
    moved = await client.get("/console/?language=pt")
    assert (moved.status_code, moved.headers["location"]) == (308, "/carbon/console?language=pt")


def test_without_a_bundle_there_is_no_console(tmp_path: Path):
    assert load_console(bundle=tmp_path) is None
    assert console_routes(None) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_written_in_every_language(language: str):
    english, other = messages("en"), messages(language)

    assert list(other) == list(english)
    placeholder = re.compile(r"\{\w+\}")
    for key, message in other.items():
        (wanted,) = {tuple(sorted(placeholder.findall(text))) for text in forms_of(english[key])}
        assert {tuple(sorted(placeholder.findall(text))) for text in forms_of(message)} == {wanted}, key
        assert not isinstance(message, dict) or message.keys() == CATEGORIES[language], key
    copied = [key for key, text in other.items() if text == english[key] and not SAME_IN_ALL.match(str(text))]
    assert [key for key in copied if not key.startswith("serialForm.")] == []  # names of registries


def test_every_message_is_used():
    sources = [*(FOLDER / "src").rglob("*.ts"), *(FOLDER / "src").rglob("*.tsx")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    whole = set(re.findall(r'"([a-zA-Z]+\.[\w.]+)"', text))
    begun = tuple(re.findall(r"`([a-zA-Z]+\.(?:[\w.]*\.)?)\$\{", text))

    assert [key for key in messages("en") if key not in whole and not key.startswith(begun)] == []


@pytest.mark.tools
def test_every_page_reads_and_sends_what_the_schema_has():
    if shutil.which("node") is None or not (FOLDER / "node_modules" / "typescript").exists():
        lacking("node and the packages of the console are needed to check its types (make console)", "REQUIRE_NODE")
    for command in (["node", "types.mjs"], ["node_modules/.bin/tsc"]):
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
