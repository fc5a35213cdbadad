"""QR codes of documents, as SVG pictures."""

from io import BytesIO

import segno


def qr_code(text: str) -> str:
    """Return the picture of the text's code."""
    file = BytesIO()
    segno.make(text, error="m", micro=False).save(file, kind="svg", border=4, xmldecl=False, svgns=True, nl=False)
    return file.getvalue().decode()
