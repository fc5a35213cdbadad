"""A certificate as an A4 landscape page: the same facts make the same bytes, all of them ASCII.

Knows nothing of where certificates are kept or served. ASCII, because a client in use decodes the file as UTF-8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Literal

from babel import Locale
from babel.core import get_global
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import TimeStamp
from reportlab.pdfgen.canvas import Canvas

from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text
from service.domain.catalogue import Mode
from service.domain.certificate import Certificate, Interval, RetiredBatch
from service.domain.certificate_ornament import FAINT, GOLD, INK, MUTED, border, qr_code, ring, rosette, shades
from service.domain.serials.block import UnnumberedBatch
from service.kit.pdf_text import Typesetter
from service.kit.shaping import Style, set_line, shrink, wrap

ROWS_MAX = 40
INTERVALS_MAX = 60
NAME_LENGTH_MAX = 300
"""Maximum length of a text in characters; a longer one could not be read on the page, and would take long to set."""
ROWS_IN_ONE_COLUMN = 14
ROWS_BESIDE_NOTE = 4
TWO_LINE_PITCH = 40.0
WIDTH, HEIGHT = landscape(A4)

_SERIF, _STRONG, _ITALIC = Style("serif"), Style("serif", 600), Style("serif", 400, italic=True)
_SANS, _SANS_STRONG = Style("sans"), Style("sans", 600)
_LEFT, _RIGHT, _MIDDLE = 64.0, WIDTH - 64, WIDTH / 2
_TABLE_RIGHT, _ASIDE = 566.0, 598.0
_TOP, _BOTTOM = 316.0, 60.0
_ENGLISH = Locale("en")


def certificate_pdf(certificate: Certificate, verify_url: str) -> bytes:
    """Return the page, in ASCII bytes. It contains the address for verification, in words and as a QR code. Batches
    beyond `ROWS_MAX` rows are summed in the last one.
    """
    file = BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1, lang="en")
    page = _Page(canvas, Typesetter(canvas))
    _stamp(canvas, certificate)
    rosette(canvas, _MIDDLE, 428, 104)
    border(canvas, WIDTH, HEIGHT, 20)
    if certificate.mode is Mode.TEST:
        page.specimen()
    _declaration(page, certificate)
    rows = _rows(certificate.batches)
    _table(page, rows)
    _aside(page, certificate, rows, verify_url)
    canvas.showPage()
    canvas.save()
    return _ascii(file.getvalue())


@dataclass(frozen=True)
class _Row:
    """One line of the table; `more` is the number of batches that found no place."""

    name: str
    detail: str
    mass_g: int
    colour: Color


@dataclass(frozen=True)
class _Page:
    canvas: Canvas
    typesetter: Typesetter

    def draw_text(
        self,
        x: float,
        y: float,
        text: str,
        style: Style,
        size: float,
        colour: Color = INK,
        align: Literal["left", "centre", "right"] = "left",
        tracking: float = 0,
    ) -> None:
        self.canvas.setFillColor(colour)
        self.typesetter.text(x, y, set_line(text, style, tracking), size, align)

    def rule(self, x0: float, x1: float, y: float, colour: Color, thickness: float) -> None:
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(thickness)
        self.canvas.line(x0, y, x1, y)

    def fact(self, x: float, y: float, label: str, values: Sequence[str], size: float) -> None:
        self.draw_text(x, y, label, _SANS_STRONG, 4.8, GOLD, tracking=140)
        for index, value in enumerate(values):
            self.draw_text(x, y - 4 - (index + 0.75) * size * 1.25, value, _SANS, size)

    def specimen(self) -> None:
        self.canvas.saveState()
        self.canvas.translate(_MIDDLE, HEIGHT / 2)
        self.canvas.rotate(24)
        self.draw_text(0, -50, "SPECIMEN", _SANS_STRONG, 150, HexColor("#F3E3DF"), "centre", 60)
        self.canvas.restoreState()


def _declaration(page: _Page, certificate: Certificate) -> None:
    page.draw_text(_MIDDLE, 527, "CARBON CREDITS", _SANS_STRONG, 7.5, GOLD, "centre", 320)
    page.draw_text(_MIDDLE, 488, "Certificate of Retirement", _SERIF, 39, INK, "centre")
    page.rule(_MIDDLE - 60, _MIDDLE + 60, 474, GOLD, 0.6)
    page.draw_text(_MIDDLE, 453, "This is to certify that in the name of", _ITALIC, 13, MUTED, "centre")
    _recipient(page, certificate.recipient[:NAME_LENGTH_MAX])
    page.draw_text(_MIDDLE, 394, "credits for", _ITALIC, 13, MUTED, "centre")
    page.draw_text(_MIDDLE, 369, _mass_in_words(certificate.mass_g) + " of CO₂ equivalent", _STRONG, 23, INK, "centre")
    fate = "have been retired for good: cancelled as listed below, so that nobody can use or sell them again."
    page.draw_text(_MIDDLE, 349, fate, _ITALIC, 13, MUTED, "centre")
    y = 333
    if certificate.beneficiary not in {None, certificate.recipient}:
        counted = f"The credits count for {certificate.beneficiary}"[:NAME_LENGTH_MAX]
        text, size = shrink(counted, _ITALIC, 11, _RIGHT - _LEFT, 7)
        page.draw_text(_MIDDLE, 337, text, _ITALIC, size, MUTED, "centre")
        y = 325
    if certificate.mode is Mode.TEST:
        warning = "Made in test mode. No credit was retired and this page certifies nothing."
        page.draw_text(_MIDDLE, y, warning, _SANS_STRONG, 9, HexColor("#A03B2A"), "centre")


def _recipient(page: _Page, recipient: str) -> None:
    width = 640.0
    lines = [recipient] if set_line(recipient, _STRONG).width_em * 19 <= width else wrap(recipient, _STRONG, 17, width)
    if len(lines) == 1:
        text, size = shrink(lines[0], _STRONG, 31, width, 17)
        page.draw_text(_MIDDLE, 428 - size / 5, text, _STRONG, size, INK, "centre")
        return
    second, size = shrink(" ".join(lines[1:]), _STRONG, 17, width, 12)
    page.draw_text(_MIDDLE, 433, lines[0], _STRONG, 17, INK, "centre")
    page.draw_text(_MIDDLE, 413, second, _STRONG, size, INK, "centre")


def _rows(batches: Sequence[RetiredBatch]) -> list[_Row]:
    shown = batches if len(batches) <= ROWS_MAX else batches[: ROWS_MAX - 1]
    rest = batches[len(shown) :]
    # The largest share takes the darkest shade, so that the ring reads the same whatever the order of the table.
    by_mass = sorted(range(len(shown)), key=lambda index: -shown[index].mass_g)
    colours = dict(zip(by_mass, shades(len(shown)), strict=True))
    rows = [
        _Row(batch.project_name[:NAME_LENGTH_MAX], _detail(batch), batch.mass_g, colours[i])
        for i, batch in enumerate(shown)
    ]
    if rest:
        mass_g = sum(batch.mass_g for batch in rest)
        rows.append(_Row(f"and {len(rest)} more", "listed in full at the address beside", mass_g, MUTED))
    return rows


def _detail(batch: RetiredBatch) -> str:
    parts = (_country(batch.country), batch.registry, f"vintage {batch.vintage}")
    return " · ".join(part for part in (*parts, _serials(batch)) if part)


def _serials(batch: RetiredBatch) -> str:
    """Return the serials of a batch as they are printed; of a part of one serial also which grams of the batch."""
    shown = batch.intervals[:INTERVALS_MAX]
    more = ", …" * (len(batch.intervals) > INTERVALS_MAX)
    if isinstance(batch.block, UnnumberedBatch):
        return f"reference {batch.block.reference}"
    if batch.block is not None:
        written = [f"{text}{_part(each)}" for text, each in zip(batch.written, shown, strict=False)]
        return f"serials {', '.join(dict.fromkeys(written))}{more}"
    numbers = [f"{a}" if a == b else f"{a} to {b}" for a, b in batch.serial_numbers[:INTERVALS_MAX]]
    label = "serial" if len(batch.intervals) == 1 and numbers[0].isdigit() else "serials"
    parts = ", ".join(f"{number}{_part(each)}" for number, each in zip(numbers, shown, strict=True))
    return f"{label} {batch.serial_prefix}{parts}{more}"


def _part(interval: Interval) -> str:
    """Return which grams of the batch these are, if they are a part of one serial."""
    serials = -(-interval.end_g // GRAMS_PER_TONNE) - interval.start_g // GRAMS_PER_TONNE
    if serials > 1 or interval.mass_g == GRAMS_PER_TONNE:
        return ""
    return f" (grams {interval.start_g:,} to {interval.end_g - 1:,} of the batch)"


def _table(page: _Page, rows: Sequence[_Row]) -> None:
    columns = 1 if len(rows) <= ROWS_IN_ONE_COLUMN else 2
    bottom = _BOTTOM
    if len(rows) <= ROWS_BESIDE_NOTE:
        bottom += 50
        _note(page)
    deep = -(-len(rows) // columns)
    pitch = min(60.0, (_TOP - 8 - bottom) / deep)
    gap = 20.0
    width = (_TABLE_RIGHT - _LEFT - gap * (columns - 1)) / columns
    for column in range(columns):
        x = _LEFT + column * (width + gap)
        page.draw_text(x, _TOP, "PROJECT", _SANS_STRONG, 5.6, GOLD, tracking=160)
        page.draw_text(x + width, _TOP, "RETIRED", _SANS_STRONG, 5.6, GOLD, "right", 160)
        page.rule(x, x + width, _TOP - 6, GOLD, 0.5)
        for index, row in enumerate(rows[column * deep : (column + 1) * deep]):
            _row(page, row, x, _TOP - 7 - index * pitch, width, pitch)


def _row(page: _Page, row: _Row, x: float, top: float, width: float, pitch: float) -> None:
    """Draw name and mass above, and below them, smaller, the origin and the serials of the credits."""
    size = min(width / 29, pitch * 0.43)
    small = min(9.2, size * 0.72)
    indent = 4 + size * 0.6
    page.canvas.setFillColor(row.colour)
    page.canvas.rect(x, top - pitch * 0.94, 1.5 + size * 0.15, pitch * 0.84, stroke=0, fill=1)
    mass = _mass(row.mass_g)
    y = top - size * 1.16
    mass_y, mass_size = y, size * 0.8
    room = width - indent - set_line(mass, _SANS_STRONG).width_em * mass_size - 10
    names = [row.name]
    if pitch > TWO_LINE_PITCH and set_line(row.name, _STRONG).width_em * size * 0.8 > room:
        size *= 0.8
        first, *others = wrap(row.name, _STRONG, size, room)
        names = [first, " ".join(others)]
    for name in names:
        text, fitted = shrink(name, _STRONG, size, room, size * 0.8)
        page.draw_text(x + indent, y, text, _STRONG, fitted)
        y -= size * 1.1
    page.draw_text(x + width, mass_y, mass, _SANS_STRONG, mass_size, INK, "right")
    y += size * 1.1 - small * 1.42
    _details(page, row.detail, x + indent, y, width - indent, small, top - pitch)
    if pitch > 15:  # closer than that, a rule would run through the small print
        page.rule(x, x + width, top - pitch, FAINT, 0.4)


def _details(page: _Page, detail: str, x: float, y: float, width: float, size: float, floor: float) -> None:
    """Draw as many lines as fit above `floor`; if the detail needs more it is set smaller, and at last cut short."""
    for fitted in (size, size * 0.8):
        leading = fitted * 1.28
        count = max(1, int((y - floor - fitted * 0.3) / leading) + 1)
        lines = wrap(detail, _SANS, fitted, width)
        if len(lines) <= count:
            break
    shown = [*lines[: count - 1], " ".join(lines[count - 1 :])]
    for index, line in enumerate(shown[: len(lines)]):
        text, least = shrink(line, _SANS, fitted, width, fitted * 0.8)
        page.draw_text(x, y - index * leading, text, _SANS, least, MUTED)


def _note(page: _Page) -> None:
    page.rule(_LEFT, _LEFT + 60, _BOTTOM + 37, GOLD, 0.6)
    note = (
        "One credit stands for one tonne of CO₂ equivalent kept out of the atmosphere or taken from it, and is issued "
        "by the registry named. The grams named here were retired for this order and for no other; anyone may "
        "compare this page with our records at the address beside."
    )
    for index, line in enumerate(wrap(note, _ITALIC, 10, _TABLE_RIGHT - _LEFT)):
        page.draw_text(_LEFT, _BOTTOM + 23 - index * 12.5, line, _ITALIC, 10, MUTED)


def _aside(page: _Page, certificate: Certificate, rows: Sequence[_Row], verify_url: str) -> None:
    by_mass = sorted(rows, key=lambda row: -row.mass_g)
    ring(page.canvas, _ASIDE + 43, 272, 43, [row.mass_g for row in by_mass], [row.colour for row in by_mass])
    count = len(certificate.batches)
    page.draw_text(_ASIDE + 43, 271, str(count), _STRONG, 19, INK, "centre")
    page.draw_text(_ASIDE + 43, 262, "batch" if count == 1 else "batches", _SANS, 6, MUTED, "centre")
    qr_code(page.canvas, _RIGHT - 92, 224, 96, verify_url)
    page.rule(_ASIDE, _RIGHT, 215, FAINT, 0.6)
    half = (_RIGHT - _ASIDE) / 2
    page.fact(_ASIDE, 202, "CERTIFICATE", [certificate.number], 12)
    page.fact(_ASIDE, 174, "ORDER", [certificate.order_number, str(certificate.order_id)], 7.2)
    page.fact(_ASIDE, 143, "RETIRED", _date(certificate.retired_at), 7.2)
    page.fact(_ASIDE + half, 143, "ISSUED", _date(certificate.issued_at), 7.2)
    page.fact(_ASIDE, 112, "SHA-256 OF THE FACTS", [certificate.fingerprint[:32], certificate.fingerprint[32:]], 6.6)
    page.fact(_ASIDE, 83, "VERIFY AT", wrap(verify_url, _SANS, 6.6, _RIGHT - _ASIDE)[:2], 6.6)
    page.canvas.linkURL(verify_url, (_RIGHT - 92, 224, _RIGHT + 4, 320))
    page.canvas.linkURL(verify_url, (_ASIDE, 60, _RIGHT, 90))


def _mass_in_words(mass_g: int) -> str:
    number, unit = _mass(mass_g).split()
    word = {"g": "gram", "kg": "kilogram", "t": "tonne"}[unit]
    return f"{number} {word}" if number == "1" else f"{number} {word}s"


def _mass(mass_g: int) -> str:
    if mass_g < GRAMS_PER_TONNE // 1000:
        return f"{mass_g} g"
    if mass_g < GRAMS_PER_TONNE:
        return f"{mass_text(mass_g, MassUnit.KILOGRAM)} kg"
    return f"{mass_text(mass_g, MassUnit.TONNE)} t"


def _country(code: str) -> str:
    alpha_2 = get_global("territory_aliases").get(code, [code])[0]
    return str(_ENGLISH.territories.get(alpha_2, code))


def _date(moment: datetime) -> list[str]:
    # Not strftime: its month names follow the machine's locale.
    utc = moment.astimezone(UTC)
    return [f"{utc.day} {_ENGLISH.months['format']['wide'][utc.month]} {utc.year}", f"{utc:%H:%M:%S} UTC"]


def _stamp(canvas: Canvas, certificate: Certificate) -> None:
    """Set the file's own dates and identity from the certificate: ReportLab would take them from the clock or the
    environment (SOURCE_DATE_EPOCH).
    """
    canvas.setTitle(f"Certificate of Retirement {certificate.number}")
    canvas.setSubject(f"Order {certificate.order_number}")
    canvas.setAuthor("")
    canvas.setCreator("carbon-orders")
    document = vars(canvas)["_doc"]
    moment = TimeStamp(invariant=1)
    moment.YMDhms = certificate.issued_at.astimezone(UTC).timetuple()[:6]
    document._timeStamp = moment  # noqa: SLF001 - has no public setter
    identity = f"<{certificate.fingerprint[:32]}>"
    document._ID = f"[{identity}{identity}]".encode()  # noqa: SLF001 - has no public setter


def _ascii(pdf: bytes) -> bytes:
    """Replace the four high bytes of the file's second line by ASCII, so that every offset stays valid. PDF only
    recommends high bytes, to keep old programs from taking the file for text; here it has to be text.
    """
    head, line, rest = pdf.partition(b"\n%")
    return (head + line + b"ASCI" + rest[4:]).decode("ascii").encode()
