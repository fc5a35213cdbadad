"""Texts of a certificate, from its facts as they are stored: those of its PDF, and of its page.

Certificates of earlier releases have fewer facts, and are titled as they were issued. A retirement certificate has the
facts of the order's first certificate, and those of the registries' entries.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from service.documents import wording
from service.documents.parts import seller_party
from service.documents.qr_code import qr_code
from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import Mode, OffsetType

TEMPLATE = "certificate"
TITLES = {
    None: "Certificate of retirement",
    "assignment": "Certificate of assignment",
    "retirement": "Retirement certificate",
}
"""Titles by the fact `kind`, which certificates of earlier releases do not have."""
NOT_RECORDED = "Not yet recorded: no registry entry shows these credits as retired in our records."
PARTLY_RECORDED = (
    "The entries listed show {recorded} of {whole} as retired. For the rest, no registry entry is recorded in our "
    "records."
)
RECORDED = "The registries show all of these credits as retired, by the entries listed."
WHOLE_CREDITS = (
    "One credit stands for one tonne of CO₂ equivalent and is issued by the registry named. The grams listed are "
    "assigned to this order alone. Where they are a part of a credit, the holder named here is one of several buyers "
    "of its serial number, and its other grams are no part of this certificate."
)
_EFFECTS = {OffsetType.EMISSIONS_REDUCTION: "emissions reduction", OffsetType.CARBON_REMOVAL: "carbon removal"}
_LONG_NAME, _VERY_LONG_NAME = 40, 90


def certificate_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts that the certificate's page and PDF have in common."""
    seller, entries = facts.get("seller"), facts.get("registry_retirements", ())
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
        "retirement_statement": seller["retirement_statement"] if seller and not entries else None,
        "registry_note": RECORDED if entries else NOT_RECORDED,
        "entries": entries_texts(entries, facts),
        "notes": [WHOLE_CREDITS],
        "batches": batches,
    }


def certificate_document(facts_json: str, *, sha256: str, url: str, logo: Mapping[str, Any] | None = None) -> str:
    """Return the facts of the template as JSON. `url` is the public address, which is printed, and drawn as a QR
    code. `logo` is the picture of the seller, as `logo_texts` returns it.
    """
    facts = json.loads(facts_json)
    texts = certificate_texts(facts)
    length = len(facts["recipient"])
    document = {
        **texts,
        "date": wording.date_parts(datetime.fromisoformat(facts["issued_at"])),
        "first_certificate": facts.get("certificate"),
        "subject": wording.joined([facts["recipient"], f"order {facts['order_number']}"]),
        "footer": f"{texts['title']} {facts['number']}",
        "recipient_size": 28 if length <= _LONG_NAME else 20 if length <= _VERY_LONG_NAME else 14,
        "logo": logo,
        "sha256": sha256,
        "url": url,
        "qr_code": qr_code(url),
    }
    return json.dumps(document, ensure_ascii=False)


def entries_texts(entries: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the texts of registries' entries for credits of the certificate."""
    named = {batch["batch_id"]: batch for batch in facts["batches"]}
    return [
        {
            "registry": named[each["batch_id"]]["registry"],
            "project": named[each["batch_id"]]["project_name"],
            "retired_on": wording.day(date.fromisoformat(each["retired_on"])),
            "date": each["retired_on"],
            "retirement_id": each["retirement_id"],
            "beneficiary": each["beneficiary"],
            "url": each["url"],
            "serials": each["serials"] if named[each["batch_id"]]["serials"] else _references(each["serials"]),
            "mass": wording.mass(each["mass_g"]),
        }
        for each in entries
    ]


def partly_recorded(entries: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    """Return the sentence about entries that cover a part of the certificate's credits."""
    recorded_g = sum(each["mass_g"] for each in entries)
    return PARTLY_RECORDED.format(recorded=wording.mass(recorded_g), whole=wording.mass(facts["mass_g"]))


def _references(texts: Sequence[str]) -> list[str]:
    return [f"reference {each}" for each in texts]  # the credits of some registries have no numbers


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
        *_recorded(facts),
    ]


def _recorded(facts: Mapping[str, Any]) -> list[list[str]]:
    """Return the sentence about the registries' entries: whole if there is one, else about the entries below."""
    entries = facts.get("registry_retirements", ())
    if len(entries) != 1:
        return [["text", " The registries recorded their retirement, as listed below."]] if entries else []
    (entry,) = entries
    registry = next(each["registry"] for each in facts["batches"] if each["batch_id"] == entry["batch_id"])
    day = wording.day(date.fromisoformat(entry["retired_on"]))
    sentence = [["text", " "], ["name", registry], ["text", f" recorded their retirement on {day}"]]
    if entry["retirement_id"]:
        sentence += [["text", ", reference "], ["name", entry["retirement_id"]]]
    return [*sentence, ["text", "."]]


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
        written = _references(written)
    lines = []
    for serials, (start_g, end_g) in zip(written, batch["intervals"], strict=True):
        is_whole = start_g % GRAMS_PER_TONNE == 0 and end_g % GRAMS_PER_TONNE == 0
        lines.append(serials if is_whole else f"{serials} (grams {start_g:,} to {end_g - 1:,} of the batch)")
    return lines
