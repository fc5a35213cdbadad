"""Query that reads a range of serial numbers before it is received, for operators."""

from datetime import date
from typing import Annotated, Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import Mass
from service.api.graphql.types.catalogue import CreditBatch, batch_of
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_id
from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import Mode
from service.domain.serials.characters import RANGE_LENGTH_MAX
from service.domain.serials.forms import SerialForm
from service.domain.texts import kept_text
from service.domain.vintages import VintageFault
from service.errors import Refused
from service.operations.read_serials import read_serials


@strawberry.input(description="Range of serial numbers to read.")
class SerialRangeInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of the project that issued the credits. Its registry decides how the range is read."
    )
    serial_range: str = strawberry.field(
        description="Serial numbers as one text, written as the registry writes a range: at most 410 characters."
    )
    serial_form: SerialForm | None = strawberry.field(
        default=None,
        description="Format of the serial numbers. By default the format of the project's registry is used. Required "
        "if the registry has several formats, or if the service does not know the registry.",
    )
    mode: Mode = strawberry.field(
        default=Mode.LIVE, description="Mode of the batches in which the serial numbers are searched. By default LIVE."
    )

    def facts(self) -> dict[str, Any]:
        return {
            "project_id": parse_id("Project", self.project_id, "projectId"),
            "serial_range": kept_text(self.serial_range, RANGE_LENGTH_MAX, "serialRange"),
            "serial_form": self.serial_form,
            "mode": self.mode,
        }


@strawberry.type(description="Credits that a range of serial numbers stands for.")
class SerialRange:
    serial_form: SerialForm = strawberry.field(description="Format in which the range was read.")
    first_serial: str = strawberry.field(description="Serial number of the first credit, as the registry writes it.")
    last_serial: str = strawberry.field(description="Serial number of the last credit, as the registry writes it.")
    mass: Mass = strawberry.field(description="Mass of the credits: one tonne for each serial number.")
    vintage: int | None = strawberry.field(
        description="Vintage that the serial numbers state, or the last year of their monitoring period. Null if they "
        "state neither."
    )
    period_start: date | None = strawberry.field(
        description="First day of the monitoring period that the serial numbers state. Null if they state none."
    )
    period_end: date | None = strawberry.field(
        description="Last day of the monitoring period that the serial numbers state. Null if they state none."
    )
    refusal: VintageFault | None = strawberry.field(
        description="Reason why these credits would be refused today. Null if the serial numbers show none."
    )
    overlapping: CreditBatch | None = strawberry.field(
        description="A batch that has some of these serial numbers already, so that they would be refused. Null if "
        "there is none."
    )


@strawberry.type(description="Result of reading a range of serial numbers.")
class SerialRangePayload:
    serial_range: SerialRange | None = strawberry.field(
        description="Credits of the range. Null if the range could not be read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the range could not be read. Empty if `serialRange` is not null."
    )


@strawberry.type
class SerialQueries:
    @strawberry.field(
        description="Credits that a range of serial numbers stands for, read as `receiveCreditBatch` reads it; needs "
        "scope `operator`. Nothing is stored, so the query may be sent at each change of the text. Null only if "
        "reading it failed; `errors` then says why.",
        metadata=priced(own=5),
    )
    async def serial_range(
        self,
        info: Info,
        input: Annotated[SerialRangeInput, strawberry.argument(description="Range to read, and its project.")],
    ) -> SerialRangePayload | None:
        try:
            found = await read_serials(info.context.resources, info.context.caller, **input.facts())
        except Refused as refusal:
            return SerialRangePayload(serial_range=None, user_errors=[user_error(refusal, input)])
        block, facts = found.block, found.facts
        shown = SerialRange(
            serial_form=block.form,
            first_serial=block.credit(block.first),
            last_serial=block.credit(block.last),
            mass=Mass(mass_g=block.tonnes * GRAMS_PER_TONNE),
            vintage=found.vintage,
            period_start=facts.period_from,
            period_end=facts.period_to,
            refusal=found.fault,
            overlapping=None if found.overlapping is None else batch_of(found.overlapping),
        )
        return SerialRangePayload(serial_range=shown, user_errors=[])
