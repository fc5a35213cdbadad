"""Mutations that estimate the emissions of an activity, and quote or order an estimate."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.estimate_requests import estimate_request
from service.api.graphql.inputs.orders import ChoiceInput, CommandInput, QuoteCommandInput
from service.api.graphql.mutations.orders import CreateOrderPayload, place, refused_order
from service.api.graphql.mutations.quotes import QuotePayload, quote, refused_quote
from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import MassInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.estimate import Estimate, estimate_of
from service.domain.amounts import parse_decimal
from service.domain.api_keys import Scope
from service.domain.estimate import (
    Activity,
    AirFreight,
    AirportPair,
    CabinClass,
    Distance,
    DistanceUnit,
    Electricity,
    EnergyUnit,
    Flight,
    GroundTransport,
    Leg,
    Legs,
    PlainMass,
    VehicleType,
)
from service.domain.recorded_estimate import CreateEstimate
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused, at
from service.operations.create_estimate import create_estimate


@strawberry.input
class _Estimate:
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Key that the caller chooses for the estimate: 1 to 512 characters, different for each estimate "
        "of the account. A retry with the same key and input returns the existing estimate. The same key with another "
        "input is refused `IDEMPOTENCY_KEY_REUSED`. Without a key, a retry creates another estimate.",
    )
    name: str | None = strawberry.field(
        default=None, description="Name of the estimate, at most 200 characters. By default the estimate has no name."
    )
    metadata: Metadata | None = strawberry.field(
        default=None,
        description="Data to attach to the estimate. The service returns the data unchanged and does not interpret "
        "it. By default no data is attached.",
    )

    def command(self, context: Context, activity: Activity, told: dict[str, Any]) -> CreateEstimate:
        key, name = self.idempotency_key, self.name
        return CreateEstimate(
            estimate_id=context.resources.new_id(),
            activity=activity,
            told=told,
            name=None if name is None else kept_text(name, NAME_LENGTH_MAX, "name", required=False),
            metadata=None if self.metadata is None else dict(self.metadata),
            idempotency_key=None if key is None else kept_text(key, IDEMPOTENCY_KEY_LENGTH_MAX, "idempotencyKey"),
        )


@strawberry.input(description="Use of electricity whose emissions are estimated.")
class CreateElectricityEstimateInput(_Estimate):
    amount: Decimal = strawberry.field(
        description="Amount of energy in `unit`, as a decimal string: more than 0, at most 100 TWh."
    )
    unit: EnergyUnit = strawberry.field(description="Unit in which `amount` is given.")
    country: str | None = strawberry.field(
        default=None,
        description="Country in which the electricity was used: an ISO 3166-1 code of two or three capital letters, "
        "such as `GB` or `GBR`. By default the average of the world's grids is used.",
    )


@strawberry.input(description="A distance, given as a number and a unit.")
class DistanceInput:
    amount: Decimal = strawberry.field(
        description="Distance in `unit`, as a decimal string: more than 0, at most 1,000,000 km."
    )
    unit: DistanceUnit = strawberry.field(description="Unit in which `amount` is given.")


@strawberry.input(description="Airports of departure and arrival of a flight or of one leg.")
class AirportPairInput:
    origin: str = strawberry.field(
        description="Airport of departure: an IATA code, such as `LHR`, or an ICAO code, such as `EGLL`."
    )
    destination: str = strawberry.field(
        description="Airport of arrival: an IATA code or an ICAO code. The airport must differ from `origin`."
    )


@strawberry.input(one_of=True, description="One leg of a flight, from take-off to landing. Give exactly one member.")
class FlightLegInput:
    distance: DistanceInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Great-circle distance of the leg or flight. Do not add a detour, because the emission factors "
        "include one. A distance below 483 km counts as a domestic flight, a longer distance as an international "
        "flight.",
    )
    airports: AirportPairInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Airports of departure and arrival. The countries of the airports and the distance between them "
        "decide the emission factor: domestic, short-haul, long-haul or international.",
    )

    def leg(self) -> Leg:
        if isinstance(self.distance, DistanceInput):
            return Distance(_exactly(self.distance.amount), self.distance.unit)
        if isinstance(self.airports, AirportPairInput):
            return AirportPair(self.airports.origin, self.airports.destination)
        raise Refused(Code.BAD_USER_INPUT, "Give either `distance` or `airports` for the flight.", ("route",))

    def told(self) -> dict[str, Any]:
        """Return the members of the activity that are stored and fingerprinted. Their names must never change."""
        if isinstance(self.distance, DistanceInput):
            return {"amount": format(self.distance.amount, "f"), "unit": self.distance.unit.value}
        if isinstance(self.airports, AirportPairInput):
            return {"origin": self.airports.origin, "destination": self.airports.destination}
        return {}


@strawberry.input(one_of=True, description="Route of a one-way flight. Give exactly one member.")
class FlightRouteInput(FlightLegInput):
    legs: list[FlightLegInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Legs of a flight with stops: 1 to 20 legs, together at most 1,000,000 km long. Each leg is "
        "estimated with its own emission factor.",
    )

    def route(self) -> Leg | Legs:
        if isinstance(self.legs, list):
            return Legs(tuple(leg.leg() for leg in self.legs))
        return self.leg()

    def told(self) -> dict[str, Any]:
        if isinstance(self.legs, list):
            return {"legs": [leg.told() for leg in self.legs]}
        return super().told()


@strawberry.input(description="One-way flight whose emissions are estimated.")
class CreateFlightEstimateInput(_Estimate):
    route: FlightRouteInput = strawberry.field(
        description="Route of the flight: a distance, two airports, or several legs."
    )
    passengers: int = strawberry.field(default=1, description="Number of passengers: 1 to 1,000,000, by default 1.")
    cabin_class: CabinClass = strawberry.field(
        default=CabinClass.ECONOMY,
        description="Cabin class of all passengers on all legs; by default `ECONOMY`. If the emission table has no "
        "figure for this class, the figure of the next class with more space per seat is used.",
    )

    def flight(self) -> Flight:
        return Flight(self.route.route(), self.passengers, self.cabin_class)


@strawberry.input(description="Transport of goods by air whose emissions are estimated.")
class CreateAirFreightEstimateInput(_Estimate):
    freight_mass_kg: Decimal = strawberry.field(
        description="Mass of the goods in kilograms, as a decimal string: more than 0, at most 1,000,000,000."
    )
    distance_km: Decimal = strawberry.field(
        description="Length of the transport in kilometres, as a decimal string: more than 0, at most 1,000,000."
    )


@strawberry.input(description="Journey of one road vehicle, given by its length and the kind of vehicle.")
class CreateGroundTransportEstimateInput(_Estimate):
    distance_km: Decimal = strawberry.field(
        description="Length of the journey in kilometres, as a decimal string: more than 0, at most 1,000,000,000."
    )
    vehicle_type: VehicleType = strawberry.field(
        description="Kind of the vehicle. The emissions are those of the whole vehicle, for any number of passengers."
    )


@strawberry.input(description="Emissions that the caller calculated, to be stored as an estimate.")
class CreateMassEstimateInput(_Estimate):
    mass: MassInput = strawberry.field(
        description="Emissions as a mass of CO2 equivalent: 1 gram to 1,000,000,000 tonnes."
    )


@strawberry.input(description="Quote for the emissions of an estimate.")
class QuoteByEstimateInput(QuoteCommandInput, ChoiceInput):
    estimate_id: strawberry.ID = strawberry.field(
        description="Id of the estimate to quote, as the estimate's field `id` shows it."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="Currency of the prices and costs (ISO 4217 code). By default the account's `currency` is used.",
    )


@strawberry.input(description="Order of credits for the emissions of an estimate.")
class CreateOrderByEstimateInput(CommandInput, ChoiceInput):
    estimate_id: strawberry.ID = strawberry.field(
        description="Id of the estimate to order, as the estimate's field `id` shows it. Each estimate can be ordered "
        "once."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="Currency of the prices and costs (ISO 4217 code). By default the account's `currency` is used.",
    )


@strawberry.type(description="Result of creating an estimate.")
class CreateEstimatePayload:
    estimate: Estimate | None = strawberry.field(
        description="Estimate of the emissions. On a retry: the estimate that the first request created. Null if the "
        "request was refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same idempotency key created the estimate."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `estimate` is not null."
    )


@strawberry.type
class EstimateMutations:
    @strawberry.mutation(
        description="Estimates the emissions of electricity use. A retry with the same idempotency key and input "
        "returns the existing estimate. A retry without a key creates another estimate."
    )
    async def create_electricity_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateElectricityEstimateInput,
            strawberry.argument(description="Electricity whose emissions are estimated."),
        ],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return Electricity(_exactly(input.amount), input.unit, input.country)

        told = {"amount": format(input.amount, "f"), "unit": input.unit.value, "country": input.country}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(
        description="Estimates the emissions of a flight. A retry with the same idempotency key and input returns the "
        "existing estimate. A retry without a key creates another estimate."
    )
    async def create_flight_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateFlightEstimateInput, strawberry.argument(description="Flight whose emissions are estimated.")
        ],
    ) -> CreateEstimatePayload | None:
        told = {
            "route": input.route.told(),
            "passengers": input.passengers,
            "cabin_class": input.cabin_class.value,
        }
        return await _estimate(info.context, input, input.flight, told)

    @strawberry.mutation(
        description="Estimates the emissions of air freight. A retry with the same idempotency key and input returns "
        "the existing estimate. A retry without a key creates another estimate."
    )
    async def create_air_freight_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateAirFreightEstimateInput, strawberry.argument(description="Air freight whose emissions are estimated.")
        ],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return AirFreight(_exactly(input.freight_mass_kg), _exactly(input.distance_km))

        told = {
            "freight_mass_kg": format(input.freight_mass_kg, "f"),
            "distance_km": format(input.distance_km, "f"),
        }
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(
        description="Estimates the emissions of a journey by road. A retry with the same idempotency key and input "
        "returns the existing estimate. A retry without a key creates another estimate."
    )
    async def create_ground_transport_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateGroundTransportEstimateInput,
            strawberry.argument(description="Journey by road whose emissions are estimated."),
        ],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return GroundTransport(_exactly(input.distance_km), input.vehicle_type)

        told = {"distance_km": format(input.distance_km, "f"), "vehicle_type": input.vehicle_type.value}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(
        description="Stores emissions that the caller calculated as an estimate. A retry with the same idempotency key "
        "and input returns the existing estimate. A retry without a key creates another estimate."
    )
    async def create_mass_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateMassEstimateInput, strawberry.argument(description="Emissions to store as an estimate.")
        ],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return PlainMass(at(["mass", "amount"], input.mass.grams))

        told = {"amount": format(input.mass.amount, "f"), "unit": input.mass.unit.value}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(
        description="Quotes credits for the emissions of an estimate, at prices that are fixed until the quote "
        "expires. Nothing is owed for a quote. Credits are set aside only if `hold` is true. A retry creates another "
        "quote."
    )
    async def quote_by_estimate(
        self,
        info: Info,
        input: Annotated[
            QuoteByEstimateInput, strawberry.argument(description="Estimate to quote, and the bundles to buy.")
        ],
    ) -> QuotePayload | None:
        try:
            info.context.caller.require(Scope.ORDERS_WRITE)
            order_request = await estimate_request(info.context, input, input.estimate_id, input.currency)
        except Refused as refusal:
            return refused_quote(refusal, input)
        return await quote(info.context, lambda: order_request, input)

    @strawberry.mutation(
        description="Orders credits for the emissions of an estimate. Each estimate can be ordered once. A retry with "
        "the same idempotency key and input returns the existing order in its present state."
    )
    async def create_order_by_estimate(
        self,
        info: Info,
        input: Annotated[
            CreateOrderByEstimateInput, strawberry.argument(description="Estimate to order, and the bundles to buy.")
        ],
    ) -> CreateOrderPayload | None:
        try:
            info.context.caller.require(Scope.ORDERS_WRITE)
            order_request = await estimate_request(info.context, input, input.estimate_id, input.currency)
        except Refused as refusal:
            return refused_order(refusal, input)
        return await place(info.context, lambda: order_request, input)


def _exactly(amount: Decimal) -> Fraction:
    return parse_decimal(format(amount, "f"))


async def _estimate(
    context: Context, given: _Estimate, activity: Callable[[], Activity], told: dict[str, Any]
) -> CreateEstimatePayload:
    try:
        recorded = await create_estimate(context.resources, context.caller, given.command(context, activity(), told))
    except Refused as refusal:
        return CreateEstimatePayload(estimate=None, replayed=False, user_errors=[user_error(refusal, given)])
    return CreateEstimatePayload(estimate=estimate_of(recorded.estimate), replayed=recorded.replayed, user_errors=[])
