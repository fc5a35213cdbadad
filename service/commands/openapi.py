"""`carbon-orders openapi`: print the OpenAPI document of a REST contract as it is served."""

from service.api.rest.contracts import CONTRACTS
from service.api.rest.openapi import openapi_document
from service.commands import output
from service.commands.runtime import settings_given


def openapi(contract: str) -> None:
    """Print the contract's document; exit code 2 if there is no such contract."""
    documents = {each.name: each for each in CONTRACTS}
    if contract not in documents:
        output.fail(f"there is no contract {contract!r}; there are {', '.join(documents)}.", output.MISUSED)
    output.show_json(openapi_document(documents[contract], settings_given().public_address))
