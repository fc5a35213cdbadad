import io
import json
import logging
import re
import sys
from datetime import UTC, datetime

import pytest
import structlog

from service.kit.logging import configure_logging
from service.kit.request_id import REQUEST_ID

KEY = "co_live_62iEp5bu9VZbsV_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12l3g5R"

pytestmark = pytest.mark.usefixtures("log_forgotten")


@pytest.fixture
def lines(capsys):
    def read():
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err.splitlines()

    return read


def test_an_event_is_one_json_line_with_time_level_logger_and_request(lines):
    configure_logging()  # stderr is no terminal here
    REQUEST_ID.set("r1")
    before = datetime.now(UTC)
    structlog.get_logger("test").info("order placed", mass_g=12, text="é\n")

    (line,) = lines()
    event = json.loads(line)
    written = event.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", written)
    assert before <= datetime.fromisoformat(written) <= datetime.now(UTC)
    assert event == {
        "event": "order placed", "level": "info", "logger": "test", "request_id": "r1", "mass_g": 12, "text": "é\n",
    }  # fmt: skip


def test_libraries_come_out_in_the_same_form(lines):
    configure_logging(json=True)
    REQUEST_ID.set("r2")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 42)

    (line,) = lines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["logger"], event["request_id"]) == (
        "Started server process [42]", "info", "uvicorn.error", "r2",
    )  # fmt: skip


def test_uvicorns_own_handlers_and_access_line_are_silenced(lines):
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler(sys.stderr))
        logging.getLogger(name).propagate = False
    configure_logging(json=True)
    logging.getLogger("uvicorn.access").info("GET /?token=abc")
    logging.getLogger("uvicorn.error").info("once")

    assert [json.loads(line)["event"] for line in lines()] == ["once"]


def test_people_get_columns(lines):
    configure_logging(json=False)
    structlog.get_logger("test").warning("short stock", mass_g=12)

    (line,) = lines()
    assert "short stock" in line
    assert not line.startswith("{")


def test_half_a_character_and_a_number_of_many_digits_are_written_too(lines):
    configure_logging(json=True)
    structlog.get_logger("test").info("odd", half="\ud83c", number=2**70)

    event = json.loads(lines()[0])
    assert (event["half"], event["number"]) == ("\ud83c", 2**70)


@pytest.mark.parametrize("as_json", [True, False])
def test_what_is_below_the_level_is_not_written(lines, as_json):
    configure_logging(json=as_json, level="warning")
    structlog.get_logger("test").info("quiet")
    logging.getLogger("library").info("quiet")

    assert lines() == []


def test_configuring_again_replaces_the_first(lines):
    log = structlog.get_logger("test")
    configure_logging(json=True, level="error")
    log.warning("too quiet")
    configure_logging(json=True, level="debug")
    log.debug("mine")
    logging.getLogger("library").debug("theirs")

    assert [json.loads(line)["event"] for line in lines()] == ["mine", "theirs"]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "event",
    [
        {"authorization": f"Bearer {KEY}"},
        {"Authorization": "plain hunter2-hunter2"},
        {"headers": {"X-Api-Key": "hunter2-hunter2"}},
        {"headers": {b"cookie": b"hunter2-hunter2"}},
        {"headers": [(b"host", b"a"), (b"authorization", b"hunter2-hunter2")]},
        {"headers": [["Authorization", "hunter2-hunter2"]]},
        {"client_secret": "hunter2-hunter2"},
        {"note": f"the caller sent {KEY} as its name"},
        {"note": f"bearer {KEY}"},
        {"note": "Basic Y286aHVudGVyMi1odW50ZXIy"},
        {"note": "whsec_hunter2+hunter2/hunter2="},
        {"note": "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2"},
        {"database": "postgres://service:hunter2-hunter2@host/db"},
        {"thing": type("Thing", (), {"__repr__": lambda _: f"Thing({KEY})"})()},
        {"deep": {"a": {"b": {"c": {"d": {"password": "hunter2-hunter2"}}}}}},
    ],
)
def test_secrets_are_hidden_wherever_they_stand(lines, as_json, event):
    configure_logging(json=as_json)
    structlog.get_logger("test").info("event", **event)
    logging.getLogger("library").info("%s", {**event, "note": event.get("note", "")} if "note" in event else KEY)

    written = "\n".join(lines())
    for secret in ("yhjskwdA6", "hunter2", "Y286aHVud", "eyJodW50ZXIy"):
        assert secret not in written


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_is_written_without_secrets_and_without_local_variables(lines, as_json):
    configure_logging(json=as_json)
    password = "local-" + "hunter2"  # noqa: F841 - what a rich traceback would print
    try:
        raise ValueError(f"no such key: {KEY}")  # noqa: TRY301 - a traceback is what this is about
    except ValueError:
        structlog.get_logger("test").exception("failed")

    written = "\n".join(lines())
    assert "ValueError: no such key: co_live_62iEp5bu[hidden]" in written
    assert "test_logging.py" in written
    assert "local-hunter2" not in written


def test_what_is_no_secret_is_left_alone(lines):
    configure_logging(json=True)
    words = "a test_live_data table, bearer of news, see https://example.org:8443/orders/0198 at 12:30:15, x_test_1"
    structlog.get_logger("test").info(words, token_count=3, pair=["a", "b"], key_id="62iEp5bu9VZbsV")

    event = json.loads(lines()[0])
    assert event["event"] == words
    assert (event["token_count"], event["pair"], event["key_id"]) == (3, ["a", "b"], "62iEp5bu9VZbsV")


def test_a_line_that_cannot_be_formatted_shows_no_secret(lines):
    configure_logging(json=True)
    logging.getLogger("library").info("%d", KEY)

    assert lines() == []


class FullDisk(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_does_not_fail_what_is_logged(monkeypatch):
    monkeypatch.setattr(sys, "stderr", FullDisk())
    configure_logging(json=True)

    structlog.get_logger("test").error("lost")
    logging.getLogger("library").error("lost")
