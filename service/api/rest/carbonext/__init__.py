"""The Carbonext contract: carbon credits by the tonne, in reais or dollars, with access tokens for API keys.

Its names, formats and rules are in this package alone; every call is one of the service's own operations. It reads JSON
whatever the content type, and member names whatever their case, because its documented calls use both.
"""

from pathlib import Path

from service.api.rest.carbonext.components import COMPONENTS
from service.api.rest.carbonext.errors import MEMBERS, Problem, refusal
from service.api.rest.carbonext.filters import ENDPOINTS as FILTERS
from service.api.rest.carbonext.money import ENDPOINTS as MONEY
from service.api.rest.carbonext.orders import ENDPOINTS as ORDERS
from service.api.rest.carbonext.tokens import ENDPOINTS as TOKENS
from service.api.rest.carbonext.tokens import authenticate
from service.api.rest.contract import Contract
from service.api.rest.reference_texts import read_texts

CONTRACT = Contract(
    name="carbonext",
    title="Orders, Carbonext API",
    description="Orders of carbon credits in BRL or USD, measured in VCU (one VCU is one tonne). Authenticate with an "
    "API key as bearer token, or with an access token that the token endpoint issues for client_id (the id of the key) "
    "and client_secret (the key itself).",
    version="1",
    endpoints=(*TOKENS, *ORDERS, *MONEY, *FILTERS),
    components=COMPONENTS,
    texts=read_texts(Path(__file__).parent),
    members=MEMBERS,
    error_model=Problem,
    error_media_type="application/problem+json",
    refusal=refusal,
    authenticate=authenticate,
    token_endpoint="get_token",  # noqa: S106 - the name of an endpoint
    labelled_json=False,
    any_case=True,
    any_case_query=True,
    decimals_are_numbers=True,
)
