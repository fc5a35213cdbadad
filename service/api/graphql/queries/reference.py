"""Queries of reference data for forms: airports, currencies and countries. They are the same for every account."""

import asyncio
from typing import Annotated, ClassVar

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode
from service.domain import airports, countries, currencies
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused

AIRPORTS_MAX = 50
TABLE_COST = 5
"""Cost points of a whole table, whose entries are in memory."""


@strawberry.type(description="An airport that a flight can begin or end at.")
class Airport:
    query_cost: ClassVar[int] = 0
    code: str = strawberry.field(
        description="IATA code of the airport, as `createFlightEstimate` takes it: three letters, such as `LHR`."
    )
    name: str = strawberry.field(description="Name of the airport, as the table of airports spells it.")
    city: str = strawberry.field(description="City that the airport serves. Empty if the table names none.")
    country: str = strawberry.field(description="Country of the airport, as an ISO 3166-1 alpha-2 code such as `GB`.")


@strawberry.type(description="A currency of ISO 4217, with the decimals of its amounts.")
class Currency:
    query_cost: ClassVar[int] = 0
    code: CurrencyCode = strawberry.field(description="Code of the currency (ISO 4217).")
    decimals: int = strawberry.field(
        description="Number of decimals of an amount in the currency: 2 if its smallest unit is a hundredth."
    )
    circulates: bool = strawberry.field(
        description="True if people pay with the currency today, so that new accounts and prices may have it."
    )


@strawberry.type(description="A country or territory of ISO 3166-1. Browsers name it in any language by its codes.")
class Country:
    query_cost: ClassVar[int] = 0
    alpha2: str = strawberry.field(description="ISO 3166-1 alpha-2 code, such as `BR`.")
    alpha3: str = strawberry.field(
        description="ISO 3166-1 alpha-3 code, such as `BRA`: the form that projects and their filters have."
    )


@strawberry.type
class ReferenceQueries:
    @strawberry.field(
        description="Airports with an IATA code that a text names: first the airport whose code it is, then those "
        "whose city or name begins with it, then those that contain it. Null only if reading it failed; `errors` then "
        "says why.",
        metadata=priced(own=TABLE_COST, size=1),
    )
    async def airports(
        self,
        info: Info,
        search: Annotated[
            str,
            strawberry.argument(
                description="IATA or ICAO code, or part of the name or city of the airport: 1 to 200 characters. Upper "
                "and lower case count as equal."
            ),
        ],
        first: Annotated[
            int, strawberry.argument(description="Maximum number of airports: 1 to 50, by default 10.")
        ] = 10,
    ) -> list[Airport] | None:
        info.context.caller  # noqa: B018 - refuses callers without a key
        if not 1 <= first <= AIRPORTS_MAX:
            raise Refused(Code.BAD_USER_INPUT, f"Give first from 1 to {AIRPORTS_MAX}.", ("first",))
        text = kept_text(search, NAME_LENGTH_MAX, "search")
        found = await asyncio.to_thread(airports.search_airports, text, first)  # the first call loads the table
        return [Airport(code=each.code, name=each.name, city=each.city, country=each.country) for each in found]

    @strawberry.field(
        description="Currencies of ISO 4217, sorted by code. Null only if reading it failed; `errors` then says why.",
        metadata=priced(own=TABLE_COST, size=1),
    )
    def currencies(
        self,
        info: Info,
        circulating: Annotated[
            bool,
            strawberry.argument(
                description="True, the default: only currencies that people pay with today. False: also former "
                "currencies, funds and precious metals."
            ),
        ] = True,
    ) -> list[Currency] | None:
        info.context.caller  # noqa: B018 - refuses callers without a key
        codes = sorted(currencies.CIRCULATING_CODES) if circulating else currencies.CURRENCY_CODES
        return [
            Currency(code=CurrencyCode(each.code), decimals=each.decimals, circulates=each.circulates)
            for each in map(currencies.currency_of, codes)
        ]

    @strawberry.field(
        description="Countries and territories, sorted by alpha-2 code. Null only if reading it failed; `errors` then "
        "says why.",
        metadata=priced(own=TABLE_COST, size=1),
    )
    def countries(self, info: Info) -> list[Country] | None:
        info.context.caller  # noqa: B018 - refuses callers without a key
        return [Country(alpha2=alpha_2, alpha3=alpha_3) for alpha_2, alpha_3 in countries.countries()]
