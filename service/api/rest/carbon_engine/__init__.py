"""The carbon-engine contract: whole kilograms of carbon credits, paid in halalas, the hundredths of a Saudi riyal.

Its names, formats and rules are only in this package; every endpoint calls the service's operations. It has no currency
field, so it shows and finds only orders in riyals.
"""

from pathlib import Path

from service.api.rest.carbon_engine.components import COMPONENTS
from service.api.rest.carbon_engine.errors import MEMBERS, Problem, refusal
from service.api.rest.carbon_engine.orders import ENDPOINTS as ORDERS
from service.api.rest.carbon_engine.quotes import ENDPOINTS as QUOTES
from service.api.rest.contract import Contract
from service.api.rest.reference_texts import read_texts

CONTRACT = Contract(
    name="carbon-engine",
    title="Orders, carbon-engine API",
    description="Orders and quotes of carbon credits by the kilogram. Amounts of money are whole halalas (hundredths "
    "of a Saudi riyal); masses are kilograms as JSON numbers. Send an Idempotency-Key with each order: a retry with "
    "the same key and body returns the existing order.",
    version="1",
    endpoints=(*ORDERS, *QUOTES),
    components=COMPONENTS,
    texts=read_texts(Path(__file__).parent),
    members=MEMBERS,
    error_model=Problem,
    error_media_type="application/problem+json",
    refusal=refusal,
    decimals_are_numbers=True,
)
