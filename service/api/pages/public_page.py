"""Common parts of the public pages: their style, their template files, and their content security policy.

Anybody who has the address of such a page may read it, without a key. Knows no certificate and no receipt.
"""

import hashlib
from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

HERE = Path(__file__).parent
STYLE = Markup((HERE / "public_page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
_STYLE_DIGEST = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # keeps the address secret, because it gives access to the page
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
WITH_PICTURES = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace("; base-uri", "; img-src 'self'; base-uri"),
}
"""Headers of a page that shows pictures of this service. Browsers then ask for its icon too."""
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
)


def template(name: str) -> Template:
    """Return the page's template. A missing value raises an error instead of leaving a gap."""
    return _TEMPLATES.get_template(name)
