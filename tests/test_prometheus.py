"""A real Prometheus with the files of deploy/ scrapes the real service; its tools find nothing wrong.

Without Debian's prometheus these tests are skipped; REQUIRE_PROMETHEUS=1 makes that a failure.

Seen to fail when: the format has an invalid line; a rule or a panel names a metric or a label that there is not.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import TEMPLATE, Postgres
from tests.programs import lacking
from tests.server import ROOT, free_port, running

DEPLOY = ROOT / "deploy"
ALERTS, CONFIGURATION = "prometheus-alerts.yml", "prometheus.yml"
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
PATIENCE_S = 60
NAME = re.compile(r"\b(?:carbon_orders|process)_\w+")
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"|by \(([\w, ]+)\)')


def get(port: int, path: str) -> str:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        return answer.read().decode()


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        assert process.poll() is None
        with suppress(OSError, AssertionError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError("it did not come true in time")


@pytest.fixture(scope="module")
def prometheus() -> None:
    if PROMETHEUS is None or PROMTOOL is None:
        lacking("prometheus and promtool are needed to try the metrics", "REQUIRE_PROMETHEUS")


@pytest.fixture(scope="module")
def metrics_port(postgres_template: Postgres) -> Iterator[int]:
    """The port of the metrics of a service that was asked something."""
    port = free_port()
    postgres_template.execute(f"CREATE DATABASE watched TEMPLATE {TEMPLATE}")
    with running(postgres_template.uri("watched"), metrics_bind=f"127.0.0.1:{port}") as url:
        connection = HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=10)
        body = json.dumps({"query": "{ account { id } }"})
        connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        assert connection.getresponse().status == 401
        connection.close()
        yield port
    postgres_template.execute("DROP DATABASE watched WITH (FORCE)")


def expressions() -> list[str]:
    """Each expression of the alerts and of the dashboard."""
    alerts = re.findall(r"expr: '(.*)'$", (DEPLOY / ALERTS).read_text(encoding="utf-8"), re.MULTILINE)
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [*alerts, *(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])]


@pytest.mark.usefixtures("prometheus")
def test_promtool_finds_nothing_wrong_with_the_metrics_and_the_rules(metrics_port: int):
    for command, given in (
        (["check", "metrics"], get(metrics_port, "/metrics").encode()),
        (["check", "config", str(DEPLOY / CONFIGURATION)], b""),
        (["check", "rules", str(DEPLOY / ALERTS)], b""),
    ):
        done = subprocess.run([PROMTOOL or "", *command], input=given, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command


def test_alerts_and_dashboard_name_only_metrics_and_labels_that_there_are(metrics_port: int):
    shown = get(metrics_port, "/metrics")
    names = set(re.findall(r"^(\w+)[{ ]", shown, re.MULTILINE))
    labels = {*re.findall(r'[{,](\w+)="', shown), "job", "instance"}
    for expression in expressions():
        assert set(NAME.findall(expression)) - names == set(), expression
        named = {each.strip() for found in LABEL.findall(expression) for part in found for each in part.split(",")}
        assert named - {""} - labels == set(), expression


def test_the_metrics_listener_serves_nothing_else(metrics_port: int):
    for path in ("/", "/graphql", "/health/ready"):
        with closing(HTTPConnection("127.0.0.1", metrics_port, timeout=10)) as connection:
            connection.request("GET", path)
            assert connection.getresponse().status == 404


@pytest.mark.usefixtures("prometheus")
def test_prometheus_scrapes_the_service_and_evaluates_the_alerts(metrics_port: int, tmp_path: Path):
    text = (DEPLOY / CONFIGURATION).read_text(encoding="utf-8")
    for written, used in (("127.0.0.1:9464  #", f"127.0.0.1:{metrics_port}  #"), ("interval: 15s", "interval: 1s")):
        assert written in text
        text = text.replace(written, used)
    (tmp_path / CONFIGURATION).write_text(text)
    shutil.copy(DEPLOY / ALERTS, tmp_path / ALERTS)
    port = free_port()
    options = [f"--config.file={tmp_path / CONFIGURATION}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    process = subprocess.Popen(
        [PROMETHEUS or "", *options, f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def found(query: str) -> list[Any]:
        answer = json.loads(get(port, f"/api/v1/query?query={quote(query)}"))
        return list(answer["data"]["result"])

    def rules() -> list[dict[str, Any]]:
        groups = json.loads(get(port, "/api/v1/rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    try:
        until(lambda: bool(found('up{job="carbon-orders"} == 1')), process)
        ((refused),) = found('carbon_orders_refusals_total{api="graphql",code="UNAUTHENTICATED"}')
        assert refused["value"][1] == "1"
        until(lambda: len(rules()) > 0 and all(rule["health"] == "ok" for rule in rules()), process)
        firing = {rule["name"] for rule in rules() if rule["state"] == "firing"}
        assert firing == set()
        (target,) = json.loads(get(port, "/api/v1/targets"))["data"]["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
    finally:
        process.kill()
        process.wait()
