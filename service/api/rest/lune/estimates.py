"""Endpoints that estimate electricity and flights, with a quote for the mass; each estimate can be ordered once."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert, to_builtins

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.errors import invalid, refusal
from service.api.rest.lune.ids import uuid_or_none
from service.api.rest.lune.models import KEY_LENGTH_MAX, Choice, DecimalText, Id, Key, Metadata
from service.api.rest.lune.requests import metadata, selection, step
from service.api.rest.lune.views import quote_view
from service.domain.amounts import MassUnit, mass_text, parse_decimal
from service.domain.estimate import (
    Activity,
    AirportPair,
    CabinClass,
    Distance,
    DistanceUnit,
    Electricity,
    EnergyUnit,
    Flight,
)
from service.domain.order import ByMass, OrderRequest
from service.domain.recorded_estimate import KINDS, CreateEstimate, RecordedEstimate
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations.create_estimate import create_estimate
from service.operations.price_order import price_order
from service.operations.read_estimates import estimates_of_ids

_KEPT_APART = frozenset({"metadata", "idempotency_key"})


class Consumption(Struct):
    """Electricity used: `amount` is a decimal string, `unit` is Wh, kWh, MWh or GWh."""

    amount: DecimalText
    unit: Literal["Wh", "kWh", "MWh", "GWh"]


class EstimateRequest(Choice, kw_only=True):
    """Members of every estimate request; bundles and step are those of its quote."""

    name: str | None = None
    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class ElectricityRequest(EstimateRequest, kw_only=True):
    """Electricity that was used. The country is an ISO 3166-1 code of two or three letters. By default the average of
    the world's grids is used.
    """

    consumption: Consumption
    country_code: Annotated[str, Meta(pattern=r"^[A-Z]{2,3}\Z")] | None = None


class Route(Struct, kw_only=True):
    """Route of a flight: a distance or two airports. A great-circle distance has `amount`, a decimal string, and
    `unit`: km, mi or nm. Two airports are given by IATA or ICAO code in `source` and `destination`.
    """

    amount: DecimalText | None = None
    unit: Literal["km", "mi", "nm"] | None = None
    source: str | None = None
    destination: str | None = None


class FlightRequest(EstimateRequest, kw_only=True):
    """A one-way flight. The number of passengers is 1 to 1,000,000, by default 1. All passengers fly in the same cabin,
    by default economy.
    """

    route: Route
    passengers: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    cabin_class: Literal["economy", "premium_economy", "business", "first"] | None = None


class EstimatedMass(Struct):
    """Emissions of the activity: `amount` is a decimal string in `unit`."""

    amount: DecimalText
    unit: Literal["mg", "g", "kg", "t"]


Quote = Annotated[
    # msgspec does not support a union of plain structs. This type is only written; the OpenAPI document declares it.
    Any,
    Meta(extra_json_schema={"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("QuoteView", "Errors")]}),
]


class EstimateView(Struct, kw_only=True):
    """An estimate. `quote` is the price of the mass, or an error object if the mass cannot be priced. `request` is the
    request as the caller sent it.
    """

    id: Id
    mass: EstimatedMass
    quote: Quote
    request: dict[str, Any]
    metadata: Metadata
    idempotency_key: str | None


async def create_electricity_estimate(call: Call[ElectricityRequest, None]) -> Answer:
    used = call.body.consumption
    activity = Electricity(parse_decimal(used.amount), EnergyUnit(used.unit), call.body.country_code)
    return await _estimate(call, call.body, activity)


async def get_electricity_estimate(call: Call[None, None]) -> Answer:
    estimate_id = uuid_or_none(call.path["id"])
    resources = call.context.resources
    found = await estimates_of_ids(resources, call.caller, [estimate_id] if estimate_id else [])
    electricity = [each for each in found.values() if each.activity_kind == KINDS[Electricity]]
    if not electricity:
        raise Refused(Code.NOT_FOUND, "There is no such estimate of electricity in this account.")
    (estimate,) = electricity
    return Answer(_view(estimate, await _quote(call, _order_of(estimate))))


def _order_of(estimate: RecordedEstimate) -> OrderRequest:
    """Return the order request for the estimate's mass. If this API created the estimate, it has the bundles of that
    request.
    """
    try:
        body = convert(estimate.activity, ElectricityRequest)
    except ValidationError:
        return OrderRequest(ask=ByMass(estimate.mass_g))
    return OrderRequest(ask=ByMass(estimate.mass_g), selection=selection(body.bundle_selection), step=step(body))


async def create_flight_estimate(call: Call[FlightRequest, None]) -> Answer:
    cabin = CabinClass(call.body.cabin_class or "economy")
    return await _estimate(call, call.body, Flight(_route(call.body.route), call.body.passengers, cabin))


def _route(route: Route) -> Distance | AirportPair:
    if route.amount is not None and route.unit is not None and route.source is None and route.destination is None:
        return Distance(parse_decimal(route.amount), DistanceUnit(route.unit))
    if route.source is not None and route.destination is not None and route.amount is None and route.unit is None:
        return AirportPair(route.source, route.destination)
    raise invalid("validation_error", "Give either amount and unit, or source and destination.", "route")


async def _estimate(call: Call[object, object], body: EstimateRequest, activity: Activity) -> Answer:
    bundles, resources = selection(body.bundle_selection), call.context.resources
    command = CreateEstimate(
        estimate_id=resources.new_id(),
        activity=activity,
        told={name: told for name, told in to_builtins(body).items() if told is not None and name not in _KEPT_APART},
        name=None if body.name is None else kept_text(body.name, NAME_LENGTH_MAX, "name", required=False),
        metadata=metadata(body.metadata),
        idempotency_key=None
        if body.idempotency_key is None
        else kept_text(body.idempotency_key, KEY_LENGTH_MAX, "idempotency_key"),
    )
    try:
        recorded = await create_estimate(resources, call.caller, command)
    except Refused as refused:
        raise _reused() if refused.code is Code.IDEMPOTENCY_KEY_REUSED else refused from None
    if recorded.replayed:
        raise _reused()
    order_request = OrderRequest(ask=ByMass(recorded.estimate.mass_g), selection=bundles, step=step(body))
    return Answer(_view(recorded.estimate, await _quote(call, order_request)))


async def _quote(call: Call[object, object], order_request: OrderRequest) -> Struct:
    try:
        return await quote_view(
            call, order_request, await price_order(call.context.resources, call.caller, order_request)
        )
    except Refused as refused:
        if refused.code is Code.UNAVAILABLE:
            raise
        _, errors = refusal(refused, "")
        return errors


def _reused() -> Refused:
    return Refused(
        Code.IDEMPOTENCY_KEY_REUSED,
        "An estimate was already created with this idempotency key.",
        ("idempotency_key",),
        error_code="estimate_idempotency_already_exists",
    )


def _view(estimate: RecordedEstimate, quote: Struct) -> EstimateView:
    return EstimateView(
        id=estimate.id.hex,
        mass=EstimatedMass(mass_text(estimate.mass_g, MassUnit.TONNE), "t"),
        quote=quote,
        request=estimate.activity,
        metadata=estimate.metadata,
        idempotency_key=estimate.idempotency_key,
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/estimates/electricity",
        operation_id="create_electricity_estimate",
        summary="Estimate the emissions of electricity.",
        handler=create_electricity_estimate,
        body=ElectricityRequest,
        responses={200: EstimateView},
        refusals=frozenset({409}),
        request_headers=("Lune-Account", "Lune-Version"),
    ),
    Endpoint(
        method="GET",
        path="/v1/estimates/electricity/{id}",
        operation_id="get_electricity_estimate",
        summary="Get an estimate of electricity, with a quote at the present price.",
        handler=get_electricity_estimate,
        responses={200: EstimateView},
        refusals=frozenset({404}),
        request_headers=("Lune-Account", "Lune-Version"),
    ),
    Endpoint(
        method="POST",
        path="/v1/estimates/flight",
        operation_id="create_flight_estimate",
        summary="Estimate the emissions of a flight.",
        handler=create_flight_estimate,
        body=FlightRequest,
        responses={200: EstimateView},
        refusals=frozenset({409}),
        request_headers=("Lune-Account", "Lune-Version"),
    ),
)
