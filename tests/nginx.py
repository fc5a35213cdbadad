"""A real nginx with the site of deploy/nginx.conf, before servers on this machine.

Without nginx, or openssl for a certificate, tests that need it are skipped; REQUIRE_NGINX=1 makes that a failure.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.programs import lacking
from tests.server import ROOT, free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
OPENSSL = shutil.which("openssl")
READY_S = 60


@contextmanager
def running_nginx(
    folder: Path, backends: Sequence[int], *, rate: str = "50r/s", read_timeout: str = "20s"
) -> Iterator[tuple[int, int]]:
    """The ports for TLS and for plain HTTP of the site; `rate` bounds the requests of one address, `read_timeout` the
    silence of the service.
    """
    port, plain_port = free_port(), free_port()
    (folder / "nginx.conf").write_text(site(folder, backends, port, plain_port, rate=rate, read_timeout=read_timeout))
    command = [str(NGINX), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command)
    try:
        until_open(plain_port, process)
        yield port, plain_port
    finally:
        process.terminate()
        process.wait()


def is_installed() -> bool:
    """Return whether the site can be served."""
    return NGINX is not None and OPENSSL is not None


def certify(folder: Path) -> None:
    """Make the certificate of the site, or skip the test."""
    if not is_installed():
        lacking("nginx and openssl are needed to try deploy/nginx.conf", "REQUIRE_NGINX")
    names = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=orders.example.com"]
    command = [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *names]
    subprocess.run(command, check=True, capture_output=True)


def until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < give_up_at:
        with suppress(OSError, HTTPException), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        time.sleep(0.05)
    raise RuntimeError("it does not answer")


def site(
    folder: Path, ports: Sequence[int], port: int, plain_port: int, *, rate: str, read_timeout: str = "20s"
) -> str:
    """The site as it is deployed, but for its addresses, the certificate, the rate and the timeout."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    changes = {
        "server 127.0.0.1:8000 ": f"server 127.0.0.1:{ports[0]} ",
        "#server 127.0.0.1:8001 ": f"server 127.0.0.1:{ports[1]} ",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "/etc/ssl/orders.example.com.pem": str(folder / "cert.pem"),
        "/etc/ssl/private/orders.example.com.key": str(folder / "key.pem"),
        "rate=50r/s": f"rate={rate}",
        "proxy_read_timeout 20s;": f"proxy_read_timeout {read_timeout};",
    }
    for written, used in changes.items():
        assert text.count(written) == 1, written
        text = text.replace(written, used)
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}\n{text}\n}}\n"
    )
