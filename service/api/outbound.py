"""Writers of all that leaves the service, for the background jobs of a process that has the service's secret."""

from datetime import timedelta

from service.api.mail_links import MailLinks
from service.api.webhook_bodies import WebhookBodies
from service.operations.resources import Resources
from service.workers.run import Writers


def outbound_writers(resources: Resources, public_address: str, pepper: bytes, documents_valid: timedelta) -> Writers:
    """Return the writers. Links to documents are valid for `documents_valid`."""
    return Writers(
        WebhookBodies(resources, public_address=public_address, pepper=pepper),
        MailLinks(public_address, pepper, documents_valid),
    )
