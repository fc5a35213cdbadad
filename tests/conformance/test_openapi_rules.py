"""The OpenAPI documents under the recommended rules of Redocly and all rules of Spectral, without a warning.

Seen to fail when: an operation loses its description; an example does not fit its schema; a tag is not declared.
"""

import copy
import json
from pathlib import Path
from typing import Any

from service.api.rest.contracts import CONTRACTS
from service.api.rest.openapi import openapi_document
from tests.conformance.conftest import Script

ADDRESS = "https://orders.company.test"


def linted(script: Script, folder: Path, documents: dict[str, Any]) -> str:
    files = [folder / f"{name}.json" for name in documents]
    for file, document in zip(files, documents.values(), strict=True):
        file.write_text(json.dumps(document))
    done = script("openapi.mjs", *files)
    assert done.stderr == ""
    return done.stdout


def test_linters_find_nothing(script: Script, tmp_path: Path):
    documents = {contract.name: openapi_document(contract, ADDRESS) for contract in CONTRACTS}

    assert linted(script, tmp_path, documents) == ""


def test_linters_find_what_is_planted(script: Script, tmp_path: Path):
    document = openapi_document(CONTRACTS[0], ADDRESS)
    broken: dict[str, Any] = {}
    for name in ("wordless", "misfitting", "untagged"):
        broken[name] = copy.deepcopy(document)
    order = "/v1/orders/by-mass"
    del broken["wordless"]["paths"][order]["post"]["description"]
    broken["misfitting"]["paths"][order]["post"]["requestBody"]["content"]["application/json"]["example"] = {"mass": 3}
    broken["untagged"]["paths"][order]["post"]["tags"] = ["Other"]

    found = linted(script, tmp_path, broken)

    assert {line.partition(".json: ")[0].rpartition("/")[2] for line in found.splitlines()} == set(broken)
