"""A copy of a PDF with ASCII bytes only, for a client that decodes the file as UTF-8.

It looks the same, but is not PDF/A, whose second line has to be binary.
"""

from base64 import a85encode
from io import BytesIO
from typing import Any

import pikepdf

_FILTER = pikepdf.Name("/ASCII85Decode")


def ascii_copy(pdf: bytes) -> bytes:
    """Return the copy. The same bytes make the same bytes; a file that is ASCII already stays as it is."""
    if pdf.isascii():
        return pdf
    with pikepdf.open(BytesIO(pdf)) as document:
        for each in document.objects:
            if isinstance(each, pikepdf.Stream):
                _encode(each)
        file = BytesIO()
        document.save(
            file,
            deterministic_id=True,
            fix_metadata_version=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
        )
    head, line, rest = file.getvalue().partition(b"\n%")
    comment, end, body = rest.partition(b"\n")
    return head + line + b"A" * len(comment) + end + body


def _encode(stream: Any) -> None:
    """Put ASCII85 before the filters that the stream has. None of Typst's has parameters."""
    if stream.get("/Type") == "/Metadata":
        # The filter option has no effect on this stream. The byte order mark is not part of the XML.
        text = stream.read_bytes().decode().replace("\ufeff", "")
        stream.write(text.encode("ascii", "xmlcharrefreplace"))
        return
    filters = stream.get("/Filter", pikepdf.Array())
    before = list(filters) if isinstance(filters, pikepdf.Array) else [filters]
    data = a85encode(stream.read_raw_bytes(), wrapcol=120) + b"~>"
    stream.write(data, filter=pikepdf.Array([_FILTER, *before]))
