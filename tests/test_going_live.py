"""docs/going-live.md is followed from its first line to its last, as it is written, on a real PostgreSQL.

One bash runs the blocks `sh step` in the order of the page, and another one the block `sh service`, behind a real
nginx. Only the address of the database is replaced, because the server of the tests has a socket and no port.

Seen to fail when: a command or request of the page is refused; an answer differs from the page; a block of the page is
run by nothing.
"""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import Postgres
from tests.examples import ROOT, Fence, environment, fences, unlike
from tests.nginx import certify, running_nginx
from tests.server import free_port

pytestmark = pytest.mark.tools
PAGE = ROOT / "docs" / "going-live.md"
WRITTEN = "@127.0.0.1:5432/carbon"
MARK = "=== end of the block in line"
UNTIL_READY = """
bash ./service.sh > service.log 2>&1 & SERVICE=$!
trap 'kill $SERVICE; wait $SERVICE || true' EXIT
until curl -sf "http://127.0.0.1:$SERVICE_PORT/health/ready" > /dev/null; do kill -0 $SERVICE; sleep 0.1; done
"""
FOLLOWED_S = 300


@pytest.fixture
def server(postgres: Postgres):
    """The server of PostgreSQL, which has neither the role nor the database of the page before and afterwards."""
    yield postgres
    postgres.execute("DROP DATABASE IF EXISTS carbon WITH (FORCE)")
    postgres.execute("DROP ROLE IF EXISTS carbon")


def test_the_page_leads_from_an_empty_postgresql_to_a_certificate(server: Postgres, tmp_path: Path) -> None:
    certify(tmp_path)
    blocks = [fence for fence in fences(PAGE) if fence.language == "sh"]
    assert {fence.words for fence in blocks} == {("step",), ("service",)}
    (sockets,) = parse_qs(urlsplit(server.uri("carbon")).query)["host"]
    socket_address = f"@/carbon?host={sockets}"
    assert PAGE.read_text(encoding="utf-8").count(WRITTEN) == 1
    script = "\n".join(script_of(fence, tmp_path) for fence in blocks).replace(WRITTEN, socket_address)
    (tmp_path / "page.sh").write_text(script, encoding="utf-8")

    port = free_port()
    with running_nginx(tmp_path, [port, port]) as (tls_port, _):
        (tmp_path / ".curlrc").write_text(
            f'connect-to = "orders.example.com:443:127.0.0.1:{tls_port}"\ncacert = "{tmp_path}/cert.pem"\n'
        )
        given = environment(
            PATH=f"{Path(sys.executable).parent}:{server.server.bin_path}:/usr/bin:/bin",
            CURL_HOME=str(tmp_path),
            PGHOST=sockets,
            PGUSER="postgres",
            SERVICE_PORT=str(port),
        )
        followed = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "page.sh"],
            cwd=tmp_path,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FOLLOWED_S,
            check=False,
        )

    log = (tmp_path / "service.log").read_text(encoding="utf-8") if (tmp_path / "service.log").exists() else ""
    assert followed.returncode == 0, followed.stdout + log
    printed = printed_by_line(followed.stdout)
    for block, shown in answers():
        assert unlike(shown, json.loads(printed[block.line])) == [], f"line {block.line}: {printed[block.line]}"
    for document in ("invoice.pdf", "certificate.pdf", "retirement.pdf"):
        assert (tmp_path / document).read_bytes().startswith(b"%PDF-"), document
    assert list(tmp_path.glob("orders-*.backup"))


def script_of(fence: Fence, folder: Path) -> str:
    """The text of a block, and a line that says that it has ended. That of the service is started beside the others."""
    if "service" in fence.words:
        (folder / "service.sh").write_text(fence.text.replace("carbon-orders serve", "exec carbon-orders serve"))
        return UNTIL_READY
    return f"{fence.text}\necho '{MARK} {fence.line}'"


def printed_by_line(output: str) -> dict[int, str]:
    """Return the output of each block, by the line of the page at which the block begins."""
    parts = re.split(rf"{MARK} (\d+)\n", output)
    return {int(line): text for text, line in zip(parts[::2], parts[1::2], strict=False)}


def answers() -> list[tuple[Fence, object]]:
    """Return each block whose answer the page shows, with this answer."""
    written = fences(PAGE)
    return [(block, json.loads(shown.text)) for block, shown in pairwise(written) if shown.words == ("printed",)]
