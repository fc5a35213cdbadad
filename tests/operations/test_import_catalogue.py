"""A catalogue from a file: all of it or nothing, once, and every fault by its row and column.

Seen to fail when: a file with a fault leaves its good rows behind; a rehearsal keeps what it did; a row that names a
faulty row is called faulty too; the second file of the same batches is received again.
"""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest

from service.domain.catalogue import Mode
from service.errors import Code, Refused
from service.operations.import_catalogue import ImportedCatalogue, import_catalogue
from service.storage import batches, catalogue, supply
from tests.makers import TONNE_G
from tests.shop import Shop

PROJECT = {
    "record": "project",
    "slug": "oak-hills",
    "name": "Oak Hills",
    "category": "Native woodland",
    "project_type": "Planting",
    "country": "GBR",
    "registry": "Woodland Carbon Code",
    "description": "Oaks, mostly.",
}
BATCH = {
    "record": "batch",
    "reference": "wcc-1",
    "project": "oak-hills",
    "mode": "live",
    "vintage": "2021",
    "tonnes": "100.5",
    "serial_prefix": "WCC-77-",
    "serial_start": "1",
}
BUNDLE = {
    "record": "bundle",
    "slug": "oaks",
    "name": "Oaks",
    "description": "Oaks only.",
    "offset_type": "carbon_removal",
    "approach": "traditional",
    "carbon_permanence": "short_term",
    "projects": "oak-hills; trees",
}
PRICE = {"record": "price", "bundle": "oaks", "currency": "GBP", "from_tonnes": "0", "price": "25.5"}
BULK = {**PRICE, "from_tonnes": "50", "price": "24"}
WEIGHT = {"record": "weight", "portfolio": "all-oaks", "label": "All oaks", "bundle": "oaks", "percent": "100"}
FILE = [PROJECT, BATCH, BUNDLE, PRICE, BULK, WEIGHT]
TABLES = [
    "projects",
    "project_categories",
    "credit_batches",
    "bundles",
    "bundle_projects",
    "prices",
    "portfolios",
    "portfolio_weights",
]


def as_csv(rows: list[dict[str, str]]) -> str:
    columns = dict.fromkeys(column for row in rows for column in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


async def imported(shop: Shop, rows: list[Any], **options: Any) -> ImportedCatalogue:
    return await import_catalogue(shop.resources, json.dumps(rows), is_csv=False, **options)


async def tables(shop: Shop) -> dict[str, list[str]]:
    return {
        name: sorted(repr(dict(row)) for row in await shop.database.reader.fetch(f"SELECT * FROM {name}"))
        for name in TABLES
    }


@pytest.mark.parametrize("is_csv", [True, False])
async def test_a_file_of_either_kind_is_a_catalogue(shop: Shop, is_csv: bool):
    text = as_csv(FILE) if is_csv else json.dumps(FILE)

    done = await import_catalogue(shop.resources, text, is_csv=is_csv)

    reader = shop.database.reader
    assert (done.rows, done.added, done.existing, done.faults) == (6, 5, 0, ())
    oaks = (await supply.bundles(reader, ["oaks"]))["oaks"]
    project = (await supply.projects(reader, ["oak-hills"]))["oak-hills"]
    batch = (await supply.batches(reader, ["wcc-1"]))["wcc-1"]
    assert (batch.project_id, batch.mode, batch.issued_g, batch.available_g) == (
        project.id,
        Mode.LIVE,
        100 * TONNE_G + 500_000,
        100 * TONNE_G + 500_000,
    )
    assert await supply.members(reader, oaks.id) == {project.id, shop.forest_project.id}
    prices = await catalogue.prices_of(reader, [oaks.id], "GBP")
    assert [(each.minimum_mass_g, each.unit_price_micros) for each in prices] == [
        (0, 25_500_000),
        (50 * TONNE_G, 24_000_000),
    ]
    in_stock = await batches.available_g(reader, Mode.LIVE, [oaks.id], today=date(2026, 1, 1))
    assert in_stock[oaks.id] == 111 * TONNE_G + 500_000


async def test_a_second_import_adds_nothing(shop: Shop):
    await imported(shop, FILE)
    before = await tables(shop)

    done = await imported(shop, FILE)

    assert (done.added, done.existing, done.faults) == (0, 5, ())
    assert await tables(shop) == before


async def test_prices_and_portfolios_are_replaced(shop: Shop):
    await imported(shop, FILE)

    done = await imported(shop, [{**PRICE, "price": "26"}, {**WEIGHT, "label": "Oaks"}])

    assert (done.added, done.existing) == (2, 0)
    oaks = (await supply.bundles(shop.database.reader, ["oaks"]))["oaks"]
    prices = await catalogue.prices_of(shop.database.reader, [oaks.id], "GBP")
    assert [each.unit_price_micros for each in prices] == [26_000_000]


@pytest.mark.parametrize("is_csv", [True, False])
async def test_a_unit_price_that_rises_is_a_fault_of_its_row(shop: Shop, is_csv: bool):
    before = await tables(shop)
    rising = [{**PRICE, "price": "39.99"}, {**PRICE, "from_tonnes": "100", "price": "440"}]
    level = [{**PRICE, "currency": "EUR"}, {**PRICE, "currency": "EUR", "from_tonnes": "9"}]
    later = [{**BULK, "currency": "USD", "price": "2"}, {**PRICE, "currency": "USD", "price": "1.999999"}]
    rows = [PROJECT, BATCH, BUNDLE, *rising, *level, *later]
    text = as_csv(rows) if is_csv else json.dumps(rows)

    done = await import_catalogue(shop.resources, text, is_csv=is_csv)

    names = ["line 6", "line 9"] if is_csv else ["item 5", "item 8"]
    assert [(fault.row, fault.column) for fault in done.faults] == [(name, "price") for name in names]
    assert done.added == 0
    assert await tables(shop) == before


async def test_a_rising_price_of_before_may_be_imported_again(shop: Shop):
    await imported(shop, FILE)
    await shop.execute("UPDATE prices SET unit_price_micros = 26000000 WHERE minimum_mass_g = 50000000")

    again = await imported(shop, [PRICE, {**BULK, "price": "26"}])
    assert (again.added, again.existing, again.faults) == (0, 1, ())
    dearer = await imported(shop, [PRICE, {**BULK, "price": "26.5"}])
    assert [(fault.row, fault.column) for fault in dearer.faults] == [("item 2", "price")]


async def test_a_rehearsal_says_what_would_happen_and_changes_nothing(shop: Shop):
    before = await tables(shop)

    done = await imported(shop, FILE, rehearse=True)

    assert (done.rows, done.added, done.existing, done.faults) == (6, 5, 0, ())
    assert await tables(shop) == before


async def test_every_fault_is_named_at_once_and_nothing_is_imported(shop: Shop):
    before = await tables(shop)
    bad = [
        {**PROJECT, "country": "UK", "name": ""},
        {**PROJECT, "slug": "fine"},
        {**PROJECT, "slug": "fine", "name": "Twice"},
        {**BATCH, "tonnes": "-1", "vintage": "1789", "sereal": "x"},
        {**BATCH, "reference": "wcc-2", "project": "nowhere"},
        {**BATCH, "reference": "wcc-3", "project": "trees", "serial_start": "101"},
        {**BUNDLE, "approach": "wild", "projects": []},
        PRICE,
        {**PRICE, "price": "27"},
        {**PRICE, "bundle": "elms"},
        {**WEIGHT, "percent": "99"},
        {"record": "tree"},
        {**BATCH, "reference": "wcc-5", "serial_prefix": "names-a-faulty-row-"},
    ]

    done = await imported(shop, bad)

    assert sorted((int(fault.row.removeprefix("item ")), fault.column) for fault in done.faults) == [
        (1, "country"),
        (1, "name"),
        (3, "slug"),
        (4, "sereal"),
        (4, "tonnes"),
        (4, "vintage"),
        (5, "project"),
        (6, "serial_start"),
        (7, "approach"),
        (7, "projects"),
        (9, "from_tonnes"),
        (10, "bundle"),
        (11, "percent"),
        (12, "record"),
    ]
    assert done.added == 0
    assert await tables(shop) == before


async def test_a_line_of_a_csv_is_named_by_its_number(shop: Shop):
    text = as_csv([{**PROJECT, "description": "Two\nlines."}, {**BATCH, "vintage": "old"}])

    done = await import_catalogue(shop.resources, text, is_csv=True)

    assert [(fault.row, fault.column) for fault in done.faults] == [("line 4", "vintage")]


async def test_what_stands_with_other_facts_is_a_fault(shop: Shop):
    await imported(shop, FILE)
    before = await tables(shop)

    done = await imported(
        shop,
        [
            {**PROJECT, "name": "Elm Hills"},
            {**BATCH, "tonnes": "7"},
            {**BATCH, "reference": "wcc-9", "serial_start": "101"},
            {**BUNDLE, "projects": ["oak-hills"]},
        ],
    )

    assert sorted((fault.row, fault.column) for fault in done.faults) == [
        ("item 1", "slug"),
        ("item 2", "reference"),
        ("item 3", "serial_start"),
        ("item 4", "projects"),
    ]
    assert await tables(shop) == before


async def test_ten_thousand_batches_come_in(shop: Shop):
    many = [{**BATCH, "reference": f"r-{n}", "tonnes": "1", "serial_start": str(n)} for n in range(10_000)]

    done = await imported(shop, [PROJECT, *many])

    assert (done.added, done.faults) == (10_001, ())


@pytest.mark.parametrize(("text", "is_csv"), [("{", False), ("{}", False), ("[1]", False), ('a,b\n"x', True)])
async def test_a_file_that_is_none_is_refused(shop: Shop, text: str, is_csv: bool):
    with pytest.raises(Refused) as refusal:
        await import_catalogue(shop.resources, text, is_csv=is_csv)
    assert refusal.value.code is Code.BAD_USER_INPUT
