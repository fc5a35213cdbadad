"""GraphQL types of certificates and retirements."""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.by_account import by_account, named_by
from service.api.graphql.types.catalogue import CreditBatch, batch_of
from service.api.graphql.types.node import Node
from service.domain import certificate as domain
from service.domain.accounts import Caller
from service.domain.retirement import Retirement as RetirementRow
from service.operations import read_catalogue, read_orders
from service.operations.read_registry_retirements import Certified, certified_of_orders
from service.operations.steps.draw_certificate import certificate_address
from service.plans import batch_field

if TYPE_CHECKING:
    from service.api.graphql.types.order import Order
    from service.api.graphql.types.registry_retirement import RegistryRetirement, RetirementCertificate

ORDER_TYPE = "service.api.graphql.types.order"
"""Module of the type of orders, which imports this one; so it is imported by name, when it is used."""
REGISTRY_TYPES = "service.api.graphql.types.registry_retirement"
"""Module of the types of registry entries, which imports this one; so it is imported by name, when it is used."""


async def _orders(parents: Sequence["Certificate"], info: Info) -> list[Any]:
    order_of = import_module(ORDER_TYPE).order_of
    return await named_by(parents, info, "order_id", read_orders.orders_of_ids, order_of)


async def _certified(parents: Sequence["Certificate"], info: Info) -> list[Certified]:
    async def read(reader: Caller, places: Sequence[int]) -> list[Certified]:
        order_ids = [parents[place].row.order_id for place in places]
        found = await certified_of_orders(info.context.resources, reader, order_ids)
        return [each or Certified() for each in found]

    return await by_account([parent.row.account_id for parent in parents], info, read)


async def _entries(parents: Sequence["Certificate"], info: Info) -> list[list[Any]]:
    entry_type = import_module(REGISTRY_TYPES).RegistryRetirement
    return [
        [
            entry_type(
                row=each.entry,
                written=each.written(certified.batches[each.entry.batch_id]),
                mass_g=sum(part.mass_g for part in each.covered),
            )
            for each in certified.evidence
        ]
        for certified in await _certified(parents, info)
    ]


async def _retirement_certificates(parents: Sequence["Certificate"], info: Info) -> list[Any]:
    shown = import_module(REGISTRY_TYPES).RetirementCertificate
    public_address = info.context.public_address
    return [
        certified.certificate
        and shown(row=certified.certificate, address=certificate_address(public_address, parent.row.token))
        for parent, certified in zip(parents, await _certified(parents, info), strict=True)
    ]


@strawberry.type(
    description="Certificate of a complete order: it states which credits were retired for whom and when, in the "
    "seller's records. A certificate never changes."
)
class Certificate(Node):
    row: strawberry.Private[domain.IssuedCertificate]
    order: Annotated["Order", strawberry.lazy(ORDER_TYPE)] | None = batch_field(
        _orders, description="Order whose credits are retired. Null only if reading it failed; `errors` then says why."
    )
    registry_retirements: list[Annotated["RegistryRetirement", strawberry.lazy(REGISTRY_TYPES)]] = batch_field(
        _entries,
        description="Entries of registries that show credits of the certificate as retired, as far as the seller "
        "recorded them; sorted by batch and serial number.",
        metadata=priced(size=5),
    )
    retirement_certificate: Annotated["RetirementCertificate", strawberry.lazy(REGISTRY_TYPES)] | None = batch_field(
        _retirement_certificates,
        description="Certificate that the registries show all credits of this certificate as retired. Null until an "
        "entry of the registry is recorded for each of them.",
    )

    @strawberry.field(description="Number of the certificate, in the form `CR-XXXX-XXXX-XXXX`.")
    def number(self) -> str:
        return self.row.number

    @strawberry.field(
        description="Address of the web page that shows and verifies the certificate. Readers need no API key. The "
        "address returns HTTP 404 while the account's `externalPagesVisibility` is HIDDEN."
    )
    def url(self, info: Info) -> str:
        return certificate_address(info.context.public_address, self.row.token)

    @strawberry.field(
        description="Address of the certificate as a PDF file. Readers need no API key. The address returns HTTP 404 "
        "while the account's `externalPagesVisibility` is HIDDEN."
    )
    def pdf_url(self, info: Info) -> str:
        return f"{certificate_address(info.context.public_address, self.row.token)}.pdf"

    @strawberry.field(
        description="SHA-256 hash of the certificate's contents, as 64 hexadecimal digits. The certificate's web page "
        "shows the same hash."
    )
    def sha256(self) -> str:
        return self.row.sha256

    @strawberry.field(description="Time at which the certificate was issued.")
    def issued_at(self) -> datetime:
        return self.row.issued_at


async def _batches(parents: Sequence["Retirement"], info: Info) -> list[CreditBatch]:
    found: list[CreditBatch] = await named_by(parents, info, "batch_id", read_catalogue.batches_of_ids, batch_of)
    return found


@strawberry.type(description="Credits of one batch that were retired for an order. A retirement is final.")
class Retirement:
    row: strawberry.Private[RetirementRow]
    batch: CreditBatch = batch_field(_batches, description="Batch that the retired credits come from.")

    mass = mass_field("row.mass_g", description="Mass that was retired from the batch.")

    start = mass_field(
        "row.start_g",
        description="Position of the retired credits in the batch: the mass of the batch that lies before the first "
        "retired gram.",
    )

    @strawberry.field(description="Time at which the credits were retired.")
    def retired_at(self) -> datetime:
        return self.row.retired_at


def certificate_of(row: domain.IssuedCertificate) -> Certificate:
    return Certificate(row=row)
