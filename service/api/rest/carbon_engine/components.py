"""Names of the models in the OpenAPI document, from which generated clients name their types.

The names stay, whatever the classes are called.
"""

from collections.abc import Mapping
from typing import Any

from service.api.rest.carbon_engine.errors import Problem
from service.api.rest.carbon_engine.models import (
    Invoice,
    ListQuery,
    NewOrder,
    OrderView,
    ProjectRecord,
    QuoteByAirFreight,
    QuoteByGroundTransport,
    QuoteByMass,
    QuoteView,
)

COMPONENTS: Mapping[Any, str] = {
    Problem: "Problem",
    NewOrder: "NewOrder",
    OrderView: "OrderView",
    ProjectRecord: "ProjectRecord",
    Invoice: "Invoice",
    ListQuery: "ListQuery",
    QuoteByMass: "QuoteByMass",
    QuoteView: "QuoteView",
    QuoteByAirFreight: "QuoteByAirFreight",
    QuoteByGroundTransport: "QuoteByGroundTransport",
}
