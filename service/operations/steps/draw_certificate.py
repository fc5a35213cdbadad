"""A step that verbs share: the PDF of a certificate, drawn when it is first needed and then stored for ever. Promise:
P8.
"""

import orjson

from service.documents.certificate import TEMPLATE, certificate_document
from service.domain.certificate import IssuedCertificate
from service.domain.registry_evidence import RetirementCertificate
from service.operations.resources import Resources
from service.operations.steps.seller_logo import seller_logo
from service.storage import certificates, registry_retirements
from service.storage.database import Statements


def certificate_address(public_address: str, token: str) -> str:
    """Return the address of the public page of a certificate. With `.pdf` appended it is the address of the PDF."""
    return f"{public_address}/certificates/{token}"


async def pdf_of(resources: Resources, certificate: IssuedCertificate, *, public_address: str) -> bytes:
    """Return the certificate's PDF as it was first drawn; draw and store it if there is none."""
    account_id, order_id, reader = certificate.account_id, certificate.order_id, resources.database.reader
    pdf = await certificates.pdf_of_order(reader, account_id, order_id)
    if pdf is None:
        await draw_certificate(resources, certificate, public_address=public_address)
        pdf = await certificates.pdf_of_order(reader, account_id, order_id)
    assert pdf is not None  # noqa: S101 - it is never removed
    return pdf


async def draw_certificate(resources: Resources, certificate: IssuedCertificate, *, public_address: str) -> bool:
    """Draw the certificate and store its PDF; return False if it already has one, which is kept."""
    address = certificate_address(public_address, certificate.token)
    document = await _document(resources, certificate.facts, certificate.sha256, address)
    pdf = await resources.drawer.draw(TEMPLATE, document)

    async def work(statements: Statements) -> bool:
        return await certificates.keep_pdf(statements, certificate.account_id, certificate.order_id, pdf)

    return await resources.transact(work)


async def retirement_pdf_of(resources: Resources, certificate: RetirementCertificate, *, public_address: str) -> bytes:
    """Return the retirement certificate's PDF as it was first drawn; draw and store it if there is none."""
    pdf = await registry_retirements.pdf_of(resources.database.reader, certificate)
    if pdf is None:
        await draw_retirement_certificate(resources, certificate, public_address=public_address)
        pdf = await registry_retirements.pdf_of(resources.database.reader, certificate)
    assert pdf is not None  # noqa: S101 - it is never removed
    return pdf


async def draw_retirement_certificate(
    resources: Resources, certificate: RetirementCertificate, *, public_address: str
) -> bool:
    """Draw the retirement certificate and store its PDF; return False if it already has one, which is kept. The address
    printed for verification is that of the order's first certificate.
    """
    reader, order_id = resources.database.reader, certificate.order_id
    first = (await certificates.of_orders(reader, certificate.account_id, [order_id]))[order_id]
    address = certificate_address(public_address, first.token)
    document = await _document(resources, certificate.facts, certificate.sha256, address)
    pdf = await resources.drawer.draw(TEMPLATE, document)

    async def work(statements: Statements) -> bool:
        return await registry_retirements.keep_pdf(statements, certificate, pdf)

    return await resources.transact(work)


async def _document(resources: Resources, facts: str, sha256: str, address: str) -> str:
    """Return the facts for the template, with the logo that the certificate names."""
    digest = (orjson.loads(facts).get("seller") or {}).get("logo")
    logo = await seller_logo(resources.database.reader, digest)
    return certificate_document(facts, sha256=sha256, url=address, logo=logo)
