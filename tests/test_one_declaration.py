"""A new type of event is in documentation, JSON Schemas, webhooks, mail and audit by its declaration alone.

Seen to fail when: one of these has a list of types of its own.
"""

import json
import subprocess
import sys

import jsonschema

from tests.server import ROOT


def test_a_type_of_event_that_is_declared_is_known_everywhere(sqlite_url: str):
    done = subprocess.run(
        [sys.executable, "-m", "tests.planted_event", sqlite_url], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert (
        "| `order.admired` | Somebody admired an order. |"
        " `mass`, `fulfilledMass`, `totalCost`, `paid`, `admirer` |\n" in found["page"]
    )
    assert (found["body"]["type"], found["body"]["data"]["admirer"]) == ("order.admired", "Ada")
    validator = jsonschema.Draft202012Validator(found["schemas"])
    validator.validate(found["body"])
    del found["body"]["data"]["admirer"]
    assert not validator.is_valid(found["body"])
    sequence = int(found["body"]["sequence"])
    assert [sequence, "order_confirmed"] in found["mails"]
    assert found["deliveries"] == ["order.admired"]
    assert found["deviating"] == []
