"""Signatures of webhooks, verified by the library of Standard Webhooks for Node.

Seen to fail when: the body is signed in another spelling than it is sent in.
"""

import json
from datetime import timedelta
from uuid import UUID

from service.domain.webhook_signatures import secret_text, standard_headers
from service.kit.clock import system_clock
from tests.conformance.conftest import Script

OLD, NEW = secret_text(b"o" * 32), secret_text(b"n" * 32)
BODY = '{"type":"order.placed","data":{"reference":"Ünïcode — ✓"}}'


def test_node_verifies_each_secret_and_refuses_others(script: Script):
    headers = standard_headers([NEW, OLD], UUID(int=7), system_clock(), BODY.encode())
    for secret in (OLD, NEW):
        done = script("verify.mjs", secret, json.dumps(headers), BODY)
        assert (done.stdout.strip(), done.returncode) == ("order.placed", 0)

    other = script("verify.mjs", secret_text(b"x" * 32), json.dumps(headers), BODY)
    changed = script("verify.mjs", NEW, json.dumps(headers), BODY + " ")
    late = standard_headers([NEW], UUID(int=7), system_clock() - timedelta(minutes=6), BODY.encode())
    assert [done.returncode for done in (other, changed, script("verify.mjs", NEW, json.dumps(late), BODY))] == [
        1,
        1,
        1,
    ]
