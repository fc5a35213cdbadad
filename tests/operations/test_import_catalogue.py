"""A catalogue from a file: all of it or nothing, once, and every fault by its row and column.

Seen to fail when: a file with a fault leaves its good rows behind; a rehearsal keeps what it did; a row that names a
faulty row is called faulty too; the second file of the same batches is received again; a file's new bundles are chosen
by reading before another import inserts them.
"""

import asyncio
import csv
import io
import json
from datetime import date
from typing import Any

import pytest

from service.domain.catalogue import Mode, OffsetType
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


@pytest.mark.parametrize("is_csv", [True, False])
async def test_facts_that_may_be_left_out_are_kept_and_stay_when_a_file_leaves_them_out(shop: Shop, is_csv: bool):
    of_project = {
        "registry_project_id": "104000000090244",
        "methodology": "Woodland Carbon Code 2.2",
        "offset_type": "carbon_removal",
        "storage_years": "100",
        "public_url": "https://registry.test/90244",
    }
    of_batch = {
        "period_start": "2021-01-01",
        "period_end": "2021-12-31",
        "article6_authorisation": "Letter 7",
        "labels": "CORSIA Phase 1; CCP",
    }
    rows = [{**PROJECT, **of_project}, {**BATCH, **of_batch}]
    done = await import_catalogue(shop.resources, as_csv(rows) if is_csv else json.dumps(rows), is_csv=is_csv)
    again = await imported(shop, [PROJECT, BATCH])
    other = await imported(shop, [{**PROJECT, "methodology": "Another"}, {**BATCH, "labels": "CCP"}])

    assert (done.added, done.faults) == (2, ())
    assert (again.existing, again.faults) == (2, ())
    assert [(fault.column, fault.message) for fault in other.faults] == [
        ("slug", "stands already, with another methodology"),
        ("reference", "exists already, with another labels"),
    ]
    project = (await supply.projects(shop.database.reader, ["oak-hills"]))["oak-hills"]
    assert {name: str(getattr(project, name)) for name in of_project} == of_project
    assert project.offset_type is OffsetType.CARBON_REMOVAL
    batch = (await supply.batches(shop.database.reader, ["wcc-1"]))["wcc-1"]
    assert (str(batch.period_start), str(batch.period_end)) == ("2021-01-01", "2021-12-31")
    assert (batch.article6_authorisation, batch.labels) == ("Letter 7", ["CCP", "CORSIA Phase 1"])


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


@pytest.mark.parametrize("currency", ["BGN", "DEM", "XAU", "XXX", "CLF"])
async def test_a_new_price_in_a_currency_that_nobody_pays_with_is_a_fault(shop: Shop, currency: str):
    await imported(shop, FILE)
    before = await tables(shop)

    done = await imported(shop, [{**PRICE, "currency": currency}])

    assert [(fault.row, fault.column, fault.message) for fault in done.faults] == [
        ("item 1", "currency", f"{currency} is not a currency in circulation")
    ]
    assert await tables(shop) == before
    await shop.execute("UPDATE prices SET currency = $1 WHERE currency = 'GBP'", currency)
    again = await imported(shop, [{**PRICE, "currency": currency}, {**BULK, "currency": currency}])
    assert (again.added, again.existing, again.faults) == (0, 1, ())


async def test_a_rehearsal_says_what_would_happen_and_changes_nothing(shop: Shop):
    before = await tables(shop)

    done = await imported(shop, FILE, rehearse=True)

    assert (done.rows, done.added, done.existing, done.faults) == (6, 5, 0, ())
    assert await tables(shop) == before


async def test_of_files_imported_at_once_one_adds_each_object_and_the_others_find_it(shop: Shop):
    for number in range(10):
        project, bundle = {**PROJECT, "slug": f"oak-{number}"}, {**BUNDLE, "slug": f"oaks-{number}"}
        bundle["projects"] = f"oak-{number}; trees"

        done = await asyncio.gather(*(imported(shop, [project, bundle]) for _ in range(4)))

        assert [each.faults for each in done] == [()] * 4
        assert sorted((each.added, each.existing) for each in done) == [(0, 2), (0, 2), (0, 2), (2, 0)]
        found = await supply.bundles(shop.database.reader, [f"oaks-{number}"])
        assert len(await supply.members(shop.database.reader, found[f"oaks-{number}"].id)) == 2


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


@pytest.mark.parametrize(
    ("text", "is_csv"), [("{", False), ("{}", False), ("[1]", False), ("[]", False), ("", True), ('a,b\n"x', True)]
)
async def test_a_file_that_is_none_is_refused(shop: Shop, text: str, is_csv: bool):
    with pytest.raises(Refused) as refusal:
        await import_catalogue(shop.resources, text, is_csv=is_csv)
    assert refusal.value.code is Code.BAD_USER_INPUT


def without(rows: list[dict[str, str]], *columns: str) -> list[dict[str, str]]:
    return [{column: cell for column, cell in row.items() if column not in columns} for row in rows]


def renamed(rows: list[dict[str, str]], **names: str) -> list[dict[str, str]]:
    return [{names.get(column, column): cell for column, cell in row.items()} for row in rows]


FILE_FAULTS = [
    (
        as_csv(FILE).replace(",", ";"),
        "The column record is missing; the file seems to be separated by semicolons. Use commas.",
    ),
    (as_csv(without(FILE, "record")), "The column record is missing."),
    (as_csv(renamed(FILE, record="Record")), "The column record is missing; record is perhaps Record."),
    (as_csv(without([PROJECT, BATCH], "mode")), "The column mode is missing from every row of the kind batch."),
    (
        as_csv(without(FILE, "serial_prefix", "serial_start", "price")),
        (
            "The column serial_range or first_serial or serial_prefix or registry_reference is missing from every row"
            " of the kind batch. The column price is missing from every row of the kind price."
        ),
    ),
    (
        as_csv(renamed([PROJECT, BATCH], reference="Reference", tonnes="amount")),
        (
            "The columns reference, tonnes are missing from every row of the kind batch; reference is perhaps"
            " Reference. The column amount is of no kind of row."
        ),
    ),
    (
        as_csv([{**PROJECT, "Logo URL": "https://example.org/a.png"}]),
        "The column Logo URL (perhaps logo_url) is of no kind of row.",
    ),
    (as_csv([{**PROJECT, "notes": "x", "seen": "y"}]), "The columns notes, seen are of no kind of row."),
    (json.dumps(without(FILE, "record")), "The column record is missing."),
    (
        json.dumps([PROJECT, BATCH, *without([PRICE, BULK], "currency", "from_tonnes")]),
        "The columns currency, from_tonnes are missing from every row of the kind price.",
    ),
    ("[]", "The file has no rows."),
    ("", "The file is empty."),
    (
        as_csv(FILE),
        (
            "The file is not JSON: Expecting value: line 1 column 1 (char 0). It seems to be CSV."
            " Give it a name that ends in .csv."
        ),
    ),
]


@pytest.mark.parametrize(("text", "told"), FILE_FAULTS)
async def test_a_fault_of_the_file_is_told_before_those_of_its_rows(shop: Shop, text: str, told: str):
    before = await tables(shop)

    with pytest.raises(Refused) as refusal:
        await import_catalogue(
            shop.resources, text, is_csv="It seems to be CSV" not in told and text[:1] not in ("[", "")
        )

    assert (refusal.value.code, refusal.value.message) == (Code.BAD_USER_INPUT, told)
    assert await tables(shop) == before


async def test_a_column_without_cells_and_rows_without_any_are_no_fault(shop: Shop):
    text = as_csv([{**PROJECT, "notes": ""}]) + ",,,,,,,,\n"

    done = await import_catalogue(shop.resources, text, is_csv=True)

    assert (done.rows, done.added, done.faults) == (1, 1, ())


async def test_a_row_with_more_cells_than_columns_is_told_of_the_comma(shop: Shop):
    text = as_csv([PROJECT]) + as_csv([{**PROJECT, "slug": "elms"}]).split("\n", 1)[1].replace('"', "")

    done = await import_catalogue(shop.resources, text, is_csv=True)

    assert [(fault.row, fault.column, fault.message) for fault in done.faults] == [
        (
            "line 3",
            "(surplus)",
            "the row has more cells than there are columns; put cells with commas in quotes",
        )
    ]


async def test_a_record_that_is_no_text_is_a_fault_of_its_row(shop: Shop):
    done = await imported(shop, [PROJECT, {"record": ["project"]}, {"record": {}}, {"record": None}])

    assert [(fault.row, fault.column) for fault in done.faults] == [(f"item {n}", "record") for n in (2, 3, 4)]


@pytest.mark.parametrize("is_csv", [True, False])
async def test_numbers_are_read_as_programs_write_them(shop: Shop, is_csv: bool):
    rows = [
        PROJECT,
        {**BATCH, "vintage": "2021.0", "tonnes": "1e2", "serial_start": "1.0"},
        {**BATCH, "reference": "wcc-2", "tonnes": "2.5E-1", "serial_start": "1001"},
        {**BUNDLE, "projects": "oak-hills"},
        {**PRICE, "from_tonnes": "0e0", "price": "2.55e+01"},
        {**PRICE, "from_tonnes": "5e-05", "price": "25e0"},
        {**WEIGHT, "percent": "1e2"},
    ]
    text = as_csv(rows) if is_csv else json.dumps(rows)

    done = await import_catalogue(shop.resources, text, is_csv=is_csv)

    assert done.faults == ()
    reader = shop.database.reader
    received = await supply.batches(reader, ["wcc-1", "wcc-2"])
    assert {name: (each.vintage, each.issued_g, each.serial_start) for name, each in received.items()} == {
        "wcc-1": (2021, 100 * TONNE_G, 1),
        "wcc-2": (2021, 250_000, 1001),
    }
    oaks = (await supply.bundles(reader, ["oaks"]))["oaks"]
    prices = await catalogue.prices_of(reader, [oaks.id], "GBP")
    assert [(each.minimum_mass_g, each.unit_price_micros) for each in prices] == [(0, 25_500_000), (50, 25_000_000)]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("vintage", "2021.5"),
        ("vintage", "2.021e3"),
        ("serial_start", "1.22e+08"),
        ("serial_start", "7.5"),
        ("tonnes", "1e40"),
        ("tonnes", "1e999999999"),
        ("tonnes", "-5e-05"),
    ],
)
async def test_a_number_that_cannot_be_meant_exactly_is_a_fault(shop: Shop, column: str, text: str):
    before = await tables(shop)

    done = await imported(shop, [PROJECT, {**BATCH, column: text}])

    assert [(fault.row, fault.column) for fault in done.faults] == [("item 2", column)]
    assert await tables(shop) == before
