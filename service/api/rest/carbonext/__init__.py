"""The Carbonext contract: carbon credits by the tonne, in reais or dollars, with tokens got for an API key.

Its names, shapes and habits live in this package alone; every call is one of the service's own operations. It reads
JSON whatever its label and whatever the case of its names, because its documented calls send both.
"""

from service.api.rest.carbonext.components import COMPONENTS
from service.api.rest.carbonext.errors import MEMBERS, Problem, refusal
from service.api.rest.carbonext.filters import ENDPOINTS as FILTERS
from service.api.rest.carbonext.money import ENDPOINTS as MONEY
from service.api.rest.carbonext.orders import ENDPOINTS as ORDERS
from service.api.rest.carbonext.tokens import ENDPOINTS as TOKENS
from service.api.rest.carbonext.tokens import authenticate
from service.api.rest.contract import Contract

CONTRACT = Contract(
    name="carbonext",
    title="Orders, after Carbonext",
    description="Orders of carbon credits (VCU, one tonne each) in BRL or USD. The bearer is an API key, or a token got"
    " with the key's id as client_id and the key as client_secret.",
    version="1",
    endpoints=(*TOKENS, *ORDERS, *MONEY, *FILTERS),
    components=COMPONENTS,
    members=MEMBERS,
    error_model=Problem,
    error_media_type="application/problem+json",
    refusal=refusal,
    authenticate=authenticate,
    labelled_json=False,
    any_case=True,
    any_case_query=True,
    decimals_are_numbers=True,
)
