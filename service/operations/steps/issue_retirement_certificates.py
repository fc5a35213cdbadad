"""A step that verbs share: the retirement certificates of complete orders whose credits registries show as retired.

They are stored in the transaction that records the last entry of an order, or that completes the order afterwards, with
the order's event. A correction after which an order is still covered creates another version; earlier versions do not
change.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from service.domain.certificate import Interval, IssuedCertificate
from service.domain.events import EventRecorder, EventType
from service.domain.order import Order
from service.domain.registry_evidence import (
    RetirementCertificate,
    covers,
    evidence_of,
    retired_in,
    retirement_certificate,
    states,
)
from service.storage import batches, registry_retirements
from service.storage.database import Statements


async def issue_retirement_certificates(
    statements: Statements,
    recorder: EventRecorder,
    complete: Mapping[UUID, Order],
    certificates: Sequence[IssuedCertificate],
    *,
    now: datetime,
) -> None:
    """Store retirement certificates for complete orders of one account that need one, and record their events.
    `certificates` are the orders' first certificates. The account's head and the batches must be locked.
    """
    retired = {each.order_id: retired_in(orjson.loads(each.facts)) for each in certificates}
    intervals: dict[UUID, list[Interval]] = defaultdict(list)
    for of_order in retired.values():
        for batch_id, parts in of_order.items():
            intervals[batch_id] += parts
    entries = await registry_retirements.valid_of_batches(statements, intervals)
    if not entries:
        return
    account_id = certificates[0].account_id
    latest = await registry_retirements.latest_certificates(statements, account_id, list(retired))
    found = await batches.of_any_mode(statements, list(intervals))
    issued: list[RetirementCertificate] = []
    for certificate in certificates:
        of_order, last = retired[certificate.order_id], latest.get(certificate.order_id)
        evidence = evidence_of(certificate.order_id, of_order, entries)
        if not covers(evidence, of_order) or (last is not None and states(last, evidence)):
            continue
        version = 1 if last is None else last.version + 1
        issued.append(retirement_certificate(certificate, evidence, found, version=version, now=now))
    for each in issued:
        order = complete[each.order_id]
        recorder.record_order(
            order,
            EventType.ORDER_RETIREMENT_RECORDED,
            retired_g=order.retired_g,
            certificate_number=each.number,
        )
    if await registry_retirements.CERTIFICATES.insert(statements, issued) != len(issued):
        raise RuntimeError("a retirement certificate was issued twice under its account's lock")
