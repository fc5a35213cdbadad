"""A web shop and a back office, written as GraphQL documents, do all of their work with an API key alone.

Every id that they send was shown by an earlier answer, so neither needs a second source of data, and a day of the
seller needs no id from the command line. In the shop credits are retired by the worker, as in service.

Seen to fail when: a document asks for a field that the schema does not have; an operation is never sent; a list lacks
the id that a later step needs.
"""

from typing import Any

import pytest

from service.domain.api_keys import Scope
from service.operations.issue_certificates import issue_certificates
from service.operations.retire_orders import retire_orders
from tests.api.graphql_api import GraphQLApi
from tests.frontends.frontend import Frontend, document_of, faults_of

TONNE = {"amount": "1", "unit": "TONNE"}


@pytest.mark.parametrize("name", ["web_shop", "back_office"])
def test_a_frontend_asks_for_nothing_that_the_published_schema_lacks(name: str):
    _, document = document_of(name)
    assert faults_of(document) == []


async def retire(api: GraphQLApi) -> None:
    """Let the worker retire what is fulfilled and issue the certificates."""
    await retire_orders(api.shop.resources, after_ms=0, unpaid=True)
    await issue_certificates(api.shop.resources, public_address="http://service.test")


async def test_a_web_shop_needs_nothing_but_its_key(api: GraphQLApi):
    shop = Frontend(api, await api.new_key(*(set(Scope) - {Scope.OPERATOR})), "web_shop")
    empty = await shop.send("Dashboard")
    assert (empty["orders"]["totalCount"], empty["account"]["currency"]) == (0, api.shop.account.currency)
    catalogue = (await shop.send("Catalogue"))["bundles"]
    assert catalogue["totalCount"] == len(catalogue["nodes"]) == 2

    # A trip is estimated, priced at each change, reserved and bought.
    forms = await shop.send("Forms", place="heathrow")
    trip = (await shop.send("EstimateTrip", **{"from": forms["airports"][0]["code"], "to": "JFK"}))[
        "createFlightEstimate"
    ]
    estimate = trip["estimate"]["id"]
    for wanted in ({"mass": TONNE}, {"mass": {"amount": "1.2", "unit": "TONNE"}}, {"estimateId": estimate}):
        price = (await shop.send("LivePrice", input=wanted))["price"]["price"]
    reserved = (await shop.send("Reserve", input={"estimateId": estimate, "hold": True}))["quoteByEstimate"]["quote"]
    assert (reserved["netCost"], reserved["totalCost"]) == (price["netCost"], price["totalCost"])
    bought = await shop.send(
        "Checkout", input={"quoteId": reserved["id"], "idempotencyKey": "basket 1", "customer": "Ann"}
    )
    first = bought["createOrderFromQuote"]["order"]
    assert first["totalCost"] == reserved["totalCost"]
    bundle = catalogue["nodes"][0]
    order = {"mass": TONNE, "selection": [{"bundleId": bundle["id"]}], "idempotencyKey": "basket 2", "customer": "Bob"}
    second = (await shop.send("Buy", input=order))["createOrderByMass"]["order"]
    third = (await shop.send("Buy", input={"mass": TONNE, "idempotencyKey": "basket 3"}))["createOrderByMass"]["order"]
    assert (await shop.send("Cancel", id=third["id"]))["cancelOrder"]["order"]["status"] == "CANCELLED"

    # Lists, and the detail of an order with its whole life.
    page = (await shop.send("OrderList"))["orders"]
    rest = (await shop.send("OrderList", after=page["pageInfo"]["endCursor"]))["orders"]
    assert [each["number"] for each in page["nodes"] + rest["nodes"]] == [
        each["number"] for each in (third, second, first)
    ]
    assert (await shop.send("OrderList", filter={"textContains": "bob"}))["orders"]["nodes"][0]["id"] == second["id"]
    of_bundle = (await shop.send("OrderList", filter={"bundleId": [bundle["id"]], "status": ["FULFILLED"]}))["orders"]
    assert second["id"] in {each["id"] for each in of_bundle["nodes"]}
    await retire(api)
    detail = (await shop.send("OrderDetail", number=first["number"].lower()))["order"]
    assert (detail["status"], detail["estimate"]["id"], detail["quote"]["id"]) == ("COMPLETE", estimate, reserved["id"])
    assert (detail["invoice"], detail["payments"]) == (None, [])
    certificates = (await shop.send("Certificates"))["account"]["certificates"]["nodes"]
    assert {each["order"]["number"] for each in certificates} == {first["number"], second["number"]}
    shown = (await shop.send("Certificate", id=detail["certificate"]["id"]))["node"]
    assert shown == {
        "number": detail["certificate"]["number"],
        "url": detail["certificate"]["url"],
        "order": {"number": first["number"]},
    }

    # Money, what was saved, and a subsidiary.
    await shop.send("Money")
    saved = (await shop.send("Saved"))["account"]
    assert [each["order"] for each in saved["quotes"]["nodes"]] == [{"number": first["number"]}]
    assert [each["id"] for each in saved["estimates"]["nodes"]] == [estimate]
    assert (await shop.send("SetContacts", contacts=[CONTACT]))["setContacts"]["account"]["contacts"] == [CONTACT]
    assert (await shop.send("Profile"))["account"]["contacts"] == [CONTACT]
    await shop.send("AddClient", name="Subsidiary")
    clients = await shop.send("Clients")
    assert (clients["clientAccounts"]["totalCount"], clients["orders"]["totalCount"]) == (1, 3)

    # A key for a report, which reads until it is revoked.
    made = (await shop.send("AddKey", name="Report"))["createApiKey"]
    listed = (await shop.send("Keys"))["account"]["apiKeys"]["nodes"]
    assert made["apiKey"]["id"] in {each["id"] for each in listed}
    report = Frontend(api, made["secret"], "web_shop")
    assert (await report.send("OrderList"))["orders"]["totalCount"] == 3
    revoked = (await shop.send("RevokeKey", id=made["apiKey"]["id"]))["revokeApiKey"]["apiKey"]
    assert revoked["revokedAt"] is not None
    assert shop.sent == set(shop.operations), "an operation of the document is never sent"


async def test_a_day_of_the_back_office_needs_no_id_from_elsewhere(api: GraphQLApi):
    customer_key = await api.new_key(*(set(Scope) - {Scope.OPERATOR}))
    sellers_own = await api.shop.another_account(name="Seller")
    office = Frontend(api, await api.new_key(account=sellers_own), "back_office")
    customer = Frontend(api, customer_key, "web_shop")
    desk = await office.send("Desk")
    assert (desk["accounts"]["totalCount"], desk["allOrders"]["totalCount"]) == (2, 0)
    await office.send("SetUpSeller", input={"identifier": "default", "legalName": "Seller Ltd", "country": "GB"})

    # A project, a bundle, its credits and its price.
    project = (await office.send("AddProject", input=PROJECT))["createProject"]["project"]
    bundle = (await office.send("AddBundle", input=BUNDLE | {"projectIds": [project["id"]]}))["createBundle"]["bundle"]
    for reference, start in (("lot 1", 1), ("lot 2", 101)):
        serials = {"firstSerial": f"REEF-{start}", "lastSerial": f"REEF-{start + 99}"}
        lot: dict[str, Any] = {
            "reference": reference,
            "projectId": project["id"],
            "mode": "LIVE",
            "serialForm": "PLAIN",
            "vintage": 2021,
            **serials,
        }
        await office.send("Receive", input=lot | {"mass": {"amount": "100", "unit": "TONNE"}})
    tiers = [{"minimumMass": {"amount": "0", "unit": "GRAM"}, "unitPrice": "20"}]
    await office.send("Price", input={"bundleId": bundle["id"], "currency": "USD", "tiers": tiers})
    stock = await office.send("Stock", project="reef")
    assert stock["stock"]["nodes"][0]["vintages"][0]["available"] == {"tonnes": "200"}
    (faulty,) = (await office.send("Stock", project="lot 2"))["creditBatches"]["nodes"]
    await office.send("Withdraw", id=faulty["id"], reason="Registered twice")

    # A customer asks for an account: with terms, tax, people and a key.
    portfolio = (await office.send("Portfolios"))["portfolios"]["nodes"][0]["id"]
    opening = {"reference": "call 1", "name": "Newcomer", "currency": "USD", "portfolioId": portfolio}
    opened = (await office.send("OpenAccount", input=opening))["createAccount"]["liveAccount"]["id"]
    changed = await office.send("ChangeAccount", input={"accountId": opened, "commissionPercent": "5"})
    assert changed["updateAccount"]["account"]["commissionPercent"] == "5.00"
    await office.send("SetContacts", acting_for=opened, contacts=[CONTACT])
    assert (await office.send("Contacts", acting_for=opened))["account"]["contacts"] == [CONTACT]
    wanted = {"idempotencyKey": "call 1", "name": "Shop", "scopes": ["ORDERS_READ", "ORDERS_WRITE", "CATALOGUE_READ"]}
    given = (await office.send("GiveKey", acting_for=opened, input=wanted))["createApiKey"]
    newcomer = Frontend(api, given["secret"], "web_shop")
    assert (await newcomer.send("OrderList"))["orders"]["totalCount"] == 0
    (listed,) = (await office.send("Keys", acting_for=opened))["account"]["apiKeys"]["nodes"]
    assert listed["id"] == given["apiKey"]["id"]
    await office.send("RevokeKey", acting_for=opened, id=listed["id"])

    # Orders of another customer arrive, who owes tax.
    found = (await office.send("FindCustomer", name=api.shop.account.name[:4]))["accounts"]["nodes"]
    account = next(each["id"] for each in found if each["name"] == api.shop.account.name)
    await office.send("SetBilling", input={"accountId": account, "legalName": "Customer Ltd", "country": "GB"})
    tax = {"accountId": account, "validFrom": "2020-01-01", "category": "STANDARD", "rate": "20"}
    await office.send("SetTax", input=tax)
    await office.send("Limit", account=account, limit={"amount": "5000", "currency": "USD"})
    offered = next(each for each in (await customer.send("Catalogue"))["bundles"]["nodes"] if each["name"] == "Reef")
    for number in (1, 2, 3):
        selection = [{"bundleId": offered["id"]}]
        await customer.send("Buy", input={"mass": TONNE, "selection": selection, "idempotencyKey": f"basket {number}"})
    owed = (await office.send("Orders", filter={"paymentStatus": ["ISSUED"], "projectId": [project["id"]]}))[
        "allOrders"
    ]
    assert (owed["totalCount"], {each["account"]["id"] for each in owed["nodes"]}) == (3, {account})
    third, second, first = owed["nodes"]

    # Two are billed, and one of them fails before the invoice is settled; the other is paid and refunded.
    bill = {"accountId": account, "reference": "bill 1", "orders": [{"id": first["id"]}, {"id": third["id"]}]}
    invoice = (await office.send("Bill", input=bill))["billOrders"]["invoice"]
    failed = (await office.send("Fail", account=account, order=third["id"]))["failOrder"]["order"]
    (note,) = failed["invoice"]["creditNotes"]["nodes"]
    stated = (await office.send("Invoice", id=invoice["id"]))["node"]
    credited = (await office.send("CreditNote", id=note["id"]))["node"]
    amounts = [stated[name]["amount"] for name in ("net", "tax", "gross", "owed")]
    assert (amounts, stated["taxRate"]) == (["44.46", "8.89", "53.35", "26.67"], "20.00")
    assert [credited[name]["amount"] for name in ("net", "tax", "gross", "lowered", "returned")] == [
        *("22.23", "4.45", "26.68", "26.68", "0.00")
    ]
    assert [line["order"]["number"] for line in credited["lines"]["nodes"]] == [third["number"]]
    pay = {"accountId": account, "reference": "wire 1", "amount": second["due"], "order": {"id": second["id"]}}
    assert (await office.send("Pay", input=pay))["recordPayment"]["order"]["paymentStatus"] == "PAID"
    assert (await office.send("Settle", account=account, invoice=invoice["id"]))["settleInvoice"]["invoice"][
        "status"
    ] == "PAID"
    refunded = (await office.send("Refund", account=account, order=second["id"]))["refundOrder"]["order"]
    assert refunded["paymentStatus"] == "REFUNDED"

    # Credits of the paid order are retired, and all that happened is found again.
    retired = (await office.send("Retire", account=account, order=first["id"]))["retireOrder"]["order"]
    assert (retired["status"], retired["certificate"]["number"][:3]) == ("COMPLETE", "CR-")
    books = (await office.send("Books", acting_for=account))["ledger"]["nodes"]
    assert [(each["verb"], each["invoice"]["id"]) for each in books] == [
        ("TAX_CREDITED", invoice["id"]),
        ("TAX_BILLED", invoice["id"]),
    ]
    done = (await office.send("Orders", filter={"status": ["COMPLETE"]}, accounts=[account]))["allOrders"]["nodes"]
    assert first["id"] in {each["id"] for each in done}
    detail = (await office.send("Order", id=first["id"]))["node"]
    assert (detail["invoice"]["id"], detail["certificate"]["order"]["number"]) == (invoice["id"], first["number"])
    money = await office.send("Money", account=account)
    assert (money["allPayments"]["totalCount"], money["allInvoices"]["totalCount"]) == (1, 1)
    whole = (await office.send("Customer", id=account))["node"]
    assert [each["id"] for each in whole["invoices"]["nodes"]] == [invoice["id"]]
    assert (await office.send("Suspend", account=account))["suspendAccount"]["account"]["suspended"] is True
    assert (await office.send("Reinstate", account=account))["reinstateAccount"]["account"]["suspended"] is False
    assert office.sent == set(office.operations), "an operation of the document is never sent"


CONTACT = {"email": "ann@shop.example", "name": "Ann", "kinds": ["INVOICE_ISSUED"]}
PROJECT = {
    "slug": "reef",
    "name": "Reef",
    "category": "Blue carbon",
    "type": "Restoration",
    "country": "BRA",
    "registryName": "Reef registry",
    "description": "A reef.",
}
BUNDLE = {
    "slug": "reef",
    "name": "Reef",
    "description": "Credits of a reef.",
    "offsetType": "CARBON_REMOVAL",
    "approach": "TRADITIONAL",
    "carbonPermanence": "SHORT_TERM",
}
