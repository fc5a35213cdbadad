"""The wire forms of stored commands: what is hashed, byte for byte, and the digests that stand in databases.

Keys never expire. When a test of this file fails, a retry that crosses the deployment is refused: change the code, and
never a literal. A class or a field may be renamed; its literal here stays.
"""

import hashlib
import json
from dataclasses import fields
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from service.domain.amounts import MassUnit, Money
from service.domain.catalogue import Weight
from service.domain.estimate import Factor, GroundTransport, VehicleType, estimate
from service.domain.history import Past
from service.domain.history_file import COLUMNS, read_history
from service.domain.order import (
    BalanceUse,
    ByBundleMasses,
    ByMass,
    ByValue,
    FromQuote,
    OrderRequest,
    PlaceOrder,
    Source,
)
from service.kit.canonical_json import canonical_json
from service.operations.bill_orders import Period

A, B, QUOTE, ESTIMATE, PORTFOLIO = (UUID(int=number) for number in (0xA, 0xB, 0xC, 0xE, 0xF))
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def place(order_request: OrderRequest | FromQuote, **facts: Any) -> PlaceOrder:
    return PlaceOrder(
        order_id=UUID(int=1),
        account_id=UUID(int=2),
        actor="a",
        source=Source.GRAPHQL,
        request=order_request,
        idempotency_key="k",
        **facts,
    )


def priced(ask: ByMass | ByBundleMasses | ByValue = ByMass(12_070), **facts: Any) -> PlaceOrder:  # noqa: B008 - frozen
    return place(OrderRequest(ask=ask, **facts))


def plain(**facts: Any) -> PlaceOrder:
    return place(OrderRequest(ask=ByMass(12_070)), **facts)


ORDERS: dict[str, tuple[PlaceOrder, str, str]] = {
    "a mass": (
        priced(ByMass(12_070)),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab",
    ),
    "the mass of an estimate": (
        priced(ByMass(12_070, ESTIMATE)),
        '{"kind":"ByMass","wish":{"ask":{"estimate_id":"00000000-0000-0000-0000-00000000000e","mass_g":12070},"step":"g","whole_mass":false}}',
        "87b334ff760e6197503f155da584daf2df19f7740f82724924d5723f155e4a7c",
    ),
    "a mass of each of two bundles": (
        priced(ByBundleMasses(((A, 1_000), (B, 2_500_000)))),
        '{"kind":"ByBundleMasses","wish":{"ask":{"masses_g":[["00000000-0000-0000-0000-00000000000a",1000],["00000000-0000-0000-0000-00000000000b",2500000]]},"step":"g","whole_mass":false}}',
        "cf665fc0b05f6d627bf6cbe0bac01234a06bb3da364580d307c0565bafab2738",
    ),
    "a mass of one bundle": (
        priced(ByBundleMasses(((A, 1),))),
        '{"kind":"ByBundleMasses","wish":{"ask":{"masses_g":[["00000000-0000-0000-0000-00000000000a",1]]},"step":"g","whole_mass":false}}',
        "4a6227c39834e9e69d11bdab93c247af3f3ac09952e66e14c1f4c57f0e4e61ca",
    ),
    "a mass of no bundle": (
        priced(ByBundleMasses(())),
        '{"kind":"ByBundleMasses","wish":{"ask":{"masses_g":[]},"step":"g","whole_mass":false}}',
        "994b7781d79794393b6bea1f1fba36b5e8e88367c05f2c09e959629072a9503c",
    ),
    "a value": (
        priced(ByValue(5_000)),
        '{"kind":"ByValue","wish":{"ask":{"value_minor":5000},"step":"g","whole_mass":false}}',
        "59f9e44188cabb50f2e24e27bf1eff65d13dbe92d10bd32f904fcb5ef9329a6b",
    ),
    "a value beyond 64 bits": (
        priced(ByValue(2**70)),
        '{"kind":"ByValue","wish":{"ask":{"value_minor":1180591620717411303424},"step":"g","whole_mass":false}}',
        "9946da0b2270623a53d22671dd7624420c47d69d4ba092f3c0e5b06fedfa7d69",
    ),
    "a quote": (
        place(FromQuote(QUOTE)),
        '{"kind":"FromQuote","wish":{"quote_id":"00000000-0000-0000-0000-00000000000c"}}',
        "64c0605fb3677eca829b8943205b2136451ad94b7f62d6899b788414726e568a",
    ),
    "one bundle": (
        priced(selection=(Weight(A, 10_000),)),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"selection":[{"bundle_id":"00000000-0000-0000-0000-00000000000a","hundredths":10000}],"step":"g","whole_mass":false}}',
        "d68ce2b4652b76bcf1a90d4ba1b998c8ba464bbff3d30341d9b6629d672c6446",
    ),
    "two bundles by percentage": (
        priced(selection=(Weight(B, 9_500), Weight(A, 500))),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"selection":[{"bundle_id":"00000000-0000-0000-0000-00000000000b","hundredths":9500},{"bundle_id":"00000000-0000-0000-0000-00000000000a","hundredths":500}],"step":"g","whole_mass":false}}',
        "45421c32b7069761bf6f00ab750873909bdb6d85a1f545ada2a36ce5a0a38bbf",
    ),
    "an empty selection": (
        priced(selection=()),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"selection":[],"step":"g","whole_mass":false}}',
        "2b7c0a9949d792cecf458b341b6bab92daa0ded77958aa3e35fcf328e0becce3",
    ),
    "a portfolio": (
        priced(portfolio_id=PORTFOLIO),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"portfolio_id":"00000000-0000-0000-0000-00000000000f","step":"g","whole_mass":false}}',
        "d61fcff52914d54296bac36780c735963af56820be6eacf58a3e4dade2dfde98",
    ),
    "a currency": (
        priced(currency="SAR"),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"currency":"SAR","step":"g","whole_mass":false}}',
        "9ea7cded3ebc8428227dc255b2a515d0ed0c34d6cd08b66915664a0a39ff32f7",
    ),
    "a step of a gram": (
        priced(step=MassUnit.GRAM),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab",
    ),
    "a step of a kilogram": (
        priced(step=MassUnit.KILOGRAM),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"kg","whole_mass":false}}',
        "36b86a13218e7eccc18fe79b3c1ef889c62daf34223e930dcb20a9d4b3b061b8",
    ),
    "a step of a tonne": (
        priced(step=MassUnit.TONNE),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"t","whole_mass":false}}',
        "1519e6a6ed6188bb9447602b518fbd42dc08d98252247e2e04c4f43ff43800e8",
    ),
    "the whole mass": (
        priced(whole_mass=True),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":true}}',
        "2a08ebfbf160aaff6bc0ae82b518124e0d37b3f66d7676b12a6c8261d5b44485",
    ),
    "a value with every member of its pricing": (
        priced(
            ByValue(7),
            selection=(Weight(A, 10_000),),
            portfolio_id=PORTFOLIO,
            currency="EUR",
            step=MassUnit.TONNE,
            whole_mass=True,
        ),
        '{"kind":"ByValue","wish":{"ask":{"value_minor":7},"currency":"EUR","portfolio_id":"00000000-0000-0000-0000-00000000000f","selection":[{"bundle_id":"00000000-0000-0000-0000-00000000000a","hundredths":10000}],"step":"t","whole_mass":true}}',
        "7ff54963d3d3b80bdd7405e4d89a04242abf7192f437f9d96f8b2576902ca1de",
    ),
    "bundle masses in a currency": (
        priced(ByBundleMasses(((B, 3),)), currency="BRL", step=MassUnit.KILOGRAM),
        '{"kind":"ByBundleMasses","wish":{"ask":{"masses_g":[["00000000-0000-0000-0000-00000000000b",3]]},"currency":"BRL","step":"kg","whole_mass":false}}',
        "c255b431e6e3242679e94fcb4ceffaf69296c30d7fa67759a7c20b631a8f23b0",
    ),
    "an estimate's mass of a portfolio": (
        priced(ByMass(1, ESTIMATE), portfolio_id=PORTFOLIO),
        '{"kind":"ByMass","wish":{"ask":{"estimate_id":"00000000-0000-0000-0000-00000000000e","mass_g":1},"portfolio_id":"00000000-0000-0000-0000-00000000000f","step":"g","whole_mass":false}}',
        "f21fe160ab6b93ca8f5e8ac228538071bf5a58cac32e7e884af3d30d33360aac",
    ),
    "a maximum total": (
        plain(maximum_total=Money(34, "USD")),
        '{"kind":"ByMass","maximum_total":{"currency":"USD","minor_units":34},"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "e4816eadbab4a964f70e155b9f5807e1f019fa419d04c059e6c2ee5adb784e77",
    ),
    "no backorder": (
        plain(allow_backorder=False),
        '{"allow_backorder":false,"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "f8e3bae16e1e9856548b4fd8c37491ae440b8582e2a5adc076cfe732af57c421",
    ),
    "what the balance has": (
        plain(pay_with_balance=BalanceUse.AVAILABLE),
        '{"kind":"ByMass","pay_with_balance":"available","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "220d9ea7f669bdf34c0857d965d98f43db0f6ae661bf21121145e84980f04172",
    ),
    "all from the balance": (
        plain(pay_with_balance=BalanceUse.WHOLE),
        '{"kind":"ByMass","pay_with_balance":"whole","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "6ef5134fcb88f0e026882a4d22236f0c40fecfcde84784fc6963b9f7add8ab8f",
    ),
    "nothing from the balance": (
        plain(pay_with_balance=BalanceUse.NONE),
        '{"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab",
    ),
    "a customer": (
        plain(customer="Ana"),
        '{"customer":"Ana","kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "63f65be7442775fb540e53345b0731eff8526580685a79c58bbb0460adf9b924",
    ),
    "an empty customer": (
        plain(customer=""),
        '{"customer":"","kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "d1d20dc6ee345b3afc0df58722775d93f39086b6259115f0482f7cdc99eb099f",
    ),
    "a description": (
        plain(description='Büro "Nord"\n'),
        (
            '{"description":"Büro \\"Nord\\"\\n","kind":"ByMass",'
            '"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}'
        ),
        "166b9335866e713d32fd75fbd5f5ea23b7ba2602167fe6a7443d2f3ec2e11fb0",
    ),
    "empty metadata": (
        plain(metadata={}),
        '{"kind":"ByMass","metadata":{},"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "d0e3622b250d94cf3b213ae2434cf0548254a32f415b9643e3f1c0371fc2c222",
    ),
    "metadata": (
        plain(metadata={"z": "1", "a": "", "\ufb33": "x", "\U0001f600": "y"}),
        '{"kind":"ByMass","metadata":{"a":"","z":"1","😀":"y","דּ":"x"},"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "be6affc2b2cba28ae2d028a5bab6bb41ebd407dc32b7a834aec7b5f8971ff9b2",
    ),
    "a callback address": (
        plain(callback_url="https://shop.example/orders?id=1"),
        '{"callback_url":"https://shop.example/orders?id=1","kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "ecc0a5aa62d940ee0c13dda7f99843d018f6b9f337fa1c15127d20116b058dc5",
    ),
    "a recipient": (
        plain(beneficiary={"recipient": {"name": "Acme"}}),
        '{"beneficiary":{"recipient":{"name":"Acme"}},"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "6e3728bafad299b097dc8b1aabda4759e963c1dd9f19e250e51b9491a36f6d9b",
    ),
    "a recipient and a retirement": (
        plain(
            beneficiary={
                "retirement": {"name": "Bob", "tax_id": "1"},
                "recipient": {"name": "Acme", "email": "a@b.example"},
            }
        ),
        '{"beneficiary":{"recipient":{"email":"a@b.example","name":"Acme"},"retirement":{"name":"Bob","tax_id":"1"}},"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "9ab4de5bfce37da7074459077e7646c7eb411d412a319f3c2438ccadac00e1dd",
    ),
    "an empty beneficiary": (
        plain(beneficiary={}),
        '{"beneficiary":{},"kind":"ByMass","wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        "2a19db2ac30a6f0961d6ca648bb097c3e609b8acad4e561e85ae83bf555d8a8d",
    ),
    "a quote with every member of an order": (
        place(
            FromQuote(QUOTE),
            maximum_total=Money(1, "JPY"),
            allow_backorder=False,
            pay_with_balance=BalanceUse.WHOLE,
            customer="c",
            description="d",
            metadata={"k": "v"},
            callback_url="https://x.example",
            beneficiary={"retirement": {"name": "n"}},
        ),
        '{"allow_backorder":false,"beneficiary":{"retirement":{"name":"n"}},"callback_url":"https://x.example","customer":"c","description":"d","kind":"FromQuote","maximum_total":{"currency":"JPY","minor_units":1},"metadata":{"k":"v"},"pay_with_balance":"whole","wish":{"quote_id":"00000000-0000-0000-0000-00000000000c"}}',
        "e33ec692fb0b8bc7a891292fecb47d5b013aa58dbe0d43f5c5f2369e4af5f5be",
    ),
    "a mass with every member": (
        place(
            OrderRequest(
                ask=ByMass(9, ESTIMATE),
                selection=(Weight(A, 3_334), Weight(B, 6_666)),
                portfolio_id=PORTFOLIO,
                currency="USD",
                step=MassUnit.KILOGRAM,
                whole_mass=True,
            ),
            maximum_total=Money(1, "JPY"),
            allow_backorder=False,
            pay_with_balance=BalanceUse.AVAILABLE,
            customer="c",
            description="d",
            metadata={"k": "v"},
            callback_url="https://x.example",
            beneficiary={"recipient": {"name": "n"}},
        ),
        '{"allow_backorder":false,"beneficiary":{"recipient":{"name":"n"}},"callback_url":"https://x.example","customer":"c","description":"d","kind":"ByMass","maximum_total":{"currency":"JPY","minor_units":1},"metadata":{"k":"v"},"pay_with_balance":"available","wish":{"ask":{"estimate_id":"00000000-0000-0000-0000-00000000000e","mass_g":9},"currency":"USD","portfolio_id":"00000000-0000-0000-0000-00000000000f","selection":[{"bundle_id":"00000000-0000-0000-0000-00000000000a","hundredths":3334},{"bundle_id":"00000000-0000-0000-0000-00000000000b","hundredths":6666}],"step":"kg","whole_mass":true}}',
        "dc846c282f83c93fef7f5fb9162ef7c1aac0560e192a4d4490d75901974730bd",
    ),
}

HISTORY: dict[str, tuple[tuple[str, ...], str, str]] = {
    "an order that was issued": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Issued", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "204b23090d75efc4d0307c206a11a61f413a70f99cc9f916cbcbf94d1c53fb75",
    ),
    "one that was billed": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Billed", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"BILLED","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "5a70aa8b86c673b39e9446bd0d60687f999fd1364c59c48ee10ebd4d20e7a6f4",
    ),
    "one that was paid": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Paid", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"PAID","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "c9ddf12671b5687d257555748824c6734d3fdfbd5ac1cf4d612ed4525f20c628",
    ),
    "one that was cancelled": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Cancelled", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"CANCELLED","total_minor":143000,"unit_price_micros":71500000}',
        "59a4a48b69fa9ad14d06ada69ed9762326c7bf7959812b8dbb62b98642c3d0d1",
    ),
    "one that was refunded": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Refunded", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"REFUNDED","status":"CANCELLED","total_minor":143000,"unit_price_micros":71500000}',
        "e8a7e7539d71f0f0ca0ede3a36a7db673188899f283403baf55cc531d7a90f99",
    ),
    "other spellings of id, numbers and date": (
        ("7B9D1C9E5A064A3B9D0B0F8F5A1D3C11", "20.0", "71.50", "BRL", "Issued", "2021-10-20T17:39:35-03:00"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "204b23090d75efc4d0307c206a11a61f413a70f99cc9f916cbcbf94d1c53fb75",
    ),
    "another id": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c12", "20", "71.5", "BRL", "Issued", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c12","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "48b053554b9714fcb734bd334725be660c4588f9681a29ebe24acfdc89d89416",
    ),
    "another mass": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "0.000001", "71.5", "BRL", "Issued", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":1,"payment_status":"ISSUED","status":"PLACED","total_minor":0,"unit_price_micros":71500000}',
        "844bea52e324e5c087733817b1ee18e7d3046973163dcc187bf0e8d306de9f59",
    ),
    "another price": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "0.000001", "BRL", "Issued", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":0,"unit_price_micros":1}',
        "aae36be6cbe76ea4e616a42dac9b9edffd8acecd56c8dd7e8ed41a3d0765ebe0",
    ),
    "another currency": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "JPY", "Issued", "20/10/2021 20:39:35"),
        '{"created_at":"2021-10-20T20:39:35.000000Z","currency":"JPY","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":1430,"unit_price_micros":71500000}',
        "126a5f370cdd3198057a70bfa37290663512d4c44e21a906e0755304866258e2",
    ),
    "microseconds": (
        ("7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "20", "71.5", "BRL", "Issued", "2021-10-20T20:39:35.000001Z"),
        '{"created_at":"2021-10-20T20:39:35.000001Z","currency":"BRL","id":"7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11","mass_g":20000000,"payment_status":"ISSUED","status":"PLACED","total_minor":143000,"unit_price_micros":71500000}',
        "4eb30dee9124c36ed1244b25f669a56691a0a453ac9bc2e883842c94b2dd05b9",
    ),
}


@pytest.mark.parametrize(("command", "form", "digest"), ORDERS.values(), ids=ORDERS)
def test_an_order_is_found_by_the_fingerprint_that_was_stored_for_it(command: PlaceOrder, form: str, digest: str):
    assert hashlib.sha256(form.encode()).hexdigest() == digest
    assert command.fingerprint("USD") == digest
    assert canonical_json(command.wire_form("USD")).decode() == form
    assert command.is_fingerprinted_as(digest, "USD")
    # In today's decimals or the former ones: without an amount in a currency that gained some there is no difference.
    assert command.wire_form("USD", former=True) == command.wire_form("USD")


@pytest.mark.parametrize(("row", "form", "digest"), HISTORY.values(), ids=HISTORY)
def test_imported_history_is_found_by_the_fingerprint_that_was_stored_for_it(
    row: tuple[str, ...], form: str, digest: str
):
    read = read_history([dict(zip(COLUMNS, row, strict=True))], datetime(2026, 11, 30, tzinfo=UTC))
    (past,) = read.past
    assert read.faults == []
    assert hashlib.sha256(form.encode()).hexdigest() == digest
    assert past.fingerprint() == digest


RESCALED: dict[str, tuple[PlaceOrder, str, str]] = {
    "a value in the account's currency": (
        priced(ByValue(150_075)),
        '{"kind":"ByValue","wish":{"ask":{"value_minor":1500},"step":"g","whole_mass":false}}',
        '{"kind":"ByValue","wish":{"ask":{"decimals":2,"value_minor":150075},"step":"g","whole_mass":false}}',
    ),
    "a value in another currency": (
        priced(ByValue(150_075), currency="IQD"),
        '{"kind":"ByValue","wish":{"ask":{"value_minor":150},"currency":"IQD","step":"g","whole_mass":false}}',
        '{"kind":"ByValue","wish":{"ask":{"decimals":3,"value_minor":150075},"currency":"IQD","step":"g","whole_mass":false}}',
    ),
    "a maximum total": (
        plain(maximum_total=Money(90_050, "ALL")),
        '{"kind":"ByMass","maximum_total":{"currency":"ALL","minor_units":900},"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
        '{"kind":"ByMass","maximum_total":{"currency":"ALL","decimals":2,"minor_units":90050},"wish":{"ask":{"mass_g":12070},"step":"g","whole_mass":false}}',
    ),
    "a quote with a maximum total": (
        place(FromQuote(QUOTE), maximum_total=Money(5_000, "LBP")),
        '{"kind":"FromQuote","maximum_total":{"currency":"LBP","minor_units":50},"wish":{"quote_id":"00000000-0000-0000-0000-00000000000c"}}',
        '{"kind":"FromQuote","maximum_total":{"currency":"LBP","decimals":2,"minor_units":5000},"wish":{"quote_id":"00000000-0000-0000-0000-00000000000c"}}',
    ),
}
"""Commands of an account in Serbian dinars: as they were stored before the currencies gained decimals, and after."""


@pytest.mark.parametrize(("command", "former", "form"), RESCALED.values(), ids=RESCALED)
def test_an_amount_in_a_currency_that_gained_decimals_is_found_in_both(command: PlaceOrder, former: str, form: str):
    assert canonical_json(command.wire_form("RSD")).decode() == form
    assert canonical_json(command.wire_form("RSD", former=True)).decode() == former
    for stored in (form, former):
        assert command.is_fingerprinted_as(hashlib.sha256(stored.encode()).hexdigest(), "RSD")


def test_an_amount_never_passes_for_another_with_the_same_digits():
    stored = priced(ByValue(1_500)).fingerprint("RSD")
    for other in (priced(ByValue(150_000)), priced(ByValue(15)), priced(ByValue(1_500), currency="RSD")):
        assert not other.is_fingerprinted_as(stored, "RSD")
    assert not priced(ByValue(1_500)).is_fingerprinted_as(stored, "USD")


def test_a_member_that_a_command_gains_is_part_of_its_fingerprint():
    # Without this a command that differs in a new member alone would be answered as a replay.
    not_told = 6  # the two ids, the actor and whether it acts for a client, the source and the key
    command, _, _ = ORDERS["a mass with every member"]
    form = command.wire_form("USD")
    assert len(form) == len(fields(PlaceOrder)) - not_told + 1  # and the kind
    assert len(form["wish"]) == len(fields(OrderRequest))
    assert len(form["wish"]["ask"]) == len(fields(ByMass))
    assert [len(each) for each in form["wish"]["selection"]] == [len(fields(Weight))] * 2
    assert len(form["maximum_total"]) == len(fields(Money))
    for kind in (ByValue, ByBundleMasses, FromQuote):
        assert len(fields(kind)) == 1
    assert len(Period(currency="USD", created_from=JANUARY, created_until=JANUARY).wire_form()) == len(fields(Period))
    assert len(estimate(GroundTransport(Fraction(1), VehicleType.COACH_BUS)).factor.wire_form()) == len(fields(Factor))
    assert len(fields(Past)) == len(json.loads(HISTORY["microseconds"][1]))
