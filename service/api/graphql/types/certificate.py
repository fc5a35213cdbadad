"""GraphQL types of certificates and retirements."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.by_account import named_by
from service.api.graphql.types.catalogue import CreditBatch, batch_of
from service.domain import certificate as domain
from service.domain.retirement import Retirement as RetirementRow
from service.operations import read_catalogue
from service.operations.issue_certificates import certificate_address
from service.plans import batch_field


@strawberry.type(
    description="Certificate of a complete order: it proves that the order's credits are retired. A certificate never "
    "changes."
)
class Certificate:
    row: strawberry.Private[domain.IssuedCertificate]
    public_address: strawberry.Private[str]

    @strawberry.field(description="Number of the certificate, in the form `CR-XXXX-XXXX-XXXX`.")
    def number(self) -> str:
        return self.row.number

    @strawberry.field(
        description="Address of the web page that shows and verifies the certificate. Readers need no API key. The "
        "address returns HTTP 404 while the account's `externalPagesVisibility` is HIDDEN."
    )
    def url(self) -> str:
        return certificate_address(self.public_address, self.row.token)

    @strawberry.field(
        description="Address of the certificate as a PDF file. Readers need no API key. The address returns HTTP 404 "
        "while the account's `externalPagesVisibility` is HIDDEN."
    )
    def pdf_url(self) -> str:
        return f"{certificate_address(self.public_address, self.row.token)}.pdf"

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
