"""Exports over HTTP: the rows of the GraphQL lists, in CSV and NDJSON, read page by page and only as fast as they are
taken.

Seen to fail when: a page begins with the last row of the one before; a text that begins with = is written as it is; a
negative amount gets an apostrophe; the next page is read before the one before is taken; a place is not given back
when the caller leaves; a client account's own key reads its parent's ledger.
"""

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest

from service.api.exports import definitions, routes
from service.api.exports.definitions import EXPORTS, ORDER_COLUMNS
from service.api.exports.formats import FORMATS
from service.api.graphql.types.node import global_id
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse
from service.domain.parties import TaxCategory, TaxProfile
from service.errors import Code, Refused
from service.operations.bill_orders import bill_orders
from service.operations.fail_order import fail_order
from service.operations.record_payment import record_payment
from service.operations.retire_orders import retire_order
from service.operations.set_billing import enter_tax_profile
from service.storage import orders
from tests.api.graphql_api import GraphQLApi
from tests.books import rows_of
from tests.makers import make_order_request

ORDERS = """query ($filter: OrderFilterInput) { orders(filter: $filter, first: 100) { nodes {
    id number status paymentStatus kind source createdAt mass { grams tonnes } totalCost { amount currency }
    due { amount } customer metadata idempotencyKey
} } }"""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "PAGE_ROWS", 2)


async def get(api: GraphQLApi, name: str, query: Any = (), *, key: str | None = None, **headers: str) -> httpx.Response:
    sent = {"authorization": f"Bearer {key or api.key}"} | {n.replace("_", "-"): v for n, v in headers.items()}
    return await api.client.get(f"/exports/{name}", params=list(query), headers=sent)


def objects_in(answer: httpx.Response) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


def cells_in(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def problem_in(answer: httpx.Response) -> tuple[int, str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"http://127.0.0.1:8000/problems#{body['code'].lower().replace('_', '-')}"
    assert (body["status"], body["requestId"]) == (answer.status_code, answer.headers["x-request-id"])
    return answer.status_code, body["code"], body["detail"]


async def placed(api: GraphQLApi, masses_g: Sequence[int], **facts: Any) -> None:
    for mass_g in masses_g:
        await api.shop.place(make_order_request(mass_g), **facts)


@pytest.mark.parametrize(
    ("names", "filter_input"),
    [
        ((), None),
        (
            (("mass.gte.amount", "2"), ("mass.gte.unit", "KILOGRAM")),
            {"mass": {"gte": {"amount": "2", "unit": "KILOGRAM"}}},
        ),
        ((("status", "PLACED"), ("status", "FULFILLED")), {"status": ["PLACED", "FULFILLED"]}),
        ((("metadata.0.key", "site"), ("metadata.0.value", "A")), {"metadata": [{"key": "site", "value": "A"}]}),
        ((("customerContains", "ada"), ("currency", "USD")), {"customerContains": "ada", "currency": ["USD"]}),
    ],
)  # fmt: skip
async def test_an_export_has_the_orders_of_the_graphql_list(api: GraphQLApi, names: Any, filter_input: Any):
    await placed(api, (1_000, 2_000, 3_000), customer="Ada", metadata={"site": "A"})
    await placed(api, (4_000, 5_000))
    nodes = (await api.data(ORDERS, {"filter": filter_input}))["orders"]["nodes"]
    assert nodes

    expected = [
        {
            **{name: node[name] for name in ("id", "number", "status", "paymentStatus", "kind", "source", "createdAt")},
            "massGrams": int(node["mass"]["grams"]), "massTonnes": node["mass"]["tonnes"],
            "totalCost": node["totalCost"]["amount"], "currency": node["totalCost"]["currency"],
            "due": node["due"]["amount"], "customer": node["customer"], "metadata": node["metadata"],
            "idempotencyKey": node["idempotencyKey"],
        }
        for node in nodes
    ]  # fmt: skip
    found = objects_in(await get(api, "orders.ndjson", names))
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    as_texts = [
        {**row, "massGrams": str(row["massGrams"]), "customer": row["customer"] or "",
         "metadata": orjson.dumps(row["metadata"]).decode(), "idempotencyKey": row["idempotencyKey"] or ""}
        for row in expected
    ]  # fmt: skip
    cells = cells_in(await get(api, "orders.csv", names))
    assert [{name: row[name] for name in expected[0]} for row in cells] == as_texts


async def test_ledger_and_payments_have_the_rows_of_graphql(api: GraphQLApi):
    await placed(api, (1_000, 2_000))
    for reference in ("one", "=two", "three"):
        amount = Money(1_050, "USD")
        await record_payment(api.shop.resources, api.shop.caller, api.shop.account.id, reference, amount)
    journals = "{ ledger { nodes { id verb order { id } postings { account amount { amount currency } } } } }"
    expected = [
        [
            *(journal["id"], journal["verb"], posting["account"]),
            *(*posting["amount"].values(), (journal["order"] or {}).get("id")),
        ]
        for journal in (await api.data(journals))["ledger"]["nodes"]
        for posting in journal["postings"]
    ]  # fmt: skip
    assert len(expected) >= 6
    found = objects_in(await get(api, "ledger.ndjson"))
    names = ("journalId", "verb", "account", "amount", "currency", "orderId")
    assert [[row[name] for name in names] for row in found] == expected
    assert [row["amount"] for row in cells_in(await get(api, "ledger.csv"))] == [row["amount"] for row in found]
    payments = cells_in(await get(api, "payments.csv"))
    assert [(row["reference"], row["amount"]) for row in payments] == [
        ("three", "10.50"), ("'=two", "10.50"), ("one", "10.50"),
    ]  # fmt: skip


INVOICES = """query ($filter: InvoiceFilterInput) { allInvoices(filter: $filter, first: 5) { nodes {
    id number status net { amount } tax { amount } gross { amount } prepaid { amount } due { amount }
    taxCategory taxRate taxReason creditNotes(first: 5) { nodes { net { amount } tax { amount } } }
} } }"""
PAYMENTS = """query ($filter: PaymentFilterInput) { allPayments(filter: $filter, first: 100) { nodes {
    id reference invoice { id }
} } }"""
JOURNALS = """query ($filter: LedgerFilterInput) { ledger(filter: $filter, first: 100) { nodes {
    id verb invoice { id } postings { account }
} } }"""


@pytest.fixture
async def billed(api: GraphQLApi) -> GraphQLApi:
    """The service with two invoices at 20 % tax, one of them paid and one partly credited, and three payments."""
    seller, account_id = api.shop.caller, api.shop.account.id
    profile = TaxProfile(
        account_id=account_id, valid_from=date(2020, 1, 1), category=TaxCategory.STANDARD, rate_hundredths=2_000
    )
    await enter_tax_profile(api.shop.resources, profile)
    await placed(api, (1_000_000, 2_000_000, 3_000_000))
    by_mass = sorted(await rows_of(api.shop.database, orders.ORDERS), key=lambda order: order.mass_g)
    refs = [OrderRef(id=order.id) for order in by_mass]
    first = await bill_orders(api.shop.resources, seller, account_id, "one", refs[:1])
    await bill_orders(api.shop.resources, seller, account_id, "=two", refs[1:])
    await fail_order(api.shop.resources, seller, account_id, refs[2])
    whole = Money(first.invoice.due_minor, "USD")
    await record_payment(api.shop.resources, seller, account_id, "paid", whole, invoice_id=first.invoice.id)
    for reference in ("funds 1", "funds 2"):
        await record_payment(api.shop.resources, seller, account_id, reference, Money(1_000, "USD"))
    return api


async def test_an_export_has_the_invoices_of_the_graphql_list_with_their_tax(billed: GraphQLApi):
    operator = await billed.new_key(*Scope)
    some: Any = {"createdAt": {"gte": "2020-01-01T00:00:00Z"}}
    for names, filter_input, count in (
        ((), None, 2),
        ((("status", "PAID"),), {"status": ["PAID"]}, 1),
        ((("textContains", "=TWO"),), {"textContains": "=TWO"}, 1),
        ((("currency", "EUR"),), {"currency": ["EUR"]}, 0),
        ((("dueAt.lt", "2020-01-01T00:00:00Z"),), {"dueAt": {"lt": "2020-01-01T00:00:00Z"}}, 0),
        ((("createdAt.gte", "2020-01-01T00:00:00Z"),), some, 2),
    ):
        nodes = (await billed.data(INVOICES, {"filter": filter_input}, key=operator))["allInvoices"]["nodes"]
        expected = [invoice_row(node) for node in nodes]
        assert len(expected) == count, names
        found = objects_in(await get(billed, "invoices.ndjson", names))
        assert [{name: row[name] for name in expected[0]} for row in found] == expected if expected else found == []
        assert [row["reference"] for row in cells_in(await get(billed, "invoices.csv", names))] == [
            {"one": "one", "=two": "'=two"}[row["reference"]] for row in found
        ]


def invoice_row(node: dict[str, Any]) -> dict[str, Any]:
    """An invoice of GraphQL as an export has it."""
    notes = node["creditNotes"]["nodes"]
    return {
        **{name: node[name] for name in ("id", "number", "status", "taxCategory", "taxRate", "taxReason")},
        **{name: node[name]["amount"] for name in ("net", "tax", "gross", "prepaid", "due")},
        "credited": f"{sum(Decimal(note['net']['amount']) for note in notes):.2f}",
        "taxCredited": f"{sum(Decimal(note['tax']['amount']) for note in notes):.2f}",
    }


async def test_the_tax_columns_of_an_export_are_those_of_the_books(billed: GraphQLApi):
    two, one = objects_in(await get(billed, "invoices.ndjson"))
    names = ("total", "net", "tax", "gross", "taxCategory", "taxRate", "credited", "taxCredited", "taxPaid")
    assert [one[name] for name in names] == [
        "28.22",
        "28.22",
        "5.64",
        "33.86",
        "STANDARD",
        "20.00",
        "0.00",
        "0.00",
        "5.64",
    ]
    expected = ["141.07", "141.07", "28.21", "169.28", "STANDARD", "20.00", "84.64", "16.93", "0.00"]
    assert [two[name] for name in names] == expected


async def test_an_export_has_the_payments_of_the_graphql_list(billed: GraphQLApi):
    operator = await billed.new_key(*Scope)
    for names, filter_input, references in (
        ((), None, ["funds 2", "funds 1", "paid"]),
        ((("textContains", "FUNDS"),), {"textContains": "FUNDS"}, ["funds 2", "funds 1"]),
        ((("currency", "EUR"),), {"currency": ["EUR"]}, []),
        ((("createdAt.lt", "2020-01-01T00:00:00Z"),), {"createdAt": {"lt": "2020-01-01T00:00:00Z"}}, []),
    ):
        nodes = (await billed.data(PAYMENTS, {"filter": filter_input}, key=operator))["allPayments"]["nodes"]
        assert [node["reference"] for node in nodes] == references
        found = objects_in(await get(billed, "payments.ndjson", names))
        assert [(row["id"], row["invoiceId"]) for row in found] == [
            (node["id"], (node["invoice"] or {}).get("id")) for node in nodes
        ]


async def test_an_export_has_the_journals_of_the_graphql_list(billed: GraphQLApi):
    of_tax = {"TAX_BILLED", "TAX_PAID", "TAX_CREDITED"}
    others = {"ORDER_PLACED", "PAYMENT_RECORDED", "BALANCE_APPLIED", "BALANCE_TOPPED_UP", "ORDER_FAILED"}
    for names, filter_input, verbs in (
        ((), None, of_tax | others),
        (
            (("verb", "TAX_BILLED"), ("verb", "TAX_PAID")),
            {"verb": ["TAX_BILLED", "TAX_PAID"]},
            {"TAX_BILLED", "TAX_PAID"},
        ),
        ((("currency", "EUR"),), {"currency": ["EUR"]}, set()),
        ((("createdAt.lt", "2020-01-01T00:00:00Z"),), {"createdAt": {"lt": "2020-01-01T00:00:00Z"}}, set()),
    ):
        nodes = (await billed.data(JOURNALS, {"filter": filter_input}))["ledger"]["nodes"]
        assert {node["verb"] for node in nodes} == verbs
        found = objects_in(await get(billed, "ledger.ndjson", names))
        assert [(row["journalId"], row["account"], row["invoiceId"]) for row in found] == [
            (node["id"], posting["account"], (node["invoice"] or {}).get("id"))
            for node in nodes
            for posting in node["postings"]
        ]
    of_invoices = {row["verb"] for row in objects_in(await get(billed, "ledger.ndjson")) if row["invoiceId"]}
    assert of_tax <= of_invoices


async def test_retirements_have_the_rows_of_graphql(api: GraphQLApi):
    funds = Money(100_000, "USD")
    await record_payment(api.shop.resources, api.shop.caller, api.shop.account.id, "funds", funds)
    for mass_g in (1_000, 2_000, 3_000):
        order = await api.shop.place(make_order_request(mass_g), pay_with_balance=BalanceUse.WHOLE)
        if mass_g != 2_000:
            await retire_order(api.shop.resources, api.shop.account.id, order.id, keep=0, actor="worker")
    document = "{ orders { nodes { id number retirements { batch { id } mass { grams } retiredAt } } } }"
    expected = [
        [order["id"], order["number"], each["batch"]["id"], int(each["mass"]["grams"]), each["retiredAt"]]
        for order in (await api.data(document))["orders"]["nodes"]
        for each in order["retirements"]
    ]
    assert len(expected) == 4
    names = ("orderId", "orderNumber", "batchId", "massGrams", "retiredAt")
    assert [[r[n] for n in names] for r in objects_in(await get(api, "retirements.ndjson"))] == expected


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
async def test_a_text_that_begins_like_a_formula_is_escaped_in_csv(api: GraphQLApi, start: str):
    text = f'{start}1+"2",\r\n3'
    (column,) = (each for each in ORDER_COLUMNS if each.name == "customer")
    row = SimpleNamespace(customer=text)
    written = FORMATS[0].rows([column], [row]).decode()
    assert next(csv.reader(io.StringIO(written, newline=""))) == ["'" + text]
    assert orjson.loads(FORMATS[1].rows([column], [row])) == {"customer": text}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("stat=PLACED", "stat: Unknown parameter stat. Send one of "),
        ("created_at.gte=2026-01-01T00:00:00Z", "created_at.gte: Unknown parameter created_at.gte. Write createdAt"),
        ("createdAt.gte=2026-01-01", "createdAt.gte: Send a DateTime "),
        ("createdAt.gte=2026-01-01T00:00:00Z&createdAt.gte=2026-01-02T00:00:00Z", "createdAt.gte: There are two "),
        ("status=placed", "status.0: "),
        ("mass.gte.amount=1", "mass.gte: "),
        ("metadata.10.key=a", "metadata.10.key: Unknown parameter "),
        ("customerContains=", "customerContains: Give 1 to 200 characters"),
    ],
)
async def test_a_condition_that_graphql_would_refuse_is_refused_by_name(api: GraphQLApi, query: str, detail: str):
    answer = await api.client.get(f"/exports/orders.csv?{query}", headers={"authorization": f"Bearer {api.key}"})
    status, code, found = problem_in(answer)
    assert (status, code) == (400, "BAD_USER_INPUT")
    assert found.startswith(detail)


async def test_refusals_are_problems(api: GraphQLApi):
    for name in ("ledger", "payments"):
        assert problem_in(await get(api, f"{name}.csv", [("status", "PLACED")]))[:2] == (400, "BAD_USER_INPUT")
    assert problem_in(await get(api, "invoices.csv", [("status", "PLACED")]))[2].startswith("status.0: ")
    assert problem_in(await get(api, "orders.xlsx"))[:2] == (404, "NOT_FOUND")
    answer = await api.client.get("/exports/orders.csv")
    assert problem_in(answer)[:2] == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = await api.client.post("/exports/orders.csv", headers={"authorization": f"Bearer {api.key}"})
    assert problem_in(answer)[:2] == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD"
    key = await api.new_key(Scope.CATALOGUE_READ)
    assert problem_in(await get(api, "orders.csv", key=key))[:2] == (403, "FORBIDDEN")


async def test_a_client_account_exports_its_orders_and_not_its_parents_money(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    await placed(api, (1_000,))
    await placed(api, (2_000,), account_id=client.id, acts_for_client=True)
    own = await api.new_key(account=client)
    (row,) = objects_in(await get(api, "orders.ndjson", key=own))
    assert row["massGrams"] == 2_000
    for name in ("ledger", "invoices", "payments"):
        assert problem_in(await get(api, f"{name}.csv", key=own))[:2] == (403, "FORBIDDEN")

    selected = {"account_id": global_id("Account", client.id)}
    assert objects_in(await get(api, "orders.ndjson", **selected)) == [row]
    orders = {each["orderId"] for each in objects_in(await get(api, "ledger.ndjson", **selected))}
    assert orders == {row["id"], None}
    assert {None} < {each["orderId"] for each in objects_in(await get(api, "ledger.ndjson"))} | {None}
    stranger = {"account_id": global_id("Account", (await api.shop.another_account()).id)}
    customers = await api.new_key(Scope.ORDERS_READ)
    assert problem_in(await get(api, "orders.csv", key=customers, **stranger))[1] == "ACCOUNT_SELECTED_INVALID"
    assert objects_in(await get(api, "orders.ndjson", key=await api.new_key(Scope.OPERATOR), **stranger)) == []


async def test_an_export_has_a_file_name_and_without_rows_only_a_header_line(api: GraphQLApi):
    await placed(api, (1_000,))
    answer = await get(api, "orders.csv")
    name = f'attachment; filename="orders-{api.shop.resources.clock():%Y-%m-%d}.csv"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["cache-control"] == "no-store"
    head = await api.client.head("/exports/orders.csv", headers={"authorization": f"Bearer {api.key}"})
    assert (head.status_code, head.content, head.headers["content-disposition"]) == (200, b"", name)


class Reader:
    """A caller that takes one message at a time, and may leave."""

    def __init__(self, api: GraphQLApi, name: str) -> None:
        self.took: asyncio.Queue[Any] = asyncio.Queue(1)
        self.left = asyncio.Event()
        headers = [(b"authorization", f"Bearer {api.key}".encode()), (b"host", b"service.test")]
        scope = {
            "type": "http", "method": "GET", "path": f"/exports/{name}", "query_string": b"", "headers": headers,
            "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("service.test", 80),
            "asgi": {"version": "3.0", "spec_version": "2.3"}, "root_path": "", "state": {},
        }  # fmt: skip
        app: Any = api.client._transport.app  # type: ignore[attr-defined]
        self.task = asyncio.create_task(app(scope, self._receive, self.took.put))

    async def _receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of orders on each page that was read."""
    found: list[int] = []
    read = definitions.read_orders.list_orders

    async def counted(*arguments: Any, **named: Any) -> Any:
        page = await read(*arguments, **named)
        found.append(len(page.items))
        return page

    monkeypatch.setattr(definitions.read_orders, "list_orders", counted)
    return found


async def test_pages_are_read_only_as_fast_as_the_caller_receives_them(api: GraphQLApi, reads: list[int]):
    await placed(api, [1_000] * 9)
    reader = Reader(api, "orders.csv")
    assert (await reader.took.get())["status"] == 200
    for _ in range(200):
        await asyncio.sleep(0.001)
    assert len(reads) <= 3  # one taken, one in the queue, one that waits for its place there
    chunks = []
    while (message := await reader.took.get())["more_body"]:
        chunks.append(message["body"])
    await reader.task
    assert reads == [2, 2, 2, 2, 1]
    assert len(b"".join(chunks).splitlines()) == 10


async def test_a_caller_that_disconnects_ends_the_export_and_frees_its_place(api: GraphQLApi, reads: list[int]):
    await placed(api, [1_000] * 9)
    readers = [Reader(api, "orders.csv") for _ in range(2)]
    for reader in readers:
        assert (await reader.took.get())["status"] == 200
    answer = await get(api, "orders.csv")
    assert problem_in(answer)[:2] == (429, "THROTTLED")
    assert answer.headers["retry-after"] == "10"
    assert (await get(api, "orders.csv", key=await api.new_key())).status_code == 200

    for reader in readers:
        reader.left.set()
        await asyncio.wait_for(reader.task, 10)
    assert sum(reads) < 9 * 3
    assert len(cells_in(await get(api, "orders.csv"))) == 9


async def test_a_caller_that_receives_nothing_is_disconnected(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(routes, "STALL_S", 0.05)
    await placed(api, [1_000] * 9)
    reader = Reader(api, "orders.csv")
    with pytest.raises(Refused) as refused:
        await asyncio.wait_for(reader.task, 10)
    assert refused.value.code is Code.REQUEST_TIMEOUT
    assert (await reader.took.get())["status"] == 200


async def test_an_export_costs_points_of_the_key(api: GraphQLApi):
    before = (await api.data("{ rateLimit { remaining } }"))["rateLimit"]["remaining"]
    await get(api, "orders.csv")
    assert before - (await api.data("{ rateLimit { remaining } }"))["rateLimit"]["remaining"] >= routes.EXPORT_POINTS


async def test_every_export_has_columns_of_different_names():
    for export in EXPORTS:
        names = [column.name for column in export.columns]
        assert len(set(names)) == len(names)
