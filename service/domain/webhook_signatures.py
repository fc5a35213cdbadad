"""Signatures of webhook requests: Standard Webhooks 1.0, and the header `Lune-HMAC`."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook

PREFIX = "whsec_"


def secret_text(bits: bytes) -> str:
    """Return a secret in the text form that is shown once to its holder."""
    return PREFIX + base64.b64encode(bits).decode()


def standard_headers(secrets: Sequence[str], message_id: UUID, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0, signed under each of the secrets."""
    signatures = [Webhook(each).sign(str(message_id), now, body.decode()) for each in secrets]
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def lune_headers(secrets: Sequence[str], organisation_id: UUID, now: datetime, body: bytes) -> dict[str, str]:
    """Return the header `Lune-HMAC`: HMAC-SHA256 of the timestamp, a point and the body, in base64."""
    timestamp = str(int(now.timestamp()))
    signed = timestamp.encode() + b"." + body
    values = [base64.b64encode(hmac.digest(each.encode(), signed, "sha256")).decode() for each in secrets]
    signatures = ",".join(f"v1={value}" for value in values)
    return {"Lune-HMAC": f"timestamp={timestamp},organisation={organisation_id.hex},{signatures}"}
