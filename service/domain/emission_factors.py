"""Emission factors of public tables: the emissions of a unit of an activity, with the table that states them.

The figures stand in `emission_factors.json` (transport) and `grid_factors.json` (electricity) as they were published;
this module contains no figure of its own. All factors count the life cycle of the energy used, so that activities
compare.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Factor:
    """Emissions of a unit of an activity, with the table that states them.

    `value` is the total, an exact decimal of `unit`. Where the table shows the parts apart they add up to it: `direct`
    (fuel burnt), `radiative_forcing` (its effect at altitude beyond CO2, flights only) and `upstream` (its supply
    chain, well to tank). `year` is that of the edition, `data_year` the year that the figures describe, None where the
    publisher states none.
    """

    value: str
    unit: str
    gases: str
    source: str
    year: int
    url: str
    notes: str
    publisher: str
    edition: str
    data_year: int | None
    boundary: str
    direct: str | None = None
    radiative_forcing: str | None = None
    upstream: str | None = None

    def wire_form(self) -> dict[str, str | int | None]:
        """Return the members under the names that stored estimates have: literals that no renaming may change."""
        return {
            "value": self.value,
            "unit": self.unit,
            "gases": self.gases,
            "source": self.source,
            "year": self.year,
            "url": self.url,
            "notes": self.notes,
            "publisher": self.publisher,
            "edition": self.edition,
            "data_year": self.data_year,
            "boundary": self.boundary,
            "direct": self.direct,
            "radiative_forcing": self.radiative_forcing,
            "upstream": self.upstream,
        }

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Name and value of each part that the table shows apart."""
        named = (
            ("Fuel burnt", self.direct),
            ("Radiative forcing", self.radiative_forcing),
            ("Supply chain of the fuel", self.upstream),
        )
        return tuple((name, value) for name, value in named if value is not None)


@cache
def transport_factor(name: str) -> Factor:
    """Return the factor of one row: `flight/long_haul/economy`, `air_freight`, `ground/coach_bus` and so on."""
    data = _published("emission_factors.json")
    row = data["factors"][name]
    direct, upstream = Decimal(row["direct"]), Decimal(row["upstream"])
    with_forcing = Decimal(row.get("direct_with_radiative_forcing", direct))
    return Factor(
        value=str(with_forcing + upstream),
        direct=str(direct),
        radiative_forcing=str(with_forcing - direct) if with_forcing != direct else None,
        upstream=str(upstream),
        unit=row["unit"],
        source=row["source"],
        notes=row["notes"],
        boundary=data["boundaries"][row["boundary"]],
        **data["tables"][row["table"]],
    )


def grid_factor(country: str | None) -> Factor | None:
    """Return the factor of a country's electricity (ISO 3166-1 alpha-3), the world's average for None.

    Each country has its newest year of the newest release that lists it. None for a country that no release lists.
    """
    return _grid_factors().get(country)


@cache
def _grid_factors() -> Mapping[str | None, Factor]:
    grid = _published("grid_factors.json")
    notes = grid["notes"]
    shared = {name: grid[name] for name in ("unit", "gases", "source", "url", "publisher", "boundary")}
    factors: dict[str | None, Factor] = {}
    for release in grid["releases"]:
        blank = Factor(
            value="", notes=notes[""], year=release["year"], edition=release["edition"], data_year=None, **shared
        )
        for year, value in release["world"].items():
            factors[None] = replace(blank, value=value, data_year=int(year))
        for year, countries in release["countries"].items():
            for country, value in countries.items():
                factors[country] = replace(
                    blank, value=value, data_year=int(year), notes=notes.get(country, blank.notes)
                )
    return factors


@cache
def _published(name: str) -> Mapping[str, Any]:
    # Package data, read once: as fixed as the code, so this layer stays free of input and output.
    data: Mapping[str, Any] = json.loads(Path(__file__).with_name(name).read_bytes())
    return data
