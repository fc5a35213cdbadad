"""Ports of the metrics, and variables of OpenTelemetry that decide whether traces are sent."""

import pytest
from pydantic import ValidationError

from service.commands.setting_messages import faults_of
from service.kit.setting_values import PortRange
from service.kit.tracing import CHOSEN_BY, fault_of_variables, is_wanted
from service.settings import Settings
from tests import processes
from tests.server import ROOT, environment_of, free_port


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("127.0.0.1:9464", PortRange("127.0.0.1", 9464, 9464)),
        (" metrics.internal:9464-9467 ", PortRange("metrics.internal", 9464, 9467)),
        ("[::1]:1-65535", PortRange("::1", 1, 65535)),
    ],
)
def test_ports_are_read(text: str, ports: PortRange):
    assert Settings(metrics_bind=text).metrics_bind == ports


@pytest.mark.parametrize(
    "text", ["9464", ":9464", "host", "host:0", "host:9467-9464", "host:65536", "::1:9464", "h:1-"]
)
def test_wrong_ports_are_refused_by_name(text: str):
    with pytest.raises(ValidationError) as refused:
        Settings(metrics_bind=text)
    assert faults_of(refused.value).startswith("SERVICE_METRICS_BIND: ")


def test_traces_are_sent_if_an_exporter_is_named_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    for name in (*CHOSEN_BY, "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    assert [is_wanted(None), is_wanted(True), is_wanted(False)] == [False, True, False]

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert [is_wanted(None), is_wanted(False)] == [True, False]
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not is_wanted(None)
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert not is_wanted(None)


def test_an_exporter_that_is_not_part_of_the_extra_is_one_line(sqlite_url: str):
    environment = environment_of(sqlite_url) | {"OTEL_TRACES_EXPORTER": "zipkin"}
    said = processes.run(["serve", "--port", str(free_port())], cwd=ROOT, env=environment)
    assert (said.returncode, said.stderr.count("\n")) == (2, 1)
    assert "OTEL_TRACES_EXPORTER: this service has the exporters otlp and console." in said.stderr


def test_the_protocol_is_the_one_of_the_extra(monkeypatch: pytest.MonkeyPatch):
    for name in CHOSEN_BY:
        monkeypatch.delenv(name, raising=False)
    assert fault_of_variables() is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert fault_of_variables() == "OTEL_EXPORTER_OTLP_PROTOCOL: this service sends traces by http/protobuf."
