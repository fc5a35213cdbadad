"""The demo: enough to sell, prices that give the published figures, and harmless to load again."""

from collections import defaultdict

import pytest

from service.commands.demo_business import load_demo_business
from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Bundle, Mode
from service.domain.order import ByMass, OrderRequest
from service.domain.serials.block import SerialBlock
from service.domain.supply import block_of
from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations.audit import audit
from service.operations.authenticate import authenticate
from service.operations.import_catalogue import import_catalogue
from service.operations.load_demo import DemoAccounts, load_demo
from service.operations.quote_order import quote_order
from service.operations.read_catalogue import (
    available_masses_g,
    list_batches,
    list_bundles,
    projects_of_bundles,
    tiers_of_bundles,
)
from service.operations.resources import Resources
from service.storage.batches import BATCHES
from service.storage.database import Database
from tests.books import rows_of as rows_in

TONNE_G = 1_000_000
EVERYTHING = PageRequest(100)
TABLES = (
    "organisations", "accounts", "account_heads", "project_categories", "projects", "credit_batches",
    "bundles", "bundle_projects", "prices", "portfolios", "portfolio_weights", "balances",
)  # fmt: skip


@pytest.fixture
def resources(database: Database) -> Resources:
    return Resources(database, system_clock, uuid7)


async def rows_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in TABLES:
        rows = await database.reader.fetch(f"SELECT * FROM {table}")
        found[table] = sorted((tuple(dict(row).values()) for row in rows), key=repr)
    return found


async def callers(resources: Resources, demo: DemoAccounts, pepper: bytes) -> dict[tuple[str, Mode], Caller]:
    return {
        (each.contract, each.mode): await authenticate(resources, each.key, pepper=pepper) for each in demo.accounts
    }


async def bundles_by_name(resources: Resources, caller: Caller, currency: str) -> dict[str, Bundle]:
    page = await list_bundles(resources, caller, EVERYTHING, currency=currency)
    return {bundle.name: bundle for bundle in page.items}


async def test_four_customers_in_two_modes_and_the_seller_hold_keys(resources: Resources, pepper: bytes) -> None:
    demo = await load_demo(resources, pepper=pepper)

    accounts = [each.account for each in (await callers(resources, demo, pepper)).values()]
    found = {each.contract: (each.currency, each.commission_hundredths) for each in accounts}
    assert found == {
        "lune": ("GBP", 1_000),
        "carbon-engine": ("SAR", 0),
        "carbonext": ("BRL", 0),
        "graphql": ("GBP", 0),
    }
    assert [(each.contract, each.mode.value) for each in demo.accounts] == [
        ("lune", "live"), ("lune", "test"),
        ("carbon-engine", "live"), ("carbon-engine", "test"),
        ("carbonext", "live"), ("carbonext", "test"),
        ("graphql", "live"), ("graphql", "test"),
    ]  # fmt: skip
    assert Scope.OPERATOR in (await authenticate(resources, demo.operator_key, pepper=pepper)).scopes


async def test_a_customer_has_business_once_however_often_it_is_loaded(resources: Resources, pepper: bytes) -> None:
    for _ in range(2):
        demo = await load_demo(resources, pepper=pepper)
        await load_demo_business(resources, demo.business, demo.scarce_bundle_id)

    (key,) = (each.key for each in demo.accounts if (each.contract, each.mode) == ("graphql", Mode.LIVE))
    caller = await authenticate(resources, key, pepper=pepper)
    assert Scope.ACCOUNT_MANAGE in caller.scopes
    others = [each.key for each in demo.accounts if each.contract != "graphql"]
    scopes = [(await authenticate(resources, each, pepper=pepper)).scopes for each in others]
    assert all(Scope.ACCOUNT_MANAGE not in each for each in scopes)
    read = resources.database.reader.fetch
    orders = await read("SELECT idempotency_key, status, payment_status FROM orders")
    assert {(row["idempotency_key"], row["status"], row["payment_status"]) for row in orders} == {
        ("demo-complete", "COMPLETE", "PAID"),
        ("demo-billed", "FULFILLED", "BILLED"),
        ("demo-unpaid", "FULFILLED", "ISSUED"),
        ("demo-waiting", "PLACED", "ISSUED"),
        ("demo-cancelled", "CANCELLED", "ISSUED"),
    }
    assert len(orders) == 5
    assert sorted(row["status"] for row in await read("SELECT status FROM invoices")) == ["PAID", "PENDING"]
    assert len(await read("SELECT number FROM certificates")) == 1
    assert [each.name for each in await audit(resources) if each.deviating] == []


async def test_twins_share_an_organisation_and_no_account(resources: Resources, pepper: bytes) -> None:
    found = await callers(resources, await load_demo(resources, pepper=pepper), pepper)

    live, test = found["lune", Mode.LIVE].account, found["lune", Mode.TEST].account
    assert live.organisation_id == test.organisation_id
    assert live.id != test.id


@pytest.mark.parametrize("mode", Mode)
async def test_the_lune_account_reproduces_the_published_figures(
    resources: Resources, pepper: bytes, mode: Mode
) -> None:
    caller = (await callers(resources, await load_demo(resources, pepper=pepper), pepper))["lune", mode]

    quoted = await quote_order(resources, caller, OrderRequest(ask=ByMass(12_070)), valid_ms=60_000)

    assert [line.mass_g for line in quoted.lines] == [11_466, 603]
    assert [line.unit_price_micros for line in quoted.lines] == [13_570_000, 250_000_000]
    assert [line.gross_unit_price_micros for line in quoted.lines] == [15_080_000, 277_780_000]
    quote = quoted.quote
    assert (quote.mass_g, quote.offset_cost_minor, quote.commission_minor, quote.total_cost_minor) == (
        12_069,
        31,
        4,
        35,
    )


@pytest.mark.parametrize(
    ("mass_g", "currency", "total_minor"),
    [
        (150 * TONNE_G, "BRL", 1_072_500),
        (20 * TONNE_G, "BRL", 143_000),
        (19 * TONNE_G, "BRL", 146_300),
        (20 * TONNE_G, "USD", 26_000),
        (19 * TONNE_G, "USD", 26_600),
    ],
)
async def test_the_carbonext_account_buys_by_its_published_tiers(
    resources: Resources, pepper: bytes, mass_g: int, currency: str, total_minor: int
) -> None:
    caller = (await callers(resources, await load_demo(resources, pepper=pepper), pepper))["carbonext", Mode.LIVE]

    quoted = await quote_order(resources, caller, OrderRequest(ask=ByMass(mass_g), currency=currency), valid_ms=60_000)

    assert quoted.quote.total_cost_minor == total_minor


async def test_the_carbon_engine_account_buys_in_riyals_without_commission(resources: Resources, pepper: bytes) -> None:
    found = await callers(resources, await load_demo(resources, pepper=pepper), pepper)

    quoted = await quote_order(
        resources, found["carbon-engine", Mode.LIVE], OrderRequest(ask=ByMass(TONNE_G)), valid_ms=60_000
    )

    assert (quoted.quote.currency, quoted.quote.commission_minor) == ("SAR", 0)
    assert quoted.quote.total_cost_minor == 80 * 52 + 20 * 6_450 // 100


@pytest.mark.parametrize("mode", Mode)
async def test_each_bundle_has_thousands_of_tonnes_but_one_is_nearly_sold_out(
    resources: Resources, pepper: bytes, mode: Mode
) -> None:
    caller = (await callers(resources, await load_demo(resources, pepper=pepper), pepper))["lune", mode]
    named = {name: each for code in ("GBP", "USD", "BRL", "SAR")
             for name, each in (await bundles_by_name(resources, caller, code)).items()}  # fmt: skip

    ids = [each.id for each in named.values()]
    stock_g = dict(zip(named, await available_masses_g(resources, caller, ids), strict=True))
    projects = dict(zip(named, await projects_of_bundles(resources, caller, ids), strict=True))
    vintages: dict[object, set[int]] = defaultdict(set)
    for batch in (await list_batches(resources, caller, EVERYTHING)).items:
        vintages[batch.project_id].add(batch.vintage)

    assert len(named) == 5
    assert 0 < stock_g.pop("British Woodlands") < 10 * TONNE_G
    assert min(stock_g.values()) > 1_000 * TONNE_G
    assert min(len(each) for each in projects.values()) >= 2
    assert min(len(each) for each in vintages.values()) >= 2


async def test_a_bundle_is_priced_in_the_currencies_of_its_buyers(resources: Resources, pepper: bytes) -> None:
    caller = (await callers(resources, await load_demo(resources, pepper=pepper), pepper))["lune", Mode.LIVE]
    forests = (await bundles_by_name(resources, caller, "BRL"))["Amazon Forests"]

    (tiers,) = await tiers_of_bundles(resources, caller, [forests.id], currency="BRL")
    assert [(tier.minimum_mass_g, tier.unit_price_micros) for tier in tiers] == [
        (0, 77_000_000),
        (20 * TONNE_G, 71_500_000),
    ]
    assert "Amazon Forests" not in await bundles_by_name(resources, caller, "GBP")


async def test_a_second_load_adds_fresh_keys_and_nothing_else(
    resources: Resources, database: Database, pepper: bytes
) -> None:
    first = await load_demo(resources, pepper=pepper)
    before = await rows_of(database)

    second = await load_demo(resources, pepper=pepper)

    assert await rows_of(database) == before
    keys = [each.key for demo in (first, second) for each in demo.accounts] + [first.operator_key, second.operator_key]
    assert len(set(keys)) == 18
    for key in keys:
        await authenticate(resources, key, pepper=pepper)


async def test_a_second_load_leaves_stock_prices_and_suspensions_as_they_have_become(
    resources: Resources, database: Database, pepper: bytes
) -> None:
    await load_demo(resources, pepper=pepper)
    async with database.transaction() as statements:
        await statements.execute("UPDATE credit_batches SET available_g = 0, allocated_g = issued_g")
        await statements.execute("UPDATE prices SET unit_price_micros = 1")
        await statements.execute("UPDATE accounts SET suspended_at = created_at")
    before = await rows_of(database)

    await load_demo(resources, pepper=pepper)

    assert await rows_of(database) == before


async def test_a_demo_key_opens_nothing_under_another_pepper(resources: Resources, pepper: bytes) -> None:
    demo = await load_demo(resources, pepper=pepper)

    for key in [*(each.key for each in demo.accounts), demo.operator_key]:
        with pytest.raises(Refused) as refusal:
            await authenticate(resources, key, pepper=b"a stolen database comes without.")
        assert refusal.value.code is Code.UNAUTHENTICATED


@pytest.mark.parametrize(("mode", "mark"), [(Mode.LIVE, "DEMO"), (Mode.TEST, "TEST")])
async def test_batches_have_serials_in_the_forms_of_their_registries(
    resources: Resources, database: Database, pepper: bytes, mode: Mode, mark: str
) -> None:
    await load_demo(resources, pepper=pepper)

    written = {}
    for batch in await rows_in(database, BATCHES):
        if batch.mode is mode:
            block = block_of(batch)
            text = block.written()[0] if isinstance(block, SerialBlock) else block.reference
            written[batch.reference] = text
    assert len(written) == 32
    assert all(mark in text for text in written.values())
    shown = {
        "igarape-azul-forest-2019": f"9801-122000101-122012100-VCS-VCU-{mark}-VER-BR-14-9114-01012019-31122019-0",
        "kutch-coast-wind-2019": f"GS1-{mark}-IN-GS90482-3-2019-30646-1-16000",
        "prairie-fork-landfill-gas-2021": f"CAR-{mark}-US-91530-31-983-IA-2021-9207-1 to 6900",
        "keti-creek-mangroves-2020": f"12034-000001-013000-VCS-VCU-{mark}-VER-PK-14-9340-01012020-31122020-0",
        "flint-hills-bio-oil-2024": f"iss_{mark}_9017_2024",
        "glen-ardrum-woodland-2021": f"{mark}-WCU-GB-104000000090244-01012021-31122021-1180-1180-MER-0-P",
    }
    assert {name: written[f"demo-{mode}-{name}"] for name in shown} == shown


CATALOGUE = """[
  {"record": "project", "slug": "oak-hills", "name": "Oak Hills", "category": "Native woodland",
   "project_type": "Planting", "country": "GBR", "registry": "Verra", "description": "Oaks mostly."},
  {"record": "batch", "reference": "receipt-1", "project": "oak-hills", "mode": "live", "vintage": 2019,
   "tonnes": "100", "serial_range": "9700-122000201-122000300-VCS-VCU-DEMO-VER-BR-14-9114-01012019-31122019-0"},
  {"record": "bundle", "slug": "oaks", "name": "Oaks", "description": "Oaks mostly.",
   "offset_type": "carbon_removal", "approach": "traditional", "carbon_permanence": "long_term",
   "projects": "oak-hills"},
  {"record": "weight", "portfolio": "oaks-only", "label": "Oaks", "bundle": "oaks", "percent": "100"}
]"""
"""A seller's own catalogue. Its only name that the demo has too is that of a category, which anybody may use."""


async def test_a_catalogue_that_shares_no_name_with_the_demo_stays_beside_it(
    resources: Resources, database: Database, pepper: bytes
) -> None:
    await import_catalogue(resources, CATALOGUE, is_csv=False)
    before = await rows_of(database)

    await load_demo(resources, pepper=pepper)

    after = await rows_of(database)
    assert {table: [row for row in rows if row not in after[table]] for table, rows in before.items()} == {
        table: [] for table in TABLES
    }
    assert len(after["project_categories"]) == 9
    assert [finding.name for finding in await audit(resources) if finding.deviating] == []


@pytest.mark.parametrize(
    ("own", "demos", "told"),
    [
        ('"oak-hills"', '"igarape-azul-forest"', "the project igarape-azul-forest"),
        ('"oaks"', '"permanent-removal"', "the bundle permanent-removal"),
        ('"oaks-only"', '"everyday-with-removal"', "the portfolio everyday-with-removal"),
        ('"receipt-1"', '"demo-live-igarape-azul-forest-2019"', "the batch demo-live-igarape-azul-forest-2019"),
        ("9700-", "9801-", "serial numbers of the batch receipt-1"),
    ],
)
async def test_a_catalogue_that_has_something_of_the_demos_refuses_it_and_stays_as_it_is(
    resources: Resources, database: Database, pepper: bytes, own: str, demos: str, told: str
) -> None:
    text = CATALOGUE.replace(own, demos)
    assert (await import_catalogue(resources, text, is_csv=False)).faults == ()
    before = await rows_of(database)

    with pytest.raises(Refused) as refusal:
        await load_demo(resources, pepper=pepper)

    assert (refusal.value.code, refusal.value.message) == (
        Code.BAD_USER_INPUT,
        f"The catalogue has {told}, which is not the demo's. Nothing was loaded; load the demo into an empty database.",
    )
    assert await rows_of(database) == before


async def test_an_audit_of_the_demo_finds_nothing(resources: Resources, pepper: bytes) -> None:
    await load_demo(resources, pepper=pepper)

    assert [finding.name for finding in await audit(resources) if finding.deviating] == []


async def test_no_number_of_the_demo_follows_a_digit_at_once(
    resources: Resources, database: Database, pepper: bytes
) -> None:
    await load_demo(resources, pepper=pepper)

    blocks = [block_of(batch) for batch in await rows_in(database, BATCHES)]
    assert not [block for block in blocks if isinstance(block, SerialBlock) and block.prefix[-1].isdigit()]
