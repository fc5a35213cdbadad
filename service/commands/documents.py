"""`carbon-orders document`: save the PDF of an invoice, credit note, confirmation or receipt, and revoke links."""

from pathlib import Path
from uuid import UUID

from service.commands import output
from service.commands.output_file import STDOUT, written_file
from service.commands.runtime import run, settings_given
from service.domain.document_links import LinkedDocument
from service.operations.read_documents import file_of_number
from service.operations.resources import Resources
from service.operations.revoke_document_links import revoke_links_of_account

KINDS = {
    "invoice": LinkedDocument.INVOICE,
    "credit-note": LinkedDocument.CREDIT_NOTE,
    "confirmation": LinkedDocument.CONFIRMATION,
    "receipt": LinkedDocument.RECEIPT,
    "statement": LinkedDocument.STATEMENT,
}


def save_document(kind: str, number: str, file: Path, account_id: UUID, *, force: bool) -> None:
    """Write the PDF of the account's document with this number; for a statement CSV, if the file's name ends in
    .csv.
    """
    as_csv = kind == "statement" and file.suffix == ".csv"

    async def work(resources: Resources) -> bytes | None:
        return await file_of_number(resources, KINDS[kind], account_id, number, as_csv=as_csv)

    pdf = run(settings_given(), work)
    if pdf is None:
        output.fail(f"The account has no {kind} of the number {number}.")
    with written_file(file, force=force) as target:
        target.write(pdf)
    if file != STDOUT:
        output.show(f"Wrote {file}.")


def revoke_links(account_id: UUID) -> None:
    """Revoke all links made so far to documents of the account."""
    run(settings_given(), lambda resources: revoke_links_of_account(resources, account_id))
    output.show("Revoked. The API shows new addresses.")
