"""Endpoints that price a mass, air freight or a drive without an order. Nothing is stored."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from service.api.rest.bodies import exact
from service.api.rest.carbon_engine.ids import portfolio_of
from service.api.rest.carbon_engine.models import QuoteByAirFreight, QuoteByGroundTransport, QuoteByMass, QuoteView
from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.amounts import MassUnit, round_up
from service.domain.estimate import Activity, AirFreight, GroundTransport, VehicleType, estimate
from service.domain.order import ByMass, OrderRequest
from service.errors import Refused
from service.operations.price_order import price_order

CURRENCY = "SAR"
KILOGRAM_G = MassUnit.KILOGRAM.grams


async def quote_mass(call: Call[QuoteByMass, None]) -> Answer:
    return await _quote(call, call.body.amount_kg, portfolio_of(call.body), "amount_kg")


async def quote_air_freight(call: Call[QuoteByAirFreight, None]) -> Answer:
    activity = AirFreight(
        exact(call.body.freight_mass_kg, "freight_mass_kg"), exact(call.body.distance_km, "distance_km")
    )
    return await _quote(call, _whole_kilograms(activity), portfolio_of(call.body), "distance_km")


async def quote_ground_transport(call: Call[QuoteByGroundTransport, None]) -> Answer:
    activity = GroundTransport(exact(call.body.distance_km, "distance_km"), VehicleType(call.body.vehicle_type))
    return await _quote(call, _whole_kilograms(activity), portfolio_of(call.body), "distance_km")


async def _quote(call: Call[Any, None], amount_kg: int, portfolio_id: UUID | None, size: str) -> Answer:
    """Return the price of the mass; `size` is the member of the request that determines it."""
    order_request = OrderRequest(
        ask=ByMass(amount_kg * KILOGRAM_G), portfolio_id=portfolio_id, currency=CURRENCY, whole_mass=True
    )
    try:
        preview = await price_order(call.context.resources, call.caller, order_request)
    except Refused as refusal:
        if refusal.path == ("mass",):
            refusal.path = (size,)
        raise
    return Answer(QuoteView(amount_kg=amount_kg, price_sar_halalas=preview.pricing.total_cost_minor))


def _whole_kilograms(activity: Activity) -> int:
    """Return the emissions in kilograms, rounded up, so that an order of them offsets the whole activity."""
    return round_up(Fraction(estimate(activity).mass_g, KILOGRAM_G))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/quotes",
        operation_id="quote_mass",
        summary="Get the present price of a mass.",
        handler=quote_mass,
        body=QuoteByMass,
        responses={200: QuoteView},
        refusals=frozenset({404}),
    ),
    Endpoint(
        method="POST",
        path="/v1/quotes/air-freight",
        operation_id="quote_air_freight",
        summary="Get the present price for the emissions of air freight.",
        handler=quote_air_freight,
        body=QuoteByAirFreight,
        responses={200: QuoteView},
        refusals=frozenset({404}),
    ),
    Endpoint(
        method="POST",
        path="/v1/quotes/ground-transport",
        operation_id="quote_ground_transport",
        summary="Get the present price for the emissions of a drive.",
        handler=quote_ground_transport,
        body=QuoteByGroundTransport,
        responses={200: QuoteView},
        refusals=frozenset({404}),
    ),
)
