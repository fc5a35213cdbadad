"""What is asked for in an address that nobody would write: every no is the contract's own."""

import pytest

from service.api.rest.contract import Contract
from service.api.rest.contracts import CONTRACTS
from service.storage.database import Database
from tests.api.rest.client import assert_described, open_rest
from tests.shop import open_shop

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@every_contract
@pytest.mark.parametrize(
    "path", ["/v1/moon%0Abase", "/%0A", "/v1/orders/by-idempotency-key/a%0Ab", "/v1/%E2%80%A8/%0D"]
)
async def test_an_address_with_a_line_break_is_refused_in_the_contracts_words(
    contract: Contract, path: str, database: Database, database_url: str
) -> None:
    async with open_rest(contract.name, await open_shop(database), database_url) as rest:
        answer = await rest.http.get(contract.prefix + path, headers={"authorization": f"Bearer {rest.key}"})

    assert answer.status_code == 404
    assert_described(contract, "GET", "/no such address", answer)
