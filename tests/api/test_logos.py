"""The seller's logo: set by an operator, on new certificates and their pages, and never changed on issued ones."""

from base64 import b64encode
from io import BytesIO
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from pypdf import PdfReader

from service.domain.document_links import DocumentName, LinkedDocument
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, OrderRequest
from service.operations.bill_orders import bill_orders
from service.operations.read_documents import document_file
from service.operations.retire_orders import retire_order
from tests.api.graphql_api import GraphQLApi
from tests.domain.test_logos import png, svg

SET = """mutation ($logo: String) { updateSeller(input: {legalName: "Meridian GmbH", logo: $logo}) {
    seller { logoUrl } userErrors { code message path } } }"""
CERTIFICATE = "query ($id: ID!) { order(by: {id: $id}) { certificate { url sha256 } } }"


async def set_logo(api: GraphQLApi, content: bytes | None) -> dict:
    text = None if content is None else b64encode(content).decode()
    return (await api.data(SET, {"logo": text}))["updateSeller"]


async def certificate_of_new_order(api: GraphQLApi) -> str:
    order = await api.shop.place(OrderRequest(ask=ByBundleMasses(((api.shop.forest.id, 1_000),))))
    await retire_order(api.shop.resources, order.account_id, order.id, keep=0, actor="test")
    return urlsplit((await api.data(CERTIFICATE, {"id": str(order.id)}))["order"]["certificate"]["url"]).path


@pytest.mark.parametrize(("content", "media_type"), [(png(), "image/png"), (svg(), "image/svg+xml")])
async def test_new_certificates_show_it_and_issued_ones_stay(api: GraphQLApi, content: bytes, media_type: str):
    before = await certificate_of_new_order(api)

    done = await set_logo(api, content)

    assert done["userErrors"] == []
    picture = await api.client.get(urlsplit(done["seller"]["logoUrl"]).path)
    assert (picture.content, picture.headers["content-type"]) == (content, media_type)
    assert "sandbox" in picture.headers["content-security-policy"]
    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert await set_logo(api, content) == done
    after = await certificate_of_new_order(api)
    digest = done["seller"]["logoUrl"].rpartition("/")[2]
    assert (
        f'<img class="logo" src="../logos/{digest}" alt="Logo of Meridian GmbH">' in (await api.client.get(after)).text
    )
    assert "<img" not in (await api.client.get(before)).text
    policies = [(await api.client.get(each)).headers["content-security-policy"] for each in (before, after)]
    assert ["img-src 'self'" in policy for policy in policies] == [False, True]
    assert (await api.client.get(f"{after}.json")).json()["seller"]["logo"] == digest
    (page,) = PdfReader(BytesIO((await api.client.get(f"{after}.pdf")).content)).pages
    assert len(page.images) == (media_type == "image/png")  # all other pictures are drawn as paths
    assert (await set_logo(api, None))["seller"] == {"logoUrl": None}
    assert (await api.client.get(after)).text.count("<img") == 1
    assert (await api.client.get(f"/logos/{digest}")).status_code == 200


async def test_an_invoice_keeps_the_logo_of_its_day(api: GraphQLApi):
    resources, caller, account = api.shop.resources, api.shop.caller, api.shop.account
    await set_logo(api, png())
    order = await api.shop.place()
    bill = (await bill_orders(resources, caller, account.id, "b", [OrderRef(id=order.id)])).invoice
    await set_logo(api, None)

    async def pictures(kind: LinkedDocument, document_id: UUID) -> int:
        file = await document_file(resources, DocumentName(kind, account.id, document_id))
        assert file is not None
        return len(PdfReader(BytesIO(file)).pages[0].images)

    assert await pictures(LinkedDocument.INVOICE, bill.id) == 1
    assert await pictures(LinkedDocument.CONFIRMATION, order.id) == 0


async def test_a_damaged_file_is_refused_and_nothing_changes(api: GraphQLApi):
    damaged = png()[:40]
    done = await set_logo(api, damaged)
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [("BAD_USER_INPUT", ["input", "logo"])]
    assert await api.shop.database.reader.fetch("SELECT sha256 FROM logos") == []


async def test_unknown_logos_are_absent(api: GraphQLApi):
    for digest in ("0" * 64, "x", "0" * 63 + "G"):
        assert (await api.client.get(f"/logos/{digest}")).status_code == 404
