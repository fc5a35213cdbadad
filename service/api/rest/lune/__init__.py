"""The Lune contract: carbon offsets ordered by mass, by value or for an estimate, with accounts, bundles and estimates.

Lune's names, formats and rules are in this package alone; every call is one of the service's own operations.
"""

from pathlib import Path

from service.api.rest.contract import Contract
from service.api.rest.lune.accounts import ENDPOINTS as ACCOUNTS
from service.api.rest.lune.bundles import ENDPOINTS as BUNDLES
from service.api.rest.lune.caller import answer_headers, authenticate
from service.api.rest.lune.components import COMPONENTS
from service.api.rest.lune.errors import MEMBERS, Errors, refusal
from service.api.rest.lune.estimates import ENDPOINTS as ESTIMATES
from service.api.rest.lune.logos import ENDPOINTS as LOGOS
from service.api.rest.lune.orders import ENDPOINTS as ORDERS
from service.api.rest.lune.projects import ENDPOINTS as PROJECTS
from service.api.rest.lune.selections import ENDPOINTS as SELECTIONS
from service.api.rest.lune.sustainability_pages import ENDPOINTS as SUSTAINABILITY_PAGES
from service.api.rest.lune.webhooks import ENDPOINTS as WEBHOOKS
from service.api.rest.reference_texts import read_texts

CONTRACT = Contract(
    name="lune",
    title="Orders, Lune API",
    description="Quotes, orders and certificates of carbon credits in the formats of Lune's API. Masses and money are "
    "decimal strings. Every member of a response is present, with null where there is no value. Each idempotency key "
    "can be used once.",
    version="2024-08-08",
    endpoints=(
        *(*ORDERS, *ESTIMATES, *BUNDLES, *PROJECTS, *SELECTIONS),
        *(*ACCOUNTS, *LOGOS, *SUSTAINABILITY_PAGES, *WEBHOOKS),
    ),
    components=COMPONENTS,
    texts=read_texts(Path(__file__).parent),
    members=MEMBERS,
    error_model=Errors,
    refusal=refusal,
    authenticate=authenticate,
    headers=answer_headers,
)
