"""GraphQL types of registries' entries and of retirement certificates."""

from collections.abc import Sequence
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.by_account import named_by
from service.api.graphql.types.certificate import ORDER_TYPE, Retirement
from service.domain import registry_evidence as domain
from service.domain.retirement import Retirement as RetirementRow
from service.operations import read_orders
from service.operations.read_registry_retirements import UnrecordedRetirement
from service.operations.steps.record_entries import Recorded
from service.plans import batch_field

if TYPE_CHECKING:
    from service.api.graphql.types.order import Order


@strawberry.type(
    description="Entry of a registry that shows credits as retired, as the seller recorded it. An entry never changes. "
    "A mistake is corrected by another entry, and the wrong one is then no longer shown."
)
class RegistryRetirement:
    row: strawberry.Private[domain.RegistryRetirement]
    written: strawberry.Private[Sequence[str]]
    mass_g: strawberry.Private[int]

    @strawberry.field(description="Reference under which the seller recorded the entry.")
    def reference(self) -> str:
        return self.row.reference

    @strawberry.field(description="Day on which the registry retired the credits.")
    def retired_on(self) -> date:
        return self.row.retired_on

    @strawberry.field(description="Id of the retirement at the registry. Null if the registry gives none.")
    def retirement_id(self) -> str | None:
        return self.row.retirement_id

    @strawberry.field(description="Public address of the entry at the registry. Null if there is none.")
    def url(self) -> str | None:
        return self.row.url

    @strawberry.field(
        description="Party for which the registry shows the credits as retired. Null if the registry shows none."
    )
    def beneficiary(self) -> str | None:
        return self.row.beneficiary_name

    @strawberry.field(
        description="Serial numbers of the retired credits, as ranges that are written as the registry writes them; on "
        "a certificate only those credits of which it states some grams. If the registry does not number credits, its "
        "reference for the batch."
    )
    def serials(self) -> list[str]:
        return list(self.written)

    mass = mass_field(
        "mass_g", description="Mass that the entry covers; on a certificate only the mass that the certificate states."
    )

    @strawberry.field(description="Time at which the seller recorded the entry.")
    def recorded_at(self) -> datetime:
        return self.row.created_at


@strawberry.type(
    description="Certificate that all credits of an order are recorded as retired at their registries. It is issued "
    "beside the order's first certificate, which does not change."
)
class RetirementCertificate:
    row: strawberry.Private[domain.RetirementCertificate]
    address: strawberry.Private[str]

    @strawberry.field(description="Number of the certificate, in the form `RT-XXXX-XXXX-XXXX`.")
    def number(self) -> str:
        return self.row.number

    @strawberry.field(
        description="Version of the certificate, counted from 1. A corrected entry makes another version."
    )
    def version(self) -> int:
        return self.row.version

    @strawberry.field(
        description="Address of the certificate as a PDF file. Readers need no API key. The address returns HTTP 404 "
        "while the account's `externalPagesVisibility` is HIDDEN."
    )
    def pdf_url(self) -> str:
        return f"{self.address}/retirement.pdf"

    @strawberry.field(
        description="SHA-256 hash of the certificate's contents, as 64 hexadecimal digits. The web page of the order's "
        "first certificate shows the same hash."
    )
    def sha256(self) -> str:
        return self.row.sha256

    @strawberry.field(description="Time at which the certificate was issued.")
    def issued_at(self) -> datetime:
        return self.row.issued_at


async def _orders(parents: Sequence["RetirementWithoutEvidence"], info: Info) -> list[Any]:
    order_of = import_module(ORDER_TYPE).order_of
    return await named_by(parents, info, "order_id", read_orders.orders_of_ids, order_of)


@strawberry.type(
    description="Credits of one batch that are retired for an order in the seller's records, and for which no entry of "
    "the registry is recorded, or only a part."
)
class RetirementWithoutEvidence:
    row: strawberry.Private[RetirementRow]
    missing_g: strawberry.Private[int]
    written: strawberry.Private[Sequence[str]]
    order: Annotated["Order", strawberry.lazy(ORDER_TYPE)] | None = batch_field(
        _orders,
        description="Order for which the credits are retired. Null only if reading it failed; `errors` then says why.",
    )

    @strawberry.field(description="Retirement in the seller's records.")
    def retirement(self) -> Retirement:
        return Retirement(row=self.row)

    @strawberry.field(
        description="Serial numbers of the credits, as ranges that are written as the registry writes them. Of the "
        "first and the last credit the order may have a part only. If the registry does not number credits, its "
        "reference for the batch."
    )
    def serials(self) -> list[str]:
        return list(self.written)

    missing_mass = mass_field("missing_g", description="Mass of the retirement that no entry covers.")


def entry_of(recorded: Recorded) -> RegistryRetirement:
    """Return an entry with all credits that it covers."""
    entry = recorded.entry
    return RegistryRetirement(row=entry, written=recorded.written, mass_g=entry.end_g - entry.start_g)


def unrecorded_of(row: UnrecordedRetirement) -> RetirementWithoutEvidence:
    return RetirementWithoutEvidence(row=row.retirement, missing_g=row.missing_g, written=row.written)
