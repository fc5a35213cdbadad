"""The input that records an entry of a registry (operators)."""

from datetime import date
from typing import Any

import strawberry

from service.api.graphql.inputs.credit_batches import kept_or_none
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.types.node import parse_id
from service.domain.registry_evidence import StatedRetirement
from service.domain.serials.characters import RANGE_LENGTH_MAX, SERIAL_LENGTH_MAX
from service.domain.supply import REFERENCE_LENGTH_MAX
from service.domain.texts import NAME_LENGTH_MAX, kept_text


@strawberry.input(description="Entry of a registry that shows credits of a batch as retired.")
class RecordRegistryRetirementInput:
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 200 characters without the blanks around it, once for each "
        "entry. A retry with the same reference and input returns the recorded entry; the same reference with another "
        "input is refused."
    )
    credit_batch_id: strawberry.ID = strawberry.field(
        description="Id of the batch of which the registry retired credits, as the batch's field `id` shows it."
    )
    retired_on: date = strawberry.field(
        description="Day on which the registry retired the credits: from 1990-01-01 to today (UTC)."
    )
    serial_range: str | None = strawberry.field(
        default=None,
        description="Serial numbers of the retired credits as one text, written as the registry writes a range: at "
        "most 410 characters. All of these credits must be retired in the seller's records: for the order, or, without "
        "an order, for any orders, at most 500. Give either `serialRange`, or `firstSerial` and `lastSerial`; nothing "
        "for a batch whose registry does not number credits.",
    )
    first_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the first retired credit, at most 200 characters. Requires `lastSerial`.",
    )
    last_serial: str | None = strawberry.field(
        default=None,
        description="Serial number of the last retired credit, at most 200 characters. Requires `firstSerial`.",
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the account of `order`, as the account's field `id` shows it. Requires `order`.",
    )
    order: OrderRefInput | None = strawberry.field(
        default=None,
        description="Order for which the registry retired the credits. By default the entry is for every order that "
        "has some of the credits. Requires `accountId`. Required for a batch whose registry does not number credits; "
        "the entry then covers all that the order has of the batch.",
    )
    retirement_id: str | None = strawberry.field(
        default=None,
        description="Id of the retirement at the registry: 1 to 200 characters that documents can show. By default "
        "none, because some registries give none.",
    )
    url: str | None = strawberry.field(
        default=None,
        description="Public address of the entry at the registry: an https:// address of at most 2,000 characters. By "
        "default none.",
    )
    beneficiary: str | None = strawberry.field(
        default=None,
        description="Party for which the registry shows the credits as retired, as the registry writes it: 1 to 200 "
        "characters that documents can show. By default none, because some registries show none.",
    )
    corrects: str | None = strawberry.field(
        default=None,
        description="Reference of the recorded entry that this entry replaces, because it was wrong. By default no "
        "entry is replaced. Retirement certificates that were issued do not change; if all credits of an order are "
        "still covered, another version is issued.",
    )

    def facts(self) -> dict[str, Any]:
        account_id = self.account_id
        return {
            "batch_id": parse_id("CreditBatch", self.credit_batch_id, "creditBatchId"),
            "stated": StatedRetirement(
                reference=kept_text(self.reference, REFERENCE_LENGTH_MAX, "reference"),
                retired_on=self.retired_on,
                serial_range=kept_or_none(self.serial_range, RANGE_LENGTH_MAX, "serialRange"),
                first_serial=kept_or_none(self.first_serial, SERIAL_LENGTH_MAX, "firstSerial"),
                last_serial=kept_or_none(self.last_serial, SERIAL_LENGTH_MAX, "lastSerial"),
                retirement_id=kept_or_none(self.retirement_id, NAME_LENGTH_MAX, "retirementId"),
                url=self.url,
                beneficiary=kept_or_none(self.beneficiary, NAME_LENGTH_MAX, "beneficiary"),
                corrects=kept_or_none(self.corrects, REFERENCE_LENGTH_MAX, "corrects"),
            ),
            "account_id": None if account_id is None else parse_id("Account", account_id, "accountId"),
            "order": None if self.order is None else self.order.ref("order"),
        }
