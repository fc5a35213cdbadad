"""Texts of a certificate, from its facts as they are stored: those of its PDF, and of its page.

Certificates of earlier releases have fewer facts, and are titled as they were issued.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.documents import wording
from service.documents.parts import seller_party
from service.documents.qr_code import qr_code
from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import Mode, OffsetType

TEMPLATE = "certificate"
TITLES = {None: "Certificate of retirement", "assignment": "Certificate of assignment"}
"""Titles by the fact `kind`, which certificates of earlier releases do not have."""
NOT_RECORDED = "Not yet recorded: no registry entry shows these credits as retired in our records."
WHOLE_CREDITS = (
    "One credit stands for one tonne of CO₂ equivalent and is issued by the registry named. The grams listed are "
    "assigned to this order alone. Where they are a part of a credit, the holder named here is one of several buyers "
    "of its serial number, and its other grams are no part of this certificate."
)
_EFFECTS = {OffsetType.EMISSIONS_REDUCTION: "emissions reduction", OffsetType.CARBON_REMOVAL: "carbon removal"}
_LONG_NAME, _VERY_LONG_NAME = 40, 90


def certificate_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts that the certificate's page and PDF have in common."""
    seller = facts.get("seller")
    batches = [_batch(each, facts["mass_g"]) for each in facts["batches"]]
    return {
        "title": TITLES[facts.get("kind")],
        "test": facts["mode"] == Mode.TEST,
        "number": facts["number"],
        "order_number": facts["order_number"],
        "recipient": facts["recipient"],
        "beneficiary": facts["beneficiary"],
        "mass": wording.mass_in_words(facts["mass_g"]),
        "statement": _statement(facts),
        "assigned": wording.time(datetime.fromisoformat(facts["retired_at"])),
        "issued": wording.time(datetime.fromisoformat(facts["issued_at"])),
        "seller": seller_party(seller),
        "retirement_statement": seller["retirement_statement"] if seller else None,
        "registry_note": NOT_RECORDED,
        "notes": [WHOLE_CREDITS],
        "batches": batches,
    }


def certificate_document(facts_json: str, *, sha256: str, url: str) -> str:
    """Return the facts of the template as JSON. `url` is the public address, which is printed, and drawn as a QR
    code.
    """
    facts = json.loads(facts_json)
    texts = certificate_texts(facts)
    length = len(facts["recipient"])
    document = {
        **texts,
        "date": wording.date_parts(datetime.fromisoformat(facts["issued_at"])),
        "subject": wording.joined([facts["recipient"], f"order {facts['order_number']}"]),
        "footer": f"{texts['title']} {facts['number']}",
        "recipient_size": 28 if length <= _LONG_NAME else 20 if length <= _VERY_LONG_NAME else 14,
        "sha256": sha256,
        "url": url,
        "qr_code": qr_code(url),
    }
    return json.dumps(document, ensure_ascii=False)


def _statement(facts: Mapping[str, Any]) -> list[list[str]]:
    """Return the sentence that follows the mass, as texts and names in turn."""
    projects = {(each["project_name"], each["registry"]) for each in facts["batches"]}
    of_projects: list[list[str]] = [["text", "from the projects listed below"]]
    if len(projects) == 1:
        ((project, registry),) = projects
        of_projects = [["text", "issued by "], ["name", registry], ["text", " for "], ["name", project]]
    assigned = wording.day(datetime.fromisoformat(facts["retired_at"]))
    return [
        *of_projects,
        ["text", " were assigned to "],
        ["name", facts["beneficiary"]],
        ["text", f" in our records on {assigned}."],
    ]


def _batch(batch: Mapping[str, Any], whole_g: int) -> dict[str, Any]:
    return {
        "batch_id": batch["batch_id"],
        "project": batch["project_name"],
        "mass": wording.mass(batch["mass_g"]),
        "mass_g": batch["mass_g"],
        "share": wording.percent(batch["mass_g"], whole_g),
        "detail": wording.joined(_details(batch)),
        "serials": _serials(batch),
    }


def _details(batch: Mapping[str, Any]) -> list[str | None]:
    storage, period = batch.get("storage_years"), _period(batch.get("period_start"), batch.get("period_end"))
    effect = batch.get("offset_type")
    methodology = batch.get("methodology")
    return [
        wording.country(batch["country"]),
        batch["registry"],
        batch.get("registry_project_id"),
        batch.get("project_type"),
        effect and _EFFECTS[OffsetType(effect)],
        methodology and f"methodology {methodology}",
        storage and f"{storage} years of storage under its methodology",
        f"vintage {batch['vintage']}",
        period and f"monitored {period}",
        *batch.get("labels", ()),
        batch.get("article6_authorisation") and f"Article 6: {batch['article6_authorisation']}",
    ]


def _period(start: str | None, end: str | None) -> str | None:
    days = [wording.day(date.fromisoformat(each)) for each in (start, end) if each]
    return " to ".join(days) if len(days) == 2 else f"until {days[0]}" if end else None


def _serials(batch: Mapping[str, Any]) -> list[str]:
    """Return a line for each interval: its serials as the registry writes them, and its grams where it begins or ends
    inside of a credit.
    """
    written = batch.get("written") or [a if a == b else f"{a} to {b}" for a, b in batch["serials"]]
    if not batch["serials"]:
        written = [f"reference {each}" for each in written]  # the credits of some registries have no numbers
    lines = []
    for serials, (start_g, end_g) in zip(written, batch["intervals"], strict=True):
        is_whole = start_g % GRAMS_PER_TONNE == 0 and end_g % GRAMS_PER_TONNE == 0
        lines.append(serials if is_whole else f"{serials} (grams {start_g:,} to {end_g - 1:,} of the batch)")
    return lines
