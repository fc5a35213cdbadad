"""Drawing of a document by Typst: a template of this folder and facts as JSON in, a PDF out.

Runs in the processes of the drawer. The same facts make the same bytes, whatever was drawn before.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import typst

from service.documents.einvoice import einvoice_of, is_credit_note, marked
from service.documents.fonts import font_folders, unshown
from service.documents.text_layer import mended

STANDARDS: list[Any] = ["a-2a", "ua-1"]
"""PDF/A-2a and PDF/UA-1, as far as the compiler checks them: it refuses text that no font shows."""
WITH_ATTACHMENT: list[Any] = ["a-3a", "ua-1"]
"""PDF/A-3a, which may have attachments, and PDF/UA-1."""
ATTEMPTS_MAX = 20
_HERE = Path(__file__).parent
_REFUSED_TEXT = re.compile(r'(?:the text|disallowed codepoint) `"(.+?)"`')
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|.)")
"""A character as the compiler escapes it in its messages: as in a Rust string."""


class Drawn(NamedTuple):
    """A PDF, and the characters of its facts that no font has, which are printed as code points in brackets."""

    pdf: bytes
    missing: str


def draw_invoice(facts: str, stored: str) -> Drawn:
    """Return the invoice or credit note with its XML, if the extra `einvoice` is installed and the stored facts are
    complete enough, in PDF/A-3a; otherwise without.
    """
    template = "credit_note" if is_credit_note(json.loads(stored)) else "invoice"
    xml = einvoice_of(stored)
    if xml is None:
        return draw(template, facts)
    drawn = draw(template, facts, einvoice=xml.decode())
    return Drawn(marked(drawn.pdf), drawn.missing)


def draw(template: str, facts: str, *, einvoice: str | None = None) -> Drawn:
    """Return the document that the template, a name without `.typ`, makes of the facts, a JSON text. Raises
    `typst.TypstError` for a template that is wrong.
    """
    missing = unshown(facts)
    more = {} if einvoice is None else {"einvoice": einvoice}
    for _ in range(ATTEMPTS_MAX):
        try:
            pdf = _compiler().compile(
                input=str(_HERE / f"{template}.typ"),
                format="pdf",
                sys_inputs={"facts": _bracketed(facts, missing), **more},
                pdf_standards=STANDARDS if einvoice is None else WITH_ATTACHMENT,
            )
        except typst.TypstError as error:
            # Fonts may have a letter and a mark, but no combination of the two.
            refused = [each for each in _refused(error) if each not in missing]
            if not refused:
                raise
            missing += refused
        else:
            assert isinstance(pdf, bytes)  # noqa: S101 - only pictures have one file a page
            return Drawn(mended(pdf), "".join(missing))
    raise RuntimeError("a document's text is refused again and again")


def _refused(error: typst.TypstError) -> list[str]:
    """Return the characters that the compiler refused. Characters that a message does not escape are ASCII, and of
    those only control characters are refused.
    """
    texts = _REFUSED_TEXT.findall(error.diagnostic)
    characters = "".join(_ESCAPED.sub(lambda code: chr(int(code[1], 16)) if code[1] else "", text) for text in texts)
    return [each for each in dict.fromkeys(characters) if not (each.isascii() and each.isprintable())]


def _bracketed(facts: str, missing: list[str]) -> str:
    """Return the facts with code points in brackets for the missing characters."""
    if not missing:
        return facts
    named = {ord(each): f"[U+{ord(each):04X}]" for each in missing}
    return json.dumps(_translated(json.loads(facts), named))


def _translated(value: Any, named: dict[int, str]) -> Any:
    match value:
        case str():
            return value.translate(named)
        case list():
            return [_translated(each, named) for each in value]
        case dict():
            return {name: _translated(each, named) for name, each in value.items()}
    return value


@cache
def _compiler() -> typst.Compiler:
    """Return the compiler of this process. Its fonts are read once."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(each) for each in font_folders()]
    )
    return typst.Compiler(root=str(_HERE), font_paths=fonts)
