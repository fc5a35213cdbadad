"""Inputs that receive, withdraw and reinstate credit batches (operators)."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.scalars import BigInt
from service.api.graphql.types.amounts import MassInput
from service.api.graphql.types.node import parse_id
from service.domain import supply
from service.domain.catalogue import Mode
from service.domain.serials.characters import RANGE_LENGTH_MAX, SERIAL_LENGTH_MAX
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_text
from service.errors import at


@strawberry.input(description="Batch of credits that a registry issued, to be taken into stock.")
class ReceiveCreditBatchInput:
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 200 characters without the blanks around it, once for each "
        "batch. A retry with the same reference and input returns the existing batch; the same reference with another "
        "input is refused."
    )
    project_id: strawberry.ID = strawberry.field(description="Id of the project that issued the credits.")
    mode: Mode = strawberry.field(
        description="Mode of the credits: LIVE for real credits, TEST for made-up credits that only test accounts can "
        "order."
    )
    vintage: int = strawberry.field(
        description="Vintage of the credits, 1990 to 2200: the year in which the emissions were avoided or removed. "
        "Credits of the oldest vintage are sold first."
    )
    mass: MassInput = strawberry.field(
        description="Mass that the registry issued: more than zero. One tonne is one credit."
    )
    serial_range: str | None = strawberry.field(
        default=None,
        description="Serial numbers of the batch as one text, written as the registry writes a range: at most 410 "
        "characters. The range must have one serial number for each tonne of `mass`, and must not overlap another "
        "batch of the same mode. Give either `serialRange`, or `firstSerial` and `lastSerial`. Only format CERCARBONO "
        "also allows all three: the series here, and the two numbers there.",
    )
    first_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the first credit in the batch, at most 200 characters. Requires `lastSerial`.",
    )
    last_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the last credit in the batch, at most 200 characters. Requires `firstSerial`. "
        "The two serial numbers must be of the same series, so that only their numbers differ.",
    )
    serial_form: SerialForm | None = strawberry.field(
        default=None,
        description="Format of the serial numbers. By default the format of the project's registry is used. Required "
        "if the registry has several formats, or if the service does not know the registry.",
    )
    registry_reference: str | None = strawberry.field(
        default=None,
        description="Registry's reference for the batch: 1 to 200 characters. Give this reference instead of serial "
        "numbers if the registry does not number credits (format `NONE`). Not allowed for other formats.",
    )
    period_end: date | None = strawberry.field(
        default=None,
        description="Last day (UTC) of the period in which the project's emissions were monitored. The day must be in "
        "the past. By default the day is read from the serial numbers. If the serial numbers do not contain it, the "
        "vintage year must be over.",
    )
    period_start: date | None = strawberry.field(
        default=None,
        description="First day (UTC) of the period in which the project's emissions were monitored, not after its last "
        "day. By default the day is read from the serial numbers, if they contain it.",
    )
    article6_authorisation: str | None = strawberry.field(
        default=None,
        description="Authorisation of the credits by the host country under Article 6 of the Paris Agreement, such as "
        "the reference of its letter: 1 to 200 characters. By default none is stated.",
    )
    labels: list[str] | None = strawberry.field(
        default=None,
        description="Names of further standards and programmes that the credits meet, such as `CCP`: at most 20 "
        "different labels of 1 to 100 characters. By default none.",
    )
    serial_prefix: str | None = strawberry.field(
        default=None,
        description="Text before the number in each serial number: 1 to 200 characters, not ending in a digit. "
        "Requires `serialStart`. The format of the serial numbers is then `PLAIN`.",
        deprecation_reason="Use serialRange, or firstSerial and lastSerial. Removed after 2027-11-30.",
    )
    serial_start: BigInt | None = strawberry.field(
        default=None,
        description="Number of the first credit, which follows the prefix in its serial number: 0 to 10^18 - 1. "
        "Requires `serialPrefix`.",
        deprecation_reason="Use serialRange, or firstSerial and lastSerial. Removed after 2027-11-30.",
    )

    def facts(self) -> dict[str, Any]:
        return {
            "reference": kept_text(self.reference, supply.REFERENCE_LENGTH_MAX, "reference"),
            "project_id": parse_id("Project", self.project_id, "projectId"),
            "mode": self.mode,
            "vintage": supply.vintage_of(self.vintage, "vintage"),
            "issued_g": supply.issued_g_of(at(["mass", "amount"], self.mass.grams), "mass", "amount"),
            "period_end": self.period_end,
            "period_start": self.period_start,
            "article6_authorisation": kept_or_none(
                self.article6_authorisation, NAME_LENGTH_MAX, "article6Authorisation"
            ),
            "labels": None if self.labels is None else supply.labels_of(self.labels, "labels"),
            "stated": StatedSerials(
                serial_form=self.serial_form,
                serial_range=kept_or_none(self.serial_range, RANGE_LENGTH_MAX, "serialRange"),
                first_serial=kept_or_none(self.first_serial, SERIAL_LENGTH_MAX, "firstSerial"),
                last_serial=kept_or_none(self.last_serial, SERIAL_LENGTH_MAX, "lastSerial"),
                registry_reference=kept_or_none(self.registry_reference, SERIAL_LENGTH_MAX, "registryReference"),
                serial_prefix=kept_or_none(self.serial_prefix, NAME_LENGTH_MAX, "serialPrefix"),
                serial_start=self.serial_start,
            ),
        }


def kept_or_none(text: str | None, length_max: int, name: str) -> str | None:
    """Return a member's text, checked as `kept_text` does, or None for one that was not given."""
    return None if text is None else kept_text(text, length_max, name)


@strawberry.input(description="The batch of credits to withdraw from sale, and the reason.")
class WithdrawCreditBatchInput:
    credit_batch_id: strawberry.ID = strawberry.field(
        description="Id of the batch to withdraw, as the batch's field `id` shows it."
    )
    reason: str = strawberry.field(
        description="Reason for the withdrawal: 1 to 1,000 characters. Every API key that can read the catalogue can "
        "read the reason."
    )

    def facts(self) -> tuple[UUID, str]:
        return (
            parse_id("CreditBatch", self.credit_batch_id, "creditBatchId"),
            kept_text(self.reason, DESCRIPTION_LENGTH_MAX, "reason"),
        )


@strawberry.input(description="The batch of credits to put on sale again.")
class ReinstateCreditBatchInput:
    credit_batch_id: strawberry.ID = strawberry.field(
        description="Id of the withdrawn batch, as the batch's field `id` shows it."
    )

    def batch_id(self) -> UUID:
        return parse_id("CreditBatch", self.credit_batch_id, "creditBatchId")
