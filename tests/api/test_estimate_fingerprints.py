"""Fingerprints of estimates as both APIs that create them store them, with the facts that are hashed.

The digests are literals because keys never expire. When one of them changes, retries that cross the deployment are
refused: change the code, and never a literal.
"""

import pytest

from service.storage import estimates
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi
from tests.api.rest.client import open_rest
from tests.books import rows_of
from tests.shop import open_shop

GRAPHQL: dict[str, tuple[str, str, dict[str, object], str]] = {
    "electricity": (
        "Electricity",
        'amount: "1200.50", unit: KILOWATT_HOUR, country: "GBR"',
        {"amount": "1200.50", "unit": "kWh", "country": "GBR"},
        "fc35a0fd7e2c72da32b2862c32edc89074253c6f000fa7ad14bb1df486cbb090",
    ),
    "electricity anywhere": (
        "Electricity",
        'amount: "3", unit: MEGAWATT_HOUR',
        {"amount": "3", "unit": "MWh", "country": None},
        "00fae335975cd7fd29d15c6b2c1b7735c03e766f674eb551df587a9ec431b0b1",
    ),
    "a flight by distance": (
        "Flight",
        'route: {distance: {amount: "10", unit: MILE}}',
        {"route": {"amount": "10", "unit": "mi"}, "passengers": 1, "cabin_class": "economy"},
        "0f88ff5b1d3d65c8c642df30c238141efa49c94e9173caf92c7fdd7529ce214c",
    ),
    "a flight by airports": (
        "Flight",
        'route: {airports: {origin: "LHR", destination: "JFK"}}, passengers: 2, cabinClass: PREMIUM_ECONOMY',
        {"route": {"origin": "LHR", "destination": "JFK"}, "passengers": 2, "cabin_class": "premium_economy"},
        "7b9ca9e73524ac751de43d734457ceb5380c9564e7f5173d94bedbf012f709a1",
    ),
    "a flight of several legs": (
        "Flight",
        'route: {legs: [{airports: {origin: "LHR", destination: "JFK"}}, {distance: {amount: "10.0", unit: MILE}}]}',
        {
            "route": {"legs": [{"origin": "LHR", "destination": "JFK"}, {"amount": "10.0", "unit": "mi"}]},
            "passengers": 1,
            "cabin_class": "economy",
        },
        "83452c9881dcda694d2f3d272eb13e1acfc96f1ad96921c337c22593d88c0ae1",
    ),
    "air freight": (
        "AirFreight",
        'freightMassKg: "12.5", distanceKm: "1000"',
        {"freight_mass_kg": "12.5", "distance_km": "1000"},
        "ba95b0c45e4be6e342bacfed933fc9933f3780c42448ed7f308a2eeca4e02707",
    ),
    "a drive": (
        "GroundTransport",
        'distanceKm: "88", vehicleType: SCHOOL_BUS',
        {"distance_km": "88", "vehicle_type": "school_bus"},
        "21d8b6044dd6e0bfd653d3aa1e4abb75bcaadee75c25ad939c24a82924f566b9",
    ),
    "a mass": (
        "Mass",
        'mass: {amount: "12.07", unit: KILOGRAM}',
        {"amount": "12.07", "unit": "kg"},
        "36de62bcd5f7fb23fa7a190ea8043c81752ce32ea7dc4a38bc74a5ea05542602",
    ),
    "a mass with a name and metadata": (
        "Mass",
        'mass: {amount: "12.07", unit: TONNE}, name: "July", metadata: {trip: "1"}',
        {"amount": "12.07", "unit": "t"},
        "debaf9914a80827e2db8f6e44e64bb1c090a3939bdc3f8af2c5a5c91cd79d86f",
    ),
}


@pytest.mark.parametrize(("kind", "given", "facts", "digest"), GRAPHQL.values(), ids=GRAPHQL)
async def test_an_estimate_by_graphql_is_stored_with_this_fingerprint(
    api: GraphQLApi, kind: str, given: str, facts: dict[str, object], digest: str
):
    document = (
        f"mutation {{ made: create{kind}Estimate(input: {{{given}}}) {{ estimate {{ id }} userErrors {{ code }} }} }}"
    )
    assert (await api.data(document))["made"]["userErrors"] == []

    (row,) = await rows_of(api.shop.database, estimates.ESTIMATES)
    assert row.activity == facts
    assert row.fingerprint == digest


LUNE: dict[str, tuple[str, dict[str, object], str]] = {
    "electricity": (
        "electricity",
        {"consumption": {"amount": "12", "unit": "kWh"}},
        "db48687a2458a0fa586614695de236cadb038e4d875a08b59d8db749916b6946",
    ),
    "electricity with every member": (
        "electricity",
        {
            "consumption": {"amount": "12.0", "unit": "MWh"},
            "country_code": "GBR",
            "name": "July",
            "quantity_trunc": "kg",
            "metadata": {"a": "b"},
            "idempotency_key": "k",
        },
        "b7604404ed02bc693f09936755d6a4b5f55d198947652faef03918489262af63",
    ),
    "a flight by distance": (
        "flight",
        {"route": {"amount": "10", "unit": "nm"}},
        "c2af64cb096884c8a154dbdb8206e0774ddf777183d4a5af02a6828f9c2c9728",
    ),
    "a flight with every member": (
        "flight",
        {
            "route": {"source": "LHR", "destination": "JFK"},
            "passengers": 3,
            "cabin_class": "business",
            "name": "July",
            "quantity_trunc": "t",
        },
        "b18c8156624800e398b672eac5a954c22e5c26329be4f000bb76b66db650d082",
    ),
}


@pytest.mark.parametrize(("kind", "body", "digest"), LUNE.values(), ids=LUNE)
async def test_an_estimate_by_lune_is_stored_with_this_fingerprint(
    database: Database, database_url: str, kind: str, body: dict[str, object], digest: str
):
    async with open_rest("lune", await open_shop(database), database_url) as lune:
        await lune.post(f"/estimates/{kind}", body)

    (row,) = await rows_of(database, estimates.ESTIMATES)
    assert row.fingerprint == digest


async def test_the_factor_is_stored_under_these_names(api: GraphQLApi):
    await api.data(
        'mutation { createGroundTransportEstimate(input: {distanceKm: "1", vehicleType: COACH_BUS})'
        " { estimate { id factor { value unit gases source year url notes } } } }"
    )

    (row,) = await rows_of(api.shop.database, estimates.ESTIMATES)
    assert set(row.factor) == {
        *("value", "unit", "gases", "source", "year", "url", "notes", "publisher", "edition", "data_year", "boundary"),
        *("direct", "radiative_forcing", "upstream"),
    }
