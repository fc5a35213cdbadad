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
    "One credit is one tonne of CO₂ equivalent, which the registry named has issued under a serial number. What is "
    "listed is assigned to this order alone. Where it is a part of a credit, the holder named here is one of several "
    "buyers of that serial number, and the other parts of the credit are no part of this certificate."
)
_EFFECTS = {OffsetType.EMISSIONS_REDUCTION: "emissions reduction", OffsetType.CARBON_REMOVAL: "carbon removal"}
_LONG_NAME, _VERY_LONG_NAME = 40, 90


def certificate_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts that the certificate's page and its PDF share."""
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
    """Return the texts of registry entries for credits of the certificate."""
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
    return [f"reference {each}" for each in texts]  # some registries do not number credits


def _statement(facts: Mapping[str, Any]) -> list[list[str]]:
    """Return the sentence after the mass, as a sequence of alternating texts and names."""
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
    """Return the sentence about the registry entries: the complete one if there is a single entry, otherwise a
    reference to the list below.
    """
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
        "share": wording.percent(batch["mass_g"], whole_g) if batch["mass_g"] != whole_g else None,
        "detail": wording.joined(_details(batch)),
        "serials": _serials(batch),
    }


def _details(batch: Mapping[str, Any]) -> list[str]:
    """Return the facts of the batch's project and credits, each with its label."""
    effect, storage = batch.get("offset_type"), batch.get("storage_years")
    project = batch.get("registry_project_id")
    kind = [batch.get("project_type"), effect and _EFFECTS[OffsetType(effect)]]
    period = _period(batch.get("period_start"), batch.get("period_end"))
    labelled = [
        ("Registry", f"{batch['registry']}, project {project}" if project else batch["registry"]),
        ("Country", wording.country(batch["country"])),
        ("Type", ", ".join(each for each in kind if each)),
        ("Methodology", batch.get("methodology")),
        ("Storage", storage and f"{storage} years under its methodology"),
        ("Vintage", f"{batch['vintage']}, monitored {period}" if period else batch["vintage"]),
        ("Labels", ", ".join(batch.get("labels", ()))),
        ("Article 6", batch.get("article6_authorisation")),
    ]
    return [f"{label}: {value}" for label, value in labelled if value]


def _period(start: str | None, end: str | None) -> str | None:
    days = [wording.day(date.fromisoformat(each)) for each in (start, end) if each]
    return " to ".join(days) if len(days) == 2 else f"until {days[0]}" if end else None


def _serials(batch: Mapping[str, Any]) -> list[str]:
    """Return a line for each interval, its serials as the registry writes them, and lines about credits at its ends
    that it contains in part. For credits without numbers, the line states the position of the mass in the issuance.
    """
    serials = batch["serials"]
    written = batch.get("written") or [a if a == b else f"{a} to {b}" for a, b in serials]
    lines = []
    for position, (text, (start_g, end_g)) in enumerate(zip(written, batch["intervals"], strict=True)):
        if not serials:
            lines += [*_references([text]), f"Of the mass under this reference only {_portion(start_g, end_g)}"]
            continue
        lines.append(text)
        lines += [
            f"Of credit {serial} only {_portion(*grams, whole_g=GRAMS_PER_TONNE)}"
            for serial, grams in _parts(serials[position], start_g, end_g)
        ]
    return lines


def _parts(ends: Sequence[str], start_g: int, end_g: int) -> list[tuple[str, tuple[int, int]]]:
    """Return the serials of the first and the last credit of the grams [start_g, end_g), each with its grams within
    that credit, counted from the credit's first gram. Credits that are contained completely are left out.
    """
    first, last = start_g // GRAMS_PER_TONNE, (end_g - 1) // GRAMS_PER_TONNE
    parts = []
    for serial, credit in dict.fromkeys(zip(ends, (first, last), strict=True)):
        own_g = credit * GRAMS_PER_TONNE
        grams = max(start_g - own_g, 0), min(end_g - own_g, GRAMS_PER_TONNE)
        if grams != (0, GRAMS_PER_TONNE):
            parts.append((serial, grams))
    return parts


def _portion(start_g: int, end_g: int, whole_g: int | None = None) -> str:
    """Return words for the grams [start_g, end_g) of a whole, whose total mass may be unknown."""
    mass = wording.mass(end_g - start_g)
    if start_g == 0:
        return f"its first {mass}"
    return f"its last {mass}" if end_g == whole_g else f"{mass} after its first {wording.mass(start_g)}"
