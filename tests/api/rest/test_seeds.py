"""The calls of the three contracts' own pages, as they stand there but for host and token, typed into a real shell.

What is no fact of ours is theirs: their documented status, fields and types. Where their text cannot be typed as it
stands, the test says what was added and what happens without it.

Seen to fail when: an order is answered with 200 instead of 201; a field is missing or its number is a string; the body
has to be labelled; the status of a refusal changes.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from service.operations.load_demo import CATALOGUE_FILE
from tests import processes
from tests.api.rest.client import assert_described, contract_named, template_of
from tests.server import ROOT, environment_of, running

HOSTS = {"carbon-engine": "carbon-engine.localhost", "lune": "lune.localhost", "carbonext": "carbonext.localhost"}
CURL_SETTINGS = 'silent\nshow-error\ninclude\nmax-time = 20\nnoproxy = "*"\n'
LIMIT_S = 30


@dataclass
class Shell:
    """A shell beside a server with the demo data; `keys` are those of contracts and modes."""

    address: str
    folder: Path
    keys: dict[tuple[str, str], str]

    def base(self, contract: str) -> str:
        """What stands for the contract's own host: the rest of an address stays as the pages write it."""
        return f"http://{HOSTS[contract]}:{urlsplit(self.address).port}"

    def type(self, text: str) -> httpx.Response:
        """The answer to one curl, which is told by its settings file to show the headers too."""
        done = subprocess.run(
            ["/bin/sh", "-c", text],
            env={"PATH": os.environ["PATH"], "CURL_HOME": str(self.folder)},
            capture_output=True,
            check=False,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, (text, done.stderr)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("shell")
    (folder / ".curlrc").write_text(CURL_SETTINGS)
    url = f"sqlite://{folder / 'orders.sqlite3'}"
    demo = processes.run(["demo", "--json"], cwd=ROOT, env=environment_of(url))
    keys = {(each["contract"], each["mode"]): each["key"] for each in json.loads(demo.stdout)["accounts"]}
    hosts = ",".join(f"{host}={contract}" for contract, host in HOSTS.items())
    with running(url, hosts=hosts, lune_requests_per_s=1_000) as address:
        yield Shell(address, folder, keys)


CREATE_AT_CARBON_ENGINE = """\
curl --request POST \\
  --url https://carbon-engine.onrender.com/v1/orders \\
  --header 'Authorization: Bearer <token>' \\
  --header 'Content-Type: application/json' \\
  --data '{
  "portfolioId": "<string>",
  "amount_kg": 123,
  "description": "<string>",
  "customer": "<string>"
}'
"""
RECORD = {
    "project_id": str,
    "project_category_id": str,
    "credit_batch_id": str,
    "delta": (int, float),
    "recorded_on": str,
}
CARBON_ENGINE_ORDER = {
    "_id": str,
    "orderNumber": str,
    "customer": str,
    "description": str,
    "price_sar_halalas": int,
    "amount_kg": int,
    "creditsPurchased": int,
    "callbackUrl": (str, type(None)),  # none was given
    "state": str,
    "portfolio": str,
    "certificateUrl": (str, type(None)),  # there is none before the credits are retired
    "projectRecords": list,
    "invoice": dict,
}
INVOICE = {"amountDueSarHalalas": int, "balanceAppliedSarHalalas": int, "receiptUrl": str}


def assert_typed(value: dict[str, Any], documented: dict[str, Any]) -> None:
    assert set(documented) <= set(value)
    for name, kind in documented.items():
        assert isinstance(value[name], kind), (name, value[name])
        assert not isinstance(value[name], bool) or kind is bool, name


def test_the_call_of_carbon_engine(shell: Shell) -> None:
    demo = json.loads(CATALOGUE_FILE.read_text())
    (portfolio,) = (UUID(each["id"]).hex for each in demo["portfolios"] if each["identifier"] == "coast-and-stoves")
    typed = (
        CREATE_AT_CARBON_ENGINE.replace("https://carbon-engine.onrender.com", shell.base("carbon-engine"))
        .replace("<token>", shell.keys["carbon-engine", "live"])
        .replace('"portfolioId": "<string>"', f'"portfolioId": "{portfolio}"')
    )

    answer = shell.type(typed)

    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/json"), answer.text
    (order,) = answer.json()
    assert list(order) == list(CARBON_ENGINE_ORDER)
    assert_typed(order, CARBON_ENGINE_ORDER)
    assert order["projectRecords"]
    for record in order["projectRecords"]:
        assert list(record) == list(RECORD)
        assert_typed(record, RECORD)
        assert record["recorded_on"].endswith("Z")
    assert list(order["invoice"]) == list(INVOICE)
    assert_typed(order["invoice"], INVOICE)
    assert (order["amount_kg"], order["creditsPurchased"]) == (123, 123)
    assert (order["description"], order["customer"]) == ("<string>", "<string>")
    assert shell.type(typed.replace(shell.keys["carbon-engine", "live"], "<token>")).status_code == 401


def test_every_endpoint_of_lunes_page(shell: Shell) -> None:
    """The page lists endpoints and statuses, and types no call."""
    contract, base, key = contract_named("lune"), shell.base("lune"), shell.keys["lune", "test"]
    answered: set[tuple[str, str | None, int]] = set()

    def curl(
        status: int, method: str, path: str, body: object = None, *, bearer: str = key, label: str = "application/json"
    ) -> Any:
        data = "" if body is None else f" --header 'Content-Type: {label}' --data '{json.dumps(body)}'"
        typed = f"curl --request {method} --url '{base}/v1{path}' --header 'Authorization: Bearer {bearer}'{data}"
        answer = shell.type(typed)
        assert answer.status_code == status, (path, answer.text)
        plain = f"/v1{path.partition('?')[0]}"
        assert_described(contract, method, plain, answer)
        answered.add((method, template_of(contract, plain), status))
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.content

    mass, value = {"mass": {"amount": "12.07", "unit": "kg"}}, {"value": "10.5"}
    order = curl(200, "POST", "/orders/by-mass", {**mass, "idempotency_key": "by-mass"})
    by_value = curl(200, "POST", "/orders/by-value", {**value, "idempotency_key": "by-value"})
    kilowatt_hours = {"consumption": {"amount": "900", "unit": "kWh"}}
    estimate = curl(200, "POST", "/estimates/electricity", kilowatt_hours)
    curl(200, "POST", "/orders/by-estimate", {"estimate_id": estimate["id"], "idempotency_key": "by-estimate"})
    page = curl(200, "GET", "/orders")
    assert [each["idempotency_key"] for each in page["data"]] == ["by-estimate", "by-value", "by-mass"]
    assert curl(200, "GET", f"/orders/{order['id']}") == order
    assert curl(200, "GET", "/orders/by-idempotency-key/by-value") == by_value
    quoted = curl(200, "POST", "/orders/by-mass/quote", mass)
    assert quoted["estimated_total_cost"] == order["total_cost"]
    curl(200, "POST", "/orders/by-value/quote", value)
    curl(404, "GET", f"/orders/{order['id']}/certificate")
    complete(shell, key, "by-mass")
    assert curl(200, "GET", f"/orders/{order['id']}/certificate").startswith(b"%PDF-")

    for path in ("/orders/by-mass", "/orders/by-value", "/orders/by-estimate"):
        curl(400, "POST", path, {})
        curl(401, "POST", path, {}, bearer="<token>")
        curl(415, "POST", path, {}, label="text/plain")
    for path, body in (("/orders/by-mass", mass), ("/orders/by-value", value)):
        curl(409, "POST", path, {**body, "idempotency_key": "by-mass"})
        curl(400, "POST", f"{path}/quote", {})
        curl(401, "POST", f"{path}/quote", {}, bearer="<token>")
        curl(415, "POST", f"{path}/quote", {}, label="text/plain")
    curl(409, "POST", "/orders/by-estimate", {"estimate_id": estimate["id"], "idempotency_key": "again"})
    curl(409, "POST", "/orders/by-mass/quote", {"mass": {"amount": "0", "unit": "kg"}})
    curl(401, "GET", "/orders", bearer="<token>")
    for path in ("/orders/nothing", "/orders/nothing/certificate", "/orders/by-idempotency-key/nothing"):
        curl(404, "GET", path)
    for created in ("by-mass", "by-value", "by-estimate", "by-mass/quote"):
        assert {("POST", f"/v1/orders/{created}", status) for status in (200, 400, 401, 409, 415)} <= answered


def complete(shell: Shell, key: str, idempotency_key: str) -> None:
    """The test account's order has a certificate; the page tells of one without saying how it comes about."""
    query = """mutation Complete($key: String!) {
      simulateOrder(input: {order: {idempotencyKey: $key}, outcome: COMPLETE}) { order { status } }
    }"""
    answer = httpx.post(
        f"{shell.address}/graphql",
        json={"query": query, "variables": {"key": idempotency_key}},
        headers={"authorization": f"Bearer {key}"},
        timeout=LIMIT_S,
    )
    assert answer.json()["data"] == {"simulateOrder": {"order": {"status": "COMPLETE"}}}


CREATE_AT_CARBONEXT = """\
curl 'https://api-b2b.carbonext.com.br/v1/orders' \\
    -H 'Accept: application/json' \\
    -H 'Authorization: Bearer {token}' \\
--data-raw {
    "vcuAmount":150,
    "targetCurrency":"BRL",
    "PayWithBalance":false
}
"""
CANCEL_AT_CARBONEXT = """\
curl 'https://api-b2b.carbonext.com.br/v1/orders/f8e48b36-b0e4-41eb-bbe5-0cc1bdfc5be2/cancel' \\
    -H 'Accept: application/json' \\
    -H 'Authorization: Bearer {token}'
"""
CANCEL_MANY_AT_CARBONEXT = """\
curl 'https://api-b2b.carbonext.com.br/v1/orders/cancel' \\
    -H 'Accept: application/json' \\
    -H 'Authorization: Bearer {token}' \\
--data-raw {
    "ordersIds":
    [
        "14a60138-d078-4f1d-b72a-87f0820b7ccb"
    ]
}
"""
LIST_AT_CARBONEXT = """\
curl 'https://api-b2b.carbonext.com.br/v1/orders?page=1&page-size=100' \\
    -H 'Accept: application/json' \\
    -H 'Authorization: Bearer {token}'
"""
CARBONEXT_ORDER = {
    "id": str,
    "vcuAmount": (int, float),
    "vcuUnitPrice": (int, float),
    "targetCurrency": str,
    "status": str,
    "createdAt": str,
}
PAGE = {
    "items": list,
    "pageIndex": int,
    "totalPages": int,
    "totalCount": int,
    "hasPreviousPage": bool,
    "hasNextPage": bool,
}


def token_at_carbonext(shell: Shell) -> str:
    """Got as its clients do, at the contract's host, with the key and its id."""
    key = shell.keys["carbonext", "live"]
    form = f"grant_type=client_credentials&client_id=cbx_b2b_{key.split('_')[2]}&client_secret={key}"
    address = f"{shell.base('carbonext')}/auth/realms/co2free/protocol/openid-connect/token"
    answer = shell.type(f"curl '{address}' --data '{form}'")
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def test_the_calls_of_carbonext(shell: Shell) -> None:
    token = token_at_carbonext(shell)

    def typed(text: str, *changes: tuple[str, str]) -> httpx.Response:
        text = text.replace("https://api-b2b.carbonext.com.br", shell.base("carbonext"))
        for before, after in (("{token}", token), *changes):
            assert before in text
            text = text.replace(before, after)
        return shell.type(text)

    # Without quotes around the body, which the page leaves out, the shell sends its first character alone.
    quoted = (("--data-raw {", "--data-raw '{"), ("\n}\n", "\n}'\n"))
    created = typed(CREATE_AT_CARBONEXT, *quoted)
    order = created.json()
    assert (created.status_code, list(order)[:6]) == (200, list(CARBONEXT_ORDER)), created.text
    assert_typed(order, CARBONEXT_ORDER)
    assert (order["vcuAmount"], order["targetCurrency"], order["status"]) == (150, "BRL", "Issued")

    listed = typed(LIST_AT_CARBONEXT)
    page = listed.json()
    assert (listed.status_code, list(page)[:6]) == (200, [*PAGE][:6])
    assert_typed(page, PAGE)
    assert [each["id"] for each in page["items"]] == [order["id"]]
    assert {name: page["items"][0][name] for name in CARBONEXT_ORDER} == {name: order[name] for name in CARBONEXT_ORDER}
    assert [page[name] for name in list(PAGE)[1:]] == [1, 1, 1, False, False]

    # The page calls it a POST and types a GET, which may change nothing.
    own_id = ("f8e48b36-b0e4-41eb-bbe5-0cc1bdfc5be2", order["id"])
    got = typed(CANCEL_AT_CARBONEXT, own_id)
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    cancelled = typed(CANCEL_AT_CARBONEXT, own_id, ("curl ", "curl -X POST "))
    assert (cancelled.status_code, cancelled.json()) == (200, {**order, "status": "Cancelled"})
    assert typed(CANCEL_AT_CARBONEXT, ("curl ", "curl -X POST ")).status_code == 404

    absent = typed(CANCEL_MANY_AT_CARBONEXT, *quoted)
    assert (absent.status_code, absent.json()) == (200, False)
    another = typed(CREATE_AT_CARBONEXT, *quoted).json()
    batch = typed(CANCEL_MANY_AT_CARBONEXT, *quoted, ("14a60138-d078-4f1d-b72a-87f0820b7ccb", another["id"]))
    assert (batch.status_code, batch.json()) == (200, True)
    assert typed(LIST_AT_CARBONEXT, ("Bearer ", "")).status_code == 401
