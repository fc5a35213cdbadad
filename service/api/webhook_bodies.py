"""Writer of the bodies of webhooks in the forms of the REST APIs, for the worker that sends them.

Uses the views of the APIs; does not know the delivery.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.api.rest.carbon_engine.show import shown
from service.api.rest.context import ViewContext
from service.api.rest.contracts import CONTRACTS
from service.api.rest.lune.webhook_events import events_body
from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.domain.document_links import DocumentName
from service.domain.events import Event
from service.operations.read_orders import orders_of_ids
from service.operations.resources import Resources
from service.operations.send_deliveries import ACTOR

_READING = frozenset({Scope.ORDERS_READ, Scope.CATALOGUE_READ})
_ENCODERS = {contract.name: contract.encode for contract in CONTRACTS}


@dataclass(frozen=True, slots=True)
class _Context:
    resources: Resources
    public_address: str
    document_url: Callable[[DocumentName, int], str]


@dataclass(frozen=True, slots=True)
class _Call:
    context: ViewContext
    caller: Caller


class WebhookBodies:
    """Writer of orders in the form in which their account sees them."""

    def __init__(
        self, resources: Resources, *, public_address: str, document_url: Callable[[DocumentName, int], str]
    ) -> None:
        """`document_url` returns the address of a document or page, by the revision of its links."""
        self._context = _Context(resources, public_address, document_url)

    async def lune(self, account: Account, events: Sequence[Event]) -> bytes:
        """Return the body that carries these events of the account in Lune's form."""
        call = _Call(self._context, _reader(account))
        return _ENCODERS["lune"](await events_body(call, events))

    async def callback(self, account: Account, order_id: UUID) -> bytes:
        """Return the body that shows the account's order in carbon-engine's form, as it is now."""
        reader = _reader(account)
        order = (await orders_of_ids(self._context.resources, reader, [order_id]))[order_id]
        (view,) = await shown(self._context, reader, [order])
        return _ENCODERS["carbon-engine"](view)


def _reader(account: Account) -> Caller:
    return Caller(account=account, key_id=ACTOR, scopes=_READING, acts_for_client=True)
