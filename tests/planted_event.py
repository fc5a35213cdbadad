"""Program that declares an event type more, and prints where it is found then: see test_one_declaration.py.

Arguments: the address of a migrated database.
"""

import asyncio
import json
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType
from typing import Any

MODULE = "service.domain.event_types"
PLACE = "    ORDER_SUPPLIED = "
DECLARATION = """\
    ORDER_ADMIRED = (
        "order.admired",
        "Somebody admired an order.",
        (*_AMOUNTS, _text("admirer", "Name of the admirer.")),
        MailKind.ORDER_CONFIRMED,
    )
"""


class Planted(SourceFileLoader):
    """Loader that adds the declaration to the source of the module."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the changed source."""
        source = self.get_data(self.path).decode()
        if source.count(PLACE) != 1:
            raise RuntimeError("there is no place for the declaration")
        code: CodeType = compile(source.replace(PLACE, DECLARATION + PLACE), self.path, "exec")
        return code


class Finder(MetaPathFinder):
    """Finder of the module alone."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the specification with the loader."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == MODULE else None
        if spec is not None and spec.origin is not None:
            spec.loader = Planted(fullname, spec.origin)
        return spec


async def found(url: str) -> dict[str, Any]:
    """Record an event of the type in a shop, and return where it appears."""
    from docs.event_pages import event_schemas, events_page
    from service.domain.event_payloads import shown
    from service.domain.event_types import EventType
    from service.domain.events import EventRecorder
    from service.domain.mail import MailKind
    from service.operations.manage_webhooks import create_endpoint
    from service.operations.queue_deliveries import queue_deliveries
    from service.operations.queue_mails import queue_mails
    from service.operations.set_contacts import set_contacts
    from service.storage import accounts
    from service.storage.audit import CHECKS, find
    from service.storage.database import Database, Statements
    from service.storage.events import EVENTS
    from service.storage.mails import MAILS
    from service.storage.webhook_deliveries import DELIVERIES
    from tests.books import rows_of
    from tests.mails import contact
    from tests.shop import open_shop

    kind = EventType("order.admired")
    database = await Database.open(url)
    try:
        shop = await open_shop(database)
        await create_endpoint(shop.resources, shop.caller, url="https://hooks.example.com/a", event_types=[kind.value])
        await set_contacts(shop.resources, shop.caller, [contact("ada@customer.example", MailKind.ORDER_CONFIRMED)])
        order = await shop.place()

        async def admire(statements: Statements) -> None:
            head = (await accounts.lock_heads(statements, {order.account_id}))[order.account_id]
            seqs = {order.account_id: head.event_seq}
            recorder = EventRecorder(seqs, actor="test", now=shop.resources.clock(), new_id=shop.resources.new_id)
            recorder.record_order(order, kind, admirer="Ada")
            await EVENTS.insert(statements, recorder.events)
            await accounts.raise_heads(statements, recorder.event_seqs)

        await shop.resources.transact(admire)
        await queue_mails(shop.resources)
        await queue_deliveries(shop.resources)
        event = (await rows_of(database, EVENTS))[-1]
        return {
            "page": events_page(""),
            "schemas": json.loads(event_schemas()),
            "body": shown(event),
            "mails": sorted((mail.seq, mail.kind) for mail in await rows_of(database, MAILS)),
            "deliveries": [delivery.event_type for delivery in await rows_of(database, DELIVERIES)],
            "deviating": [check.id for check in CHECKS if (await find(database.reader, check))[1]],
        }
    finally:
        await database.close()


if __name__ == "__main__":
    sys.meta_path.insert(0, Finder())
    sys.stdout.write(json.dumps(asyncio.run(found(sys.argv[1]))))
