"""The table of log events in docs/operations.md is that of the code: each event with its levels and fields.

Seen to fail when: a module logs an event that the table lacks, or with another level or field; an event of the table is
logged nowhere; an alert watches an event that is not there.
"""

import ast
import re
from collections import defaultdict

from service.api.metrics.families import ALARMING
from service.api.request_facts import Facts
from tests.test_tidy import ROOT, TREES

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
ROW = re.compile(r"^\| `(\w+)` \| ([a-z, ]+) \|([^|]*)\| [^|]+ \|$", re.MULTILINE)
SHARED = frozenset({"event", "level", "timestamp", "logger", "request_id", "request_ids", "exception"})
"""Fields that every line may have."""
SPREAD = {
    ("request", "facts"): set(Facts.__annotations__),
    ("account_limited", "told"): {"credit_limit_minor", "currency", "hold_percent_max", "open_holds_max"},
}
"""Fields that are handed over as a mapping, by the event and the expression."""


def logged() -> dict[str, tuple[set[str], set[str]]]:
    """Each event with the levels and fields that the code gives it."""
    events: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in LEVELS or ast.unparse(node.func.value) not in {"log", "self._log"}:
                continue
            first = node.args[0]
            of = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            for event in of:
                assert isinstance(event, ast.Constant), f"{name}:{node.lineno} logs a text that is no event"
                levels, fields = events[event.value]
                levels.add("error" if node.func.attr == "exception" else node.func.attr)
                for keyword in node.keywords:
                    spread = keyword.arg is None
                    fields |= SPREAD[event.value, ast.unparse(keyword.value)] if spread else {keyword.arg or ""}
                fields -= {"exc_info"}
    return events


def documented() -> dict[str, tuple[set[str], set[str]]]:
    """Each event of the table with its levels and fields."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("### Log events\n")[2].partition("\n#")[0]
    return {
        event: (set(levels.split(", ")), set(re.findall(r"`(\w+)`", fields)))
        for event, levels, fields in ROW.findall(table)
    }


def test_the_table_of_log_events_is_that_of_the_code():
    in_code = {event: (levels, fields - SHARED) for event, (levels, fields) in logged().items()}
    assert documented() == in_code


def test_every_event_with_an_alert_is_logged_so():
    events = logged()
    assert [(event, level) for event, level in ALARMING if level not in events.get(event, (set(), set()))[0]] == []
