"""Facts of certificates for tests of documents, and the JSON that the template gets."""

import json
from typing import Any

from service.documents.certificate import certificate_document

URL = "https://orders.example.com/certificates/3qZ8vUe0mJ2pT7wXbR5kYd3qZ8vUe0mJ2pT7wXbR5k"
SERIALS = "9344-82012543-82012555-VCS-VCU-291-VER-BR-14-1047-24112016-31122017-0"
SELLER = {
    "legal_name": "Meridian Climate GmbH",
    "address": "Speicherstraße 4\n20457 Hamburg",
    "country": "DE",
    "tax_number": "DE123456789",
    "registration_number": None,
    "retirement_statement": "We retire credits at the registries within 30 days.",
}


def batch(project: str = "Rimba Raya", mass_g: int = 12_345_678, **facts: Any) -> dict[str, Any]:
    return {
        "batch_id": "0192",
        "project_id": "0193",
        "project_name": project,
        "country": "IDN",
        "registry": "Verra",
        "vintage": 2019,
        "mass_g": mass_g,
        "intervals": [[0, mass_g]],
        "serials": [["412000", "412012"]],
        "written": [SERIALS],
        "registry_project_id": "VCS674",
        "project_type": "Forest conservation",
        "offset_type": "emissions_reduction",
        "methodology": "VM0004",
        "storage_years": None,
        "project_url": None,
        "period_start": "2019-01-01",
        "period_end": "2019-12-31",
        "article6_authorisation": None,
        "labels": ["CCB Gold"],
        **facts,
    }


def certificate_facts(*batches: dict[str, Any], recipient: str = "Fundação Amazônia", **facts: Any) -> dict[str, Any]:
    stated = list(batches) or [batch()]
    return {
        "kind": "assignment",
        "number": "CR-8C0D-ZV32-M0A3",
        "mode": "live",
        "seller": SELLER,
        "recipient": recipient,
        "beneficiary": "Bo",
        "order_id": "00000000-0000-0000-0000-000000000007",
        "order_number": "0HZ4XK7M2QJ9A",
        "mass_g": sum(each["mass_g"] for each in stated),
        "retired_at": "2026-05-01T09:30:00.000000Z",
        "issued_at": "2026-05-02T10:00:01.000000Z",
        "batches": stated,
        **facts,
    }


def certificate_json(*batches: dict[str, Any], **facts: Any) -> str:
    stated = json.dumps(certificate_facts(*batches, **facts), ensure_ascii=False)
    return certificate_document(stated, sha256="ab" * 32, url=URL)
