"""Members of events' payloads, which are stored for good: a renaming in the code may not change one of them.

Seen to fail when: a keyword argument of a recorded event is renamed; an event type is recorded by no step here.
"""

from datetime import date, timedelta
from typing import Any

import jsonschema
import orjson
import pytest

from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType, PriceTier, Weight
from service.domain.certificate import Interval
from service.domain.event_payloads import schema_of, schemas, shown
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.domain.made_up_credits import TEST_ORDER_G_MAX
from service.domain.order import ByBundleMasses, Order, Placed
from service.domain.parties import TaxCategory, TaxProfile
from service.domain.registry_evidence import StatedRetirement, written_credits
from service.domain.serials.stated import StatedSerials
from service.domain.webhooks import Attempt
from service.errors import Code, Refused
from service.kit.keyset import PageRequest
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.import_orders import import_orders
from service.operations.manage_account_keys import create_account_key, revoke_account_key
from service.operations.manage_accounts import create_account
from service.operations.manage_catalogue import (
    create_bundle,
    create_project,
    set_portfolio,
    set_price,
    switch_bundle,
    update_bundle,
    update_project,
)
from service.operations.manage_clients import create_client, update_client
from service.operations.manage_webhooks import create_endpoint, delete_endpoint, rotate_secret, update_endpoint
from service.operations.match_backorders import match_backorders
from service.operations.receive_batch import receive_batch
from service.operations.record_payment import record_payment
from service.operations.record_registry_retirement import record_registry_retirement
from service.operations.refund_order import refund_order
from service.operations.remind_invoices import remind_invoices
from service.operations.replace_credits import replace_credits
from service.operations.replay_webhooks import replay_delivery, send_test_event
from service.operations.revoke_document_links import revoke_document_links
from service.operations.send_deliveries import Outcome as SendingOutcome
from service.operations.send_deliveries import mark_deliveries
from service.operations.set_account_portfolio import set_account_portfolio
from service.operations.set_billing import set_tax_profile, update_billing_details
from service.operations.set_contacts import set_contacts
from service.operations.set_seller import update_seller
from service.operations.settle_invoice import settle_invoice
from service.operations.simulate_order import Outcome, simulate_order
from service.operations.update_account import update_account
from service.operations.update_order import update_order
from service.operations.withdraw_batch import reinstate_batch, withdraw_batch
from service.storage import batches, catalogue, retirements
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import TONNE_G, make_batch, make_command, make_contact, make_order_request, store
from tests.shop import Shop

OF_ORDER = "currency fulfilled_g mass_g paid_minor total_cost_minor"
_OF_CREDIT = "credit_note_id credit_note_number credited_minor invoice_id invoice_number"
PAYLOADS = {
    "order.placed": {OF_ORDER},
    "order.supplied": {OF_ORDER},
    "order.fulfilled": {OF_ORDER},
    "order.short": {OF_ORDER},
    "order.reduced": {OF_ORDER},
    "order.resupplied": {" ".join(sorted(f"{OF_ORDER} replaced_g".split()))},
    "order.cancelled": {OF_ORDER},
    "order.failed": {OF_ORDER},
    "order.billed": {"currency fulfilled_g invoice_id invoice_number mass_g paid_minor total_cost_minor"},
    "order.invoiced": {"currency fulfilled_g invoice_id invoice_number mass_g paid_minor total_cost_minor"},
    "order.credited": {" ".join(sorted(f"{OF_ORDER} {_OF_CREDIT}".split()))},
    "order.paid": {OF_ORDER, "currency fulfilled_g invoice_id invoice_number mass_g paid_minor total_cost_minor"},
    "order.refunded": {"currency fulfilled_g mass_g paid_minor refunded_minor total_cost_minor"},
    "order.retiring": {"currency fulfilled_g mass_g paid_minor retired_g total_cost_minor"},
    "order.completed": {"currency fulfilled_g mass_g paid_minor retired_g total_cost_minor"},
    "order.retirement_recorded": {
        "certificate_number currency fulfilled_g mass_g paid_minor retired_g total_cost_minor"
    },
    "order.imported": {OF_ORDER},
    "order.updated": {f"changed {OF_ORDER}"},
    "payment.recorded": {
        "amount_minor currency payment_id reference",
        "amount_minor currency invoice_id payment_id reference",
        # In the account of a client's order, whose payment is its parent's.
        "amount_minor currency fulfilled_g mass_g paid_minor total_cost_minor",
    },
    "payment.refused": {"amount_minor currency reference"},
    "invoice.issued": {"currency invoice_id invoice_number orders total_minor"},
    "invoice.due": {"currency due_at due_minor invoice_id invoice_number"},
    "invoice.settled": {"currency invoice_id invoice_number total_minor"},
    "project.created": {"project_id slug"},
    "project.updated": {"changed project_id"},
    "bundle.created": {"bundle_id slug"},
    "bundle.updated": {"bundle_id changed"},
    "bundle.disabled": {"bundle_id"},
    "bundle.enabled": {"bundle_id"},
    "price.set": {"bundle_id currency tiers"},
    "portfolio.set": {"portfolio_id weights"},
    "batch.received": {"batch_id mass_g mode project_id reference"},
    "batch.withdrawn": {"available_g batch_id reason"},
    "batch.reinstated": {"available_g batch_id"},
    "batch.retirement_recorded": {"batch_id mass_g reference"},
    "account.portfolio_set": {"portfolio_id"},
    # Of a client account in the parent's events; of any account, by an operator, in its own.
    "account.created": {"client_account_id name", "name reference"},
    "account.updated": {"changed client_account_id", "changed"},
    "account.contacts_set": {"contacts"},
    "api_key.created": {"key_id name scopes"},
    "api_key.revoked": {"key_id"},
    "documents.links_revoked": {""},
    "seller.updated": {"changed seller"},
    "account.billing_updated": {"changed payer_id"},
    "account.tax_profile_set": {"category payer_id rate_hundredths valid_from"},
    "webhook.created": {"endpoint_id host"},
    "webhook.updated": {"changed endpoint_id"},
    "webhook.disabled": {"endpoint_id"},
    "webhook.deleted": {"endpoint_id"},
    "webhook.secret_rotated": {"endpoint_id"},
    "webhook.replayed": {"deliveries endpoint_id"},
    "webhook.test": {"endpoint_id"},
}


async def payloads(shop: Shop) -> dict[str, set[str]]:
    """The members of the payloads of each type of event, as they were stored."""
    found: dict[str, set[str]] = {}
    for event in await rows_of(shop.database, EVENTS):
        found.setdefault(event.event_type.value, set()).add(" ".join(sorted(event.payload)))
    return found


async def fulfilled(shop: Shop) -> Order:
    return await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, 1_000),))))


async def simulate(shop: Shop, order: Order, outcome: Outcome) -> None:
    ref = OrderRef(id=order.id)
    await simulate_order(shop.resources, shop.caller, ref, outcome)


async def pass_money(shop: Shop) -> None:
    """One order is paid, billed and refunded, another is billed, paid in part and settled, and a client's is paid in
    part.
    """
    resources, seller, account_id = shop.resources, shop.caller, shop.account.id
    paid = OrderRef(id=(await fulfilled(shop)).id)
    await record_payment(resources, seller, account_id, "wire-1", Money(10, "USD"), paid)
    await bill_orders(resources, seller, account_id, "paid", [paid])
    await refund_order(resources, seller, account_id, paid)
    billed = OrderRef(id=(await fulfilled(shop)).id)
    issued = await bill_orders(resources, seller, account_id, "march", [billed])
    await record_payment(resources, seller, account_id, "wire-3", Money(1, "USD"), invoice_id=issued.invoice.id)
    assert await remind_invoices(resources, before=timedelta(days=365)) == 1
    await settle_invoice(resources, seller, account_id, issued.invoice.id)
    await revoke_document_links(resources, seller, issued.invoice.id)
    client = await create_client(resources, seller, name="Client", currency="USD")
    (answer,) = await shop.place_all(make_command(client, make_order_request(1_000)))
    assert isinstance(answer, Placed)
    await record_payment(resources, seller, client.id, "wire-2", Money(1, "USD"), OrderRef(id=answer.order.id))


async def record_entries_of(shop: Shop, order: Order) -> None:
    """Record that the registries show all credits of the order as retired."""
    retired = await retirements.of_orders(shop.database.reader, order.account_id, [order.id])
    found = await batches.of_any_mode(shop.database.reader, {each.batch_id for each in retired})
    for each in retired:
        batch = found[each.batch_id]
        (serials,) = written_credits(batch, [Interval(each.start_g, each.end_g)])
        entry = StatedRetirement(
            reference=serials, retired_on=date(2026, 1, 2), first_serial=serials, last_serial=serials
        )
        await record_registry_retirement(shop.resources, shop.caller, batch.id, entry)


async def end_orders(shop: Shop) -> None:
    """Orders are reduced, cancelled, failed, short and filled again, refused payment, completed, supplied in part
    and imported."""
    resources, caller = shop.resources, shop.caller
    waiting, cancelled, failed = (
        await shop.place(make_order_request(TEST_ORDER_G_MAX + 10_000)),
        await fulfilled(shop),
        await fulfilled(shop),
    )
    await update_order(resources, caller, OrderRef(id=waiting.id), {"customer": "Ann"})
    await cancel_orders(resources, caller, [OrderRef(id=waiting.id)], only_unfulfilled=True)
    await cancel_orders(resources, caller, [OrderRef(id=cancelled.id)])
    await fail_order(resources, caller, shop.account.id, OrderRef(id=failed.id))
    driven = await fulfilled(shop)
    await simulate(shop, driven, Outcome.RUN_SHORT)
    with pytest.raises(Refused) as refusal:
        await simulate(shop, driven, Outcome.REFUSE_PAYMENT)
    assert refusal.value.code is Code.PAYMENT_REFUSED
    await simulate(shop, driven, Outcome.COMPLETE)
    await record_entries_of(shop, driven)
    resupplied = await fulfilled(shop)
    for batch in await rows_of(shop.database, batches.BATCHES):
        if batch.mode is Mode.TEST:
            await withdraw_batch(resources, caller, batch.id, "Under review.")
    await replace_credits(resources, caller, shop.account.id, OrderRef(id=resupplied.id))
    live = await shop.another_account()
    request = make_order_request(ask=ByBundleMasses(((shop.forest.id, 20 * TONNE_G),)))
    await shop.place_all(make_command(live, request))
    await store(shop.database, make_batch(shop.forest_project, 1_000, serial_prefix="U-"))
    await match_backorders(resources)
    item = (
        '[{"id": "7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "vcuAmount": 20, "vcuUnitPrice": 71.5,'
        ' "targetCurrency": "BRL", "status": "Issued", "createdAt": "20/10/2021 20:39:35"}]'
    )
    assert (await import_orders(resources, shop.account.id, item)).added == 1


async def keep_catalogue(shop: Shop) -> None:
    """A project, a bundle, its price, a portfolio and credits come in, and are changed."""
    resources, seller = shop.resources, shop.caller
    project = await create_project(
        resources,
        seller,
        slug="oak-hills",
        name="Oak Hills",
        category="Native woodland",
        project_type="Planting",
        country="GBR",
        registry_name="Woodland Carbon Code",
        description="Oaks, mostly.",
        logo_url=None,
    )
    bundle = await create_bundle(
        resources,
        seller,
        project_ids=[project.id],
        slug="oaks",
        name="Oaks",
        description="Oaks only.",
        offset_type=OffsetType.CARBON_REMOVAL,
        approach=Approach.TRADITIONAL,
        carbon_permanence=CarbonPermanence.SHORT_TERM,
        primary_image_url=None,
        background_colour=None,
    )
    await set_price(resources, seller, bundle.id, "USD", [PriceTier(0, 13_000_000)])
    for disabled in (True, False):
        await switch_bundle(resources, seller, bundle.id, disabled=disabled)
    await set_portfolio(resources, seller, "oaks", "Oaks", (Weight(bundle.id, 10_000),))
    batch = await receive_batch(
        resources,
        seller,
        project_id=project.id,
        reference="receipt-1",
        mode=Mode.TEST,
        vintage=2019,
        issued_g=1_000_000,
        stated=StatedSerials(serial_prefix="NEW-", serial_start=100),
    )
    await update_project(resources, seller, project.id, {"methodology": "WCC 2.2"})
    await update_bundle(resources, seller, bundle.id, {"name": "Oak woods"})
    await withdraw_batch(resources, seller, batch.id, "Under review at the registry.")
    await reinstate_batch(resources, seller, batch.id)


async def manage_accounts(shop: Shop) -> None:
    """The account chooses what it buys, and has a client account that is renamed; the seller learns who is billed."""
    await set_account_portfolio(shop.resources, shop.caller, (Weight(shop.ocean.id, 10_000),))
    client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    await update_client(shop.resources, shop.caller, client.id, {"name": "Renamed"})
    await update_account(shop.resources, shop.caller, client.id, {"commission_hundredths": 100})
    await set_contacts(shop.resources, shop.caller, [make_contact()])
    facts: dict[str, Any] = {"name": "Orrin Mills", "contract": "graphql", "currency": "USD", "reference": "1"}
    portfolio = str((await catalogue.portfolios(shop.database.reader, client.id, PageRequest(1)))[0].id)
    await create_account(shop.resources, **facts, portfolio=portfolio, caller=shop.caller)
    terms: dict[str, Any] = {"idempotency_key": "1", "name": "ERP", "scopes": [Scope.ORDERS_READ]}
    created = await create_account_key(shop.resources, shop.caller, **terms, pepper=b"pepper")
    await revoke_account_key(shop.resources, shop.caller, created.key.stored.key_id)
    await update_seller(shop.resources, shop.caller, "default", {"country": "GB"})
    await update_billing_details(shop.resources, shop.caller, shop.account.id, {"country": "DE"})
    profile = TaxProfile(
        account_id=shop.account.id, valid_from=date(2027, 1, 1), category=TaxCategory.STANDARD, rate_hundredths=2_000
    )
    await set_tax_profile(shop.resources, shop.caller, profile)


async def manage_webhooks(shop: Shop) -> None:
    """A webhook endpoint is made, changed, tested, replayed to, gone and deleted."""
    resources, caller = shop.resources, shop.caller
    endpoint = (await create_endpoint(resources, caller, url="https://receiver.example/")).endpoint
    await update_endpoint(resources, caller, endpoint.id, {"event_types": ["order.placed"]})
    await rotate_secret(resources, caller, endpoint.id)
    delivery = await send_test_event(resources, caller, endpoint.id)
    await replay_delivery(resources, caller, delivery.id)
    gone = Attempt(at=resources.clock(), status=410, latency_ms=1, error=None, excerpt=None)
    await mark_deliveries(resources, endpoint, [SendingOutcome([delivery], gone)], lambda: 0.5)
    await delete_endpoint(resources, caller, endpoint.id)


async def test_payloads_have_the_members_that_they_always_had(trial: Shop):
    for step in (pass_money, end_orders, keep_catalogue, manage_accounts, manage_webhooks):
        await step(trial)

    assert await payloads(trial) == PAYLOADS
    assert set(PAYLOADS) == {event_type.value for event_type in EventType}
    of_any_type = jsonschema.Draft202012Validator(schemas())
    of_any_type.check_schema(of_any_type.schema)  # it has the schema of each type
    for event in await rows_of(trial.database, EVENTS):
        body = orjson.loads(orjson.dumps(shown(event)))
        jsonschema.Draft202012Validator(schema_of(event.event_type)).validate(body)
        of_any_type.validate(body)
        assert len(body["data"]) == len(event.payload.keys() - {"currency"} | body["data"].keys() & {"currency"})


async def test_an_update_of_a_client_account_names_what_changed(trial: Shop):
    client = await create_client(trial.resources, trial.caller, name="Client", currency="USD")
    await update_client(trial.resources, trial.caller, client.id, {"name": "Renamed", "beneficiary_name": "They"})

    (event,) = [each for each in await rows_of(trial.database, EVENTS) if each.event_type is EventType.ACCOUNT_UPDATED]
    assert event.payload == {"client_account_id": str(client.id), "changed": ["beneficiary_name", "name"]}
