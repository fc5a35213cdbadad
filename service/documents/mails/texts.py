"""Languages of mails: every file in languages/ is one, and has all texts of every kind of mail."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from babel import Locale

from service.domain.mail import MailKind

LANGUAGES = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class KindTexts:
    """Texts of one kind of mail: its name, the subject, the text, and the label of its link."""

    kind: str
    subject: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class CommonTexts:
    """Texts of all mails."""

    test_subject: str
    test: str
    greeting: str
    reason: str
    unsubscribe: str
    no_seller: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of the facts in mails."""

    order: str
    placed: str
    mass: str
    customer: str
    total: str
    invoice: str
    issued: str
    gross: str
    owed: str
    due: str
    paid: str


@dataclass(frozen=True, slots=True)
class PageTexts:
    """Texts of the page at which a recipient stops mails."""

    title: str
    getting: str
    declined: str
    decline: str
    resume: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Language:
    """All texts in one language, and the locale of its dates."""

    code: str
    locale: Locale
    common: CommonTexts
    labels: Labels
    page: PageTexts
    kinds: dict[MailKind, KindTexts]


def language(code: str) -> Language:
    """Return the language of that file. Raise LookupError if there is none; TypeError if it lacks a text or has an
    unknown one.
    """
    if code not in language_codes():
        raise LookupError(f"there is no language {code}")
    texts = tomllib.loads((LANGUAGES / f"{code}.toml").read_text(encoding="utf-8"))
    known = {each.name for each in fields(Language)} - {"code", "locale", "kinds"}
    if unknown := set(texts) - known - {kind.value for kind in MailKind}:
        raise TypeError(f"{code}.toml has unknown sections {sorted(unknown)}")
    return Language(
        code=code,
        locale=Locale.parse(code),
        common=CommonTexts(**texts["common"]),
        labels=Labels(**texts["labels"]),
        page=PageTexts(**texts["page"]),
        kinds={kind: KindTexts(**texts[kind.value]) for kind in MailKind},
    )


def language_codes() -> list[str]:
    """Return the codes of all languages, in order."""
    return sorted(file.stem for file in LANGUAGES.glob("*.toml"))
