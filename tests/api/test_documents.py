"""Links to documents: shown by GraphQL, readable without a key, impossible to guess, revoked by a mutation.

Seen to fail when: a changed token is accepted; the token is logged; a token of the previous secret is refused.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from service.api.document_links import document_path, link_of
from service.domain.api_keys import Scope
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument, link_end
from tests.api.graphql_api import PEPPER, GraphQLApi
from tests.makers import make_caller

URLS = """{ orders(first: 1) { nodes { id confirmationUrl receiptPdfUrl invoice { id pdfUrl
    creditNotes { nodes { pdfUrl } } } } } }"""
ORDER = """mutation { createOrderByMass(input: {mass: {amount: "10", unit: KILOGRAM}, idempotencyKey: "k"})
    { order { id } userErrors { code } } }"""
BILL = """mutation ($account: ID!, $order: ID!) { billOrders(input: {accountId: $account, reference: "b",
    orders: [{id: $order}]}) { invoice { id } userErrors { code message } } }"""
REVOKE = """mutation ($id: ID) { revokeDocumentLinks(input: {id: $id}) { userErrors { code path } } }"""
LINK = DocumentLink(DocumentName(LinkedDocument.INVOICE, UUID(int=1), UUID(int=2)), 3, datetime(2027, 1, 1, tzinfo=UTC))


async def shown(api: GraphQLApi, key: str | None = None) -> dict:
    return (await api.data(URLS, key=key))["orders"]["nodes"][0]


async def billed(api: GraphQLApi) -> dict:
    order = (await api.data(ORDER))["createOrderByMass"]["order"]["id"]
    account = (await api.data("{ account { id } }"))["account"]["id"]
    assert (await api.data(BILL, {"account": account, "order": order}))["billOrders"]["userErrors"] == []
    return await shown(api)


async def get(api: GraphQLApi, url: str):
    return await api.client.get(urlsplit(url).path)


async def test_everybody_with_a_link_can_read_the_file(api: GraphQLApi):
    order = await billed(api)

    for url in (order["confirmationUrl"], order["invoice"]["pdfUrl"]):
        assert url.startswith("http://127.0.0.1:8000/documents/")
        answer = await get(api, url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert (answer.content[:5], answer.headers["cache-control"]) == (b"%PDF-", "no-store")
    assert order["receiptPdfUrl"] is None
    assert await shown(api) == order


async def test_no_other_address_gives_access_to_a_document(api: GraphQLApi):
    url = (await billed(api))["confirmationUrl"]
    token = urlsplit(url).path.removeprefix("/documents/").removesuffix(".pdf")
    wrong = [token[:50] + ("A" if token[50] != "A" else "B") + token[51:], "A" * len(token), token + "A", "x"]

    with capture_logs() as logs:
        for each in wrong:
            answer = await api.client.get(f"/documents/{each}.pdf")
            assert answer.status_code == 404
            assert answer.text == "There is no such document, or its address has expired or was revoked.\n"
    assert any("/documents/..." in str(entry) for entry in logs)
    assert not any(token[:40] in str(entry) for entry in logs)


async def test_links_can_be_revoked(api: GraphQLApi):
    before = await billed(api)

    assert (await api.data(REVOKE, {"id": before["invoice"]["id"]}))["revokeDocumentLinks"] == {"userErrors": []}
    after = await shown(api)

    assert (await get(api, before["invoice"]["pdfUrl"])).status_code == 404
    assert (await get(api, after["invoice"]["pdfUrl"])).status_code == 200
    assert after["confirmationUrl"] == before["confirmationUrl"]


async def test_only_invoices_credit_notes_and_orders_have_links(api: GraphQLApi):
    account = (await api.data("{ account { id } }"))["account"]["id"]

    assert (await api.data(REVOKE, {"id": account}))["revokeDocumentLinks"] == {
        "userErrors": [{"code": "BAD_USER_INPUT", "path": ["input", "id"]}]
    }


async def test_a_client_accounts_own_key_gets_no_receipt(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    key = await api.new_key(*(set(Scope) - {Scope.OPERATOR}), account=client)
    await api.data(ORDER, key=key)

    answer = (await api.ask("{ orders(first: 1) { nodes { confirmationUrl receiptPdfUrl } } }", key=key)).json()

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert make_caller(client).acts_for_client is False


async def test_a_statement_is_a_pdf_and_a_table(api: GraphQLApi):
    year = datetime.now(UTC).year
    shown = (await api.data(f"{{ account {{ retirementStatement(year: {year}) {{ year pdfUrl csvUrl }} }} }}"))[
        "account"
    ]
    statement = shown["retirementStatement"]

    pdf, table = await get(api, statement["pdfUrl"]), await get(api, statement["csvUrl"])
    assert (statement["year"], pdf.content[:5]) == (year, b"%PDF-")
    assert (table.headers["content-type"], table.text[:18]) == ("text/csv; charset=utf-8", "certificate,order,")


def test_a_token_stands_for_its_link():
    token = document_path(LINK, PEPPER).removeprefix("/documents/")

    assert link_of(token, [PEPPER]) == LINK
    assert link_of(token, [b"another", PEPPER]) == LINK
    assert link_of(token, [b"another"]) is None
    assert len(token) == 103
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [last for last in alphabet if link_of(token[:-1] + last, [PEPPER])] == [token[-1]]


@pytest.mark.parametrize(
    ("valid", "end"),
    [
        (timedelta(days=30), datetime(2026, 12, 31, tzinfo=UTC)),
        (timedelta(minutes=10), datetime(2026, 11, 30, 12, 50, tzinfo=UTC)),
        (timedelta(milliseconds=1), datetime(2026, 11, 30, 12, 34, 57, tzinfo=UTC)),
    ],
)
def test_a_link_is_valid_for_at_least_its_time_and_stays_the_same_for_some_hours(valid: timedelta, end: datetime):
    now = datetime(2026, 11, 30, 12, 34, 56, 500_000, tzinfo=UTC)

    assert link_end(now, valid) == end
    assert link_end(now + timedelta(milliseconds=1), valid) == end
