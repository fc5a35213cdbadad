"""Imported history in a file: the order list of a Carbonext client, read so that all errors are reported at once.

Errors of the file as a whole, such as a single page of several, are reported before those of its orders.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.domain.amounts import (
    GRAMS_PER_TONNE,
    MASS_G_MAX,
    MINOR_MAX,
    minor_exponent,
    money_text,
    parse_decimal,
    price_micros_of,
    round_half_up,
)
from service.domain.currencies import currency_of
from service.domain.file_rows import missing_message
from service.domain.history import STATES, Past, total_minor_of
from service.domain.order import OrderStatus, PaymentStatus
from service.domain.rows import FAULTS_MAX, Fault, Row, plain_number
from service.errors import Code, Refused

COLUMNS = ("id", "vcuAmount", "vcuUnitPrice", "targetCurrency", "status", "createdAt")

_STATED_SHOWN = 40
_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LOCAL = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)
_ONE_LIST = "Put the orders of all pages into one list, without the counters of a page."


@dataclass(frozen=True, slots=True)
class TotalDifference:
    """An order whose stated total differs from its mass times its unit price. The computed total is imported."""

    row: str
    stated: str
    imported: str


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """The orders of a file that could be read, the errors, and the orders whose stated total differs."""

    past: list[Past]
    faults: list[Fault]
    differing_totals: list[TotalDifference]


def items_of(document: Any) -> list[Any]:
    """Return the list of orders: the document itself, or its member `items`.

    Refuses `BAD_USER_INPUT` for a document without such a list, for an empty one, for one page of several, and for
    orders of which none has one of the members that each needs.
    """
    items = document.get("items") if isinstance(document, dict) else document
    if not isinstance(items, list):
        message = "The file has neither a list nor an object with a list `items`."
        raise Refused(Code.BAD_USER_INPUT, message)
    if isinstance(document, dict):
        _refuse_part(document, len(items))
    if not items:
        raise Refused(Code.BAD_USER_INPUT, "The file has no orders.")
    objects = [item for item in items if isinstance(item, dict)]
    if not objects:
        raise Refused(Code.BAD_USER_INPUT, "The file has no orders, but other values.")
    if any(isinstance(item.get("items"), list) for item in objects):
        raise Refused(Code.BAD_USER_INPUT, f"The list is one of pages. {_ONE_LIST}")
    present = {member for item in objects for member in item}
    missing = [column for column in COLUMNS if column not in present]
    if missing:
        raise Refused(Code.BAD_USER_INPUT, missing_message(missing, present, " in every order"))
    return items


def _refuse_part(document: Mapping[str, Any], orders: int) -> None:
    """Refuse a list that declares itself incomplete. A list that contains as many orders as it counts is accepted,
    whatever its page numbers.
    """
    total, pages, page = (_counter(document.get(name)) for name in ("totalCount", "totalPages", "pageIndex"))
    is_page = (pages or 1) > 1 or (page or 1) > 1
    is_page = is_page or document.get("hasNextPage") is True or document.get("hasPreviousPage") is True
    if total == orders or (total is None and not is_page):
        return
    counted = f"{orders} orders" if total is None else f"{orders} of {total} orders"
    if not is_page:
        message = f"The file has {counted}. Export it again, or remove the total count if these are all."
    elif page is None or pages is None:
        message = f"The file is one page of several, with {counted}. {_ONE_LIST}"
    else:
        message = f"The file is page {page} of {pages}, with {counted}. {_ONE_LIST}"
    raise Refused(Code.BAD_USER_INPUT, message)


def _counter(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 18 else None


def read_history(items: Sequence[Any], now: datetime) -> ReadHistory:
    """Return the orders of the list and everything that is wrong with it; orders that cannot be read are left out."""
    faults: list[Fault] = []
    found: list[Past] = []
    differing: list[TotalDifference] = []
    seen: dict[UUID, str] = {}
    for number, item in enumerate(items, start=1):
        row = Row(f"item {number}", item if isinstance(item, dict) else {}, faults)
        if not isinstance(item, dict):
            row.fail("", "is not an object")
            continue
        past = _read(row, now)
        if past is None:
            continue
        if past.id in seen:
            row.fail("id", f"is the id of {seen[past.id]} as well")
        seen.setdefault(past.id, row.name)
        found.append(past)
        if (difference := _difference(row.name, item.get("totalPrice"), past)) and len(differing) < FAULTS_MAX:
            differing.append(difference)
    return ReadHistory(found, faults, differing)


def _read(row: Row, now: datetime) -> Past | None:
    id_ = row.read("id", _id)
    mass_g = row.read("vcuAmount", _mass_g)
    price_micros = row.read("vcuUnitPrice", lambda text: price_micros_of(plain_number(text)))
    currency = row.read("targetCurrency", _currency)
    state = row.read("status", _state)
    created_at = row.read("createdAt", lambda text: _instant(text, now))
    if id_ is None or mass_g is None or price_micros is None or currency is None or not state or created_at is None:
        return None
    total_minor = total_minor_of(mass_g, price_micros, minor_exponent(currency))
    if total_minor > MINOR_MAX:
        row.fail("vcuUnitPrice", "makes a total that is above what one order can hold")
        return None
    return Past(id_, mass_g, price_micros, currency, *state, total_minor, created_at)


def _difference(row: str, stated: object, past: Past) -> TotalDifference | None:
    """Return the difference if the file states a total that differs by a minor unit or more; otherwise None."""
    if stated is None or stated == "":
        return None
    shown = stated if isinstance(stated, str) else "no number"
    try:
        stated_minor = round_half_up(parse_decimal(plain_number(shown)) * 10 ** minor_exponent(past.currency))
    except Refused:
        stated_minor = None
    if stated_minor == past.total_minor:
        return None
    return TotalDifference(row, shown[:_STATED_SHOWN], money_text(past.total_minor, past.currency))


def _id(text: str) -> UUID:
    if not _ID.fullmatch(text):
        raise Refused(Code.BAD_USER_INPUT, "is not a UUID")
    return UUID(text)


def _mass_g(text: str) -> int:
    grams = parse_decimal(plain_number(text)) * GRAMS_PER_TONNE
    if grams.denominator != 1 or grams > MASS_G_MAX:
        raise Refused(Code.BAD_USER_INPUT, "is not a mass in tonnes with at most 6 decimals")
    return grams.numerator


def _currency(text: str) -> str:
    return currency_of(text).code


def _state(text: str) -> tuple[OrderStatus, PaymentStatus]:
    if text not in STATES:
        raise Refused(Code.BAD_USER_INPUT, f"is none of {', '.join(STATES)}")
    return STATES[text]


def _instant(text: str, now: datetime) -> datetime:
    try:
        if _LOCAL.fullmatch(text):
            instant = datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        else:
            instant = datetime.fromisoformat(text)
            instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(Code.BAD_USER_INPUT, "is no date as dd/MM/yyyy HH:mm:ss or in ISO 8601") from None
    if instant > now:
        raise Refused(Code.BAD_USER_INPUT, "is in the future")
    return instant
