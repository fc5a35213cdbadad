"""Writers of all outgoing messages, for the background jobs of a process that has the service's secret."""

from service.api.mail_links import MailLinks
from service.api.webhook_bodies import WebhookBodies
from service.operations.resources import Resources
from service.workers.run import Writers


def outbound_writers(resources: Resources, links: MailLinks) -> Writers:
    """Return the writers; links in their messages are built by `links`."""
    return Writers(WebhookBodies(resources, public_address=links.public_address, document_url=links.document), links)
