"""schemathesis, from an environment of its own, against a running service that is loaded with the demo: no document
that the schema allows may be answered with a fault.

    python -m tests.fuzz.run path/to/schemathesis [--examples 100] [--seed N] [--database-url URL]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from service.domain.api_keys import Scope
from tests.server import ROOT, running, surroundings

HOOKS = "tests.fuzz.scalars"


def command(database_url: str, *words: str) -> str:
    """What a command of the service prints."""
    arguments = [sys.executable, "-m", "service", *words]
    done = subprocess.run(arguments, cwd=ROOT, env=surroundings(database_url), check=True, capture_output=True)
    return done.stdout.decode()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("schemathesis", type=Path)
    parser.add_argument("--examples", default="100")
    parser.add_argument("--seed")
    parser.add_argument("--database-url")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database_url = told.database_url or f"sqlite://{folder}/orders.sqlite3"
        command(database_url, "demo", "--orders", "200")
        customer = next(
            each["id"] for each in json.loads(command(database_url, "account", "list", "--json"))
            if (each["contract"], each["mode"]) == ("lune", "live")
        )  # fmt: skip
        scopes = [word for scope in Scope for word in ("--scope", scope.value)]
        key = command(database_url, "key", "create", customer, "--name", "fuzz", *scopes).strip()
        with running(database_url) as url:
            arguments = [
                *(told.schemathesis, "run", f"{url}/graphql", "--header", f"Authorization: Bearer {key}"),
                *("--checks", "not_a_server_error", "--phases", "fuzzing", "--max-examples", told.examples),
                *("--continue-on-failure", "--no-color", *(("--seed", told.seed) if told.seed else ())),
            ]
            hooked = {**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)}
            return subprocess.run(arguments, cwd=folder, env=hooked, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
