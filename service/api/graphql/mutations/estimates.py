"""Mutations that turn an activity into emissions, and emissions into a quote or an order."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.fault_paths import at
from service.api.graphql.inputs.orders import ChoiceInput, CommandInput, QuoteCommandInput
from service.api.graphql.mutations.orders import CreateOrderPayload, place, refused_order
from service.api.graphql.mutations.quotes import QuotePayload, quote, refused_quote
from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import MassInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.estimate import Estimate, estimate_of
from service.api.graphql.types.node import parse_id
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
from service.domain.order import ByMass, OrderRequest
from service.domain.recorded_estimate import CreateEstimate
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations.create_estimate import create_estimate
from service.operations.read_estimates import estimates_of_ids


@strawberry.input
class _Estimate:
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Chosen by the caller, 1 to 512 characters: a retry with the same key and input answers the same "
        "estimate. Without it a retry makes another.",
    )
    name: str | None = strawberry.field(default=None, description="What you call it: up to 200 characters.")
    metadata: Metadata | None = strawberry.field(default=None, description="Your own data, kept and shown.")

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


@strawberry.input(description="Electricity that was used.")
class CreateElectricityEstimateInput(_Estimate):
    amount: Decimal = strawberry.field(description="How much: a decimal string.")
    unit: EnergyUnit = strawberry.field(description="The unit of the amount.")
    country: str | None = strawberry.field(
        default=None,
        description="Country in which the electricity was used: ISO 3166-1, two or three capital letters, such as `GB` "
        "or `GBR`. Without it the world's average grid is taken.",
    )


@strawberry.input(description="A distance.")
class DistanceInput:
    amount: Decimal = strawberry.field(description="How far: a decimal string.")
    unit: DistanceUnit = strawberry.field(description="The unit of the amount.")


@strawberry.input(description="Two airports.")
class AirportPairInput:
    origin: str = strawberry.field(
        description="Airport of departure: its IATA code, such as `LHR`, or its ICAO code, such as `EGLL`."
    )
    destination: str = strawberry.field(description="Airport of arrival: its IATA or ICAO code.")


@strawberry.input(one_of=True, description="One leg of a flight, from take-off to landing; give exactly one.")
class FlightLegInput:
    distance: DistanceInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Great-circle distance, without a detour: the factors include it. Below 483 km it counts as a "
        "domestic flight, above as an international one.",
    )
    airports: AirportPairInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Airports of departure and arrival. Their countries decide between domestic, short-haul, long-haul "
        "and international.",
    )

    def leg(self) -> Leg:
        if isinstance(self.distance, DistanceInput):
            return Distance(_exactly(self.distance.amount), self.distance.unit)
        if isinstance(self.airports, AirportPairInput):
            return AirportPair(self.airports.origin, self.airports.destination)
        raise Refused(Code.BAD_USER_INPUT, "Give a distance or two airports.", ("route",))

    def told(self) -> dict[str, Any]:
        """Return the members that are stored and fingerprinted: names that no renaming may change."""
        if isinstance(self.distance, DistanceInput):
            return {"amount": format(self.distance.amount, "f"), "unit": self.distance.unit.value}
        if isinstance(self.airports, AirportPairInput):
            return {"origin": self.airports.origin, "destination": self.airports.destination}
        return {}


@strawberry.input(one_of=True, description="Route of a flight, one way; give exactly one.")
class FlightRouteInput(FlightLegInput):
    legs: list[FlightLegInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Legs of a flight with stops, 1 to 20, each counted by a factor of its own. Together they are at "
        "most 1,000,000 km.",
    )

    def route(self) -> Leg | Legs:
        if isinstance(self.legs, list):
            return Legs(tuple(leg.leg() for leg in self.legs))
        return self.leg()

    def told(self) -> dict[str, Any]:
        if isinstance(self.legs, list):
            return {"legs": [leg.told() for leg in self.legs]}
        return super().told()


@strawberry.input(description="A flight, one way.")
class CreateFlightEstimateInput(_Estimate):
    route: FlightRouteInput = strawberry.field(description="Route of the flight.")
    passengers: int = strawberry.field(default=1, description="Number of passengers, 1 to 1,000,000; 1 by default.")
    cabin_class: CabinClass = strawberry.field(
        default=CabinClass.ECONOMY,
        description="Cabin of all passengers, on all legs; `ECONOMY` by default. Where the table has no figure for it, "
        "the next more spacious cabin of the table counts.",
    )

    def flight(self) -> Flight:
        return Flight(self.route.route(), self.passengers, self.cabin_class)


@strawberry.input(description="Goods that were flown.")
class CreateAirFreightEstimateInput(_Estimate):
    freight_mass_kg: Decimal = strawberry.field(description="The mass of the goods in kilograms: a decimal string.")
    distance_km: Decimal = strawberry.field(description="How far, in kilometres: a decimal string.")


@strawberry.input(description="A road vehicle that was driven.")
class CreateGroundTransportEstimateInput(_Estimate):
    distance_km: Decimal = strawberry.field(description="How far, in kilometres: a decimal string.")
    vehicle_type: VehicleType = strawberry.field(description="What was driven; whoever is aboard does not matter.")


@strawberry.input(description="Emissions that you have worked out yourself.")
class CreateMassEstimateInput(_Estimate):
    mass: MassInput = strawberry.field(description="The emissions.")


@strawberry.input(description="What to quote: an estimate's emissions.")
class QuoteByEstimateInput(QuoteCommandInput, ChoiceInput):
    estimate_id: strawberry.ID = strawberry.field(description="The estimate.")
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency to pay in: ISO 4217; the account's without it."
    )


@strawberry.input(description="An order for an estimate's emissions.")
class CreateOrderByEstimateInput(CommandInput, ChoiceInput):
    estimate_id: strawberry.ID = strawberry.field(description="The estimate; it can be ordered once.")
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency to pay in: ISO 4217; the account's without it."
    )


@strawberry.type(description="What came of an estimate.")
class CreateEstimatePayload:
    estimate: Estimate | None = strawberry.field(description="The estimate; null if it was refused.")
    replayed: bool = strawberry.field(description="Whether it stood before: the key had been used for this input.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is an estimate.")


@strawberry.type
class EstimateMutations:
    @strawberry.mutation(description="Estimates the emissions of electricity. A retry with the same key is the same.")
    async def create_electricity_estimate(
        self,
        info: Info,
        input: Annotated[CreateElectricityEstimateInput, strawberry.argument(description="The activity.")],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return Electricity(_exactly(input.amount), input.unit, input.country)

        told = {"amount": format(input.amount, "f"), "unit": input.unit.value, "country": input.country}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(description="Estimates the emissions of a flight. A retry with the same key is the same.")
    async def create_flight_estimate(
        self,
        info: Info,
        input: Annotated[CreateFlightEstimateInput, strawberry.argument(description="The activity.")],
    ) -> CreateEstimatePayload | None:
        told = {
            "route": input.route.told(),
            "passengers": input.passengers,
            "cabin_class": input.cabin_class.value,
        }
        return await _estimate(info.context, input, input.flight, told)

    @strawberry.mutation(description="Estimates the emissions of air freight. A retry with the same key is the same.")
    async def create_air_freight_estimate(
        self,
        info: Info,
        input: Annotated[CreateAirFreightEstimateInput, strawberry.argument(description="The activity.")],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return AirFreight(_exactly(input.freight_mass_kg), _exactly(input.distance_km))

        told = {
            "freight_mass_kg": format(input.freight_mass_kg, "f"),
            "distance_km": format(input.distance_km, "f"),
        }
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(description="Estimates the emissions of a drive. A retry with the same key is the same.")
    async def create_ground_transport_estimate(
        self,
        info: Info,
        input: Annotated[CreateGroundTransportEstimateInput, strawberry.argument(description="The activity.")],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return GroundTransport(_exactly(input.distance_km), input.vehicle_type)

        told = {"distance_km": format(input.distance_km, "f"), "vehicle_type": input.vehicle_type.value}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(description="Keeps emissions that you worked out. A retry with the same key is the same.")
    async def create_mass_estimate(
        self,
        info: Info,
        input: Annotated[CreateMassEstimateInput, strawberry.argument(description="The activity.")],
    ) -> CreateEstimatePayload | None:
        def activity() -> Activity:
            return PlainMass(at(["mass", "amount"], input.mass.grams))

        told = {"amount": format(input.mass.amount, "f"), "unit": input.mass.unit.value}
        return await _estimate(info.context, input, activity, told)

    @strawberry.mutation(
        description="Quotes an estimate's emissions. Nothing is owed; credits are held if asked for. A retry makes "
        "another quote."
    )
    async def quote_by_estimate(
        self, info: Info, input: Annotated[QuoteByEstimateInput, strawberry.argument(description="What to quote.")]
    ) -> QuotePayload | None:
        try:
            order_request = await _order_request(info.context, input, input.estimate_id, input.currency)
        except Refused as refusal:
            return refused_quote(refusal, input)
        return await quote(info.context, lambda: order_request, input)

    @strawberry.mutation(
        description="Orders an estimate's emissions, once. A retry with the same key and input answers the same "
        "order, in its present state."
    )
    async def create_order_by_estimate(
        self, info: Info, input: Annotated[CreateOrderByEstimateInput, strawberry.argument(description="The order.")]
    ) -> CreateOrderPayload | None:
        try:
            order_request = await _order_request(info.context, input, input.estimate_id, input.currency)
        except Refused as refusal:
            return refused_order(refusal, input)
        return await place(info.context, lambda: order_request, input)


def _exactly(amount: Decimal) -> Fraction:
    return parse_decimal(format(amount, "f"))


async def _order_request(context: Context, choice: ChoiceInput, estimate_id: str, currency: str | None) -> OrderRequest:
    context.caller.require(Scope.ORDERS_WRITE)
    wanted = parse_id("Estimate", estimate_id, "estimateId")
    found = await estimates_of_ids(context.resources, context.caller, [wanted])
    if wanted not in found:
        raise Refused(Code.NOT_FOUND, "There is no such estimate.", ("estimateId",))
    return choice.order_request(ByMass(found[wanted].mass_g, wanted), currency)


async def _estimate(
    context: Context, given: _Estimate, activity: Callable[[], Activity], told: dict[str, Any]
) -> CreateEstimatePayload:
    try:
        recorded = await create_estimate(context.resources, context.caller, given.command(context, activity(), told))
    except Refused as refusal:
        return CreateEstimatePayload(estimate=None, replayed=False, user_errors=[user_error(refusal, given)])
    return CreateEstimatePayload(estimate=estimate_of(recorded.estimate), replayed=recorded.replayed, user_errors=[])
