"""schemathesis, from an environment of its own, against a running service that is loaded with the demo: no document
that the schema allows may be answered with a fault, and a REST contract answers nothing that its OpenAPI document does
not describe.

    python -m tests.fuzz.run path/to/schemathesis [--examples 100] [--api lune …] [--seed N] [--database-url URL]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

from service.api.rest.contracts import CONTRACTS
from service.domain.api_keys import Scope
from tests.server import ROOT, environment_of, running

GRAPHQL = "graphql"
CONFORMS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
TOLD_AS = {
    "id": ("id", "_id"),
    "after": ("id",),
    "starting_after": ("_id",),
    "ending_before": ("_id",),
    "ordersIds": ("id",),
    "portfolioId": ("portfolio",),
    "portfolio_id": ("portfolio",),
    "bundle_portfolio_id": ("bundle_portfolio_id",),
    "bundle_id": ("bundle_id",),
    "idempotency_key": ("idempotency_key",),
}
"""By the name of a parameter or a member of a request, the members of answers that fit there."""
WORDS: dict[str, list[Any]] = {
    "percentage": [None, 50, "50.00", 100],
    "currency": ["GBP", "USD"],
    "targetCurrency": ["BRL", "USD", "brl"],
    "country_code": ["GBR", "BRA"],
    "resource": ["orders", "invoices"],
    "sort-by": ["createdAt_desc", "status_asc", "vcuUnitPrice_desc", "vcuAmount_asc"],
    "filter-by": ["status_in:Issued-Paid~vcuAmount_ge:20", "totalPrice_gt:10", "vcuUnitPrice_lt:90000000000000000000"],
    "freight_mass_kg": [1, 0.5, 10**9],
    "distance_km": [1, 1234.5, 10**6],
    "grant_type": ["client_credentials"],
    "Lune-Version": ["2024-08-08"],
    "mass": [{"amount": "1.5", "unit": "kg"}],
    "bundle_masses": [None],
    "amount_kg": [1, 25],
    "total_price_sar_halalas": [None],
    "callbackUrl": ["https://example.com/orders"],
    "metadata": [{}, {"purchase": "Nr. 1"}],
    "consumption": [{"amount": "12.5", "unit": "kWh"}],
    "route": [{"source": "LHR", "destination": "GRU"}, {"amount": "800", "unit": "mi"}],
    "vcuAmount": [1, 0.0015, 3],
}
"""What only somebody who knows the fields would write there."""
UNLIMITED = {
    f"{name}_per_s": 10**6
    for name in ("lune_requests", "carbon_engine_reads", "carbon_engine_writes", "carbonext_requests")
}


def command(database_url: str, *words: str) -> str:
    """What a command of the service prints."""
    arguments = [sys.executable, "-m", "service", *words]
    done = subprocess.run(arguments, cwd=ROOT, env=environment_of(database_url), check=True, capture_output=True)
    return done.stdout.decode()


def key_of(database_url: str, contract: str) -> tuple[str, str]:
    """A key that may do everything, to the demo's live account of the contract, and the account's id."""
    account_id = next(
        each["id"] for each in json.loads(command(database_url, "account", "list", "--json"))
        if (each["contract"], each["mode"]) == (contract, "live")
    )  # fmt: skip
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    return command(database_url, "key", "create", account_id, "--name", "fuzz", *scopes).strip(), account_id


def known(url: str, api: str, key: str, account_id: str) -> dict[str, list[Any]]:
    """What may stand in requests to the api, from the lists that it answers."""
    told: dict[str, set[str]] = defaultdict(set)
    for endpoint in next((each.endpoints for each in CONTRACTS if each.name == api), ()):
        if endpoint.method == "GET" and "{" not in endpoint.path:
            asked = Request(f"{url}/{api}{endpoint.path}", headers={"Authorization": f"Bearer {key}"})
            with urlopen(asked) as answer:
                gather(json.load(answer), told)
    found = {name: [text for each in sources for text in sorted(told[each])] for name, sources in TOLD_AS.items()}
    own = {"client_id": [key.split("_")[2]], "client_secret": [key], "Lune-Account": [UUID(account_id).hex]}
    every: dict[str, list[Any]] = {**found, **WORDS, **own}
    return {name: values for name, values in every.items() if values}


def gather(answer: Any, into: dict[str, set[str]]) -> None:
    """The texts of the answer by the names of their members."""
    if isinstance(answer, list):
        for each in answer:
            gather(each, into)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if isinstance(value, str):
                into[name].add(value)
            gather(value, into)


def aim(url: str, api: str) -> list[str]:
    """What is read of the api, and what has to hold of its answers."""
    if api == GRAPHQL:
        return [f"{url}/graphql", "--checks", "not_a_server_error", "--phases", "fuzzing"]
    return [
        *(f"{url}/{api}/openapi.json", "--url", f"{url}/{api}"),
        *("--checks", CONFORMS, "--phases", "examples,coverage,fuzzing,stateful"),
    ]


def main() -> int:
    apis = [GRAPHQL, *(contract.name for contract in CONTRACTS)]
    parser = argparse.ArgumentParser()
    parser.add_argument("schemathesis", type=Path)
    parser.add_argument("--examples", default="100")
    parser.add_argument("--api", choices=apis, action="append")
    parser.add_argument("--seed")
    parser.add_argument("--database-url")
    told = parser.parse_args()
    schemathesis = told.schemathesis.absolute()  # it is started from a folder of its own
    with tempfile.TemporaryDirectory() as folder:
        database_url = told.database_url or f"sqlite://{folder}/orders.sqlite3"
        command(database_url, "demo", "--orders", "200")
        faulty = []
        with running(database_url, **UNLIMITED) as url:
            for api in told.api or apis:
                key, account_id = key_of(
                    database_url, "lune" if api == GRAPHQL else api
                )  # its orders are the most varied
                arguments = [
                    *(schemathesis, "run", *aim(url, api), "--header", f"Authorization: Bearer {key}"),
                    *("--max-examples", told.examples, "--continue-on-failure", "--no-color"),
                    *(("--seed", told.seed) if told.seed else ()),
                ]
                hooked = {
                    **(
                        os.environ
                        | {"PYTHONPATH": str(ROOT), "FUZZ_KNOWN": json.dumps(known(url, api, key, account_id))}
                    ),
                    "SCHEMATHESIS_HOOKS": "tests.fuzz.scalars" if api == GRAPHQL else "tests.fuzz.known",
                }
                if subprocess.run(arguments, cwd=folder, env=hooked, check=False).returncode:
                    faulty.append(api)
    return len(faulty)


if __name__ == "__main__":
    sys.exit(main())
