import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import strawberry
from strawberry import relay

from service.api.graphql.connections import After, Before, Connection, First, Last

Script = Callable[..., subprocess.CompletedProcess[str]]


@strawberry.type(description="A thing.")
class Thing(relay.Node):
    number: relay.NodeID[int]
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What can be asked.")
class Query:
    @strawberry.field(description="All things.")
    def things(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Thing] | None:
        return None


SDL = strawberry.Schema(Query).as_str()


@pytest.fixture
def lint(script: Script, tmp_path: Path) -> Callable[..., list[str]]:
    def run(text: str, *values: str) -> list[str]:
        file = tmp_path / "schema.graphql"
        file.write_text(text)
        done = script("lint.mjs", file, *values)
        assert done.stderr == ""
        findings = done.stdout.splitlines()
        assert done.returncode == (1 if findings else 0)
        return findings

    return run


@pytest.fixture
def compare(script: Script, tmp_path: Path) -> Callable[[str, str], tuple[int, list[str]]]:
    def run(older: str, newer: str) -> tuple[int, list[str]]:
        files = [tmp_path / "older.graphql", tmp_path / "newer.graphql"]
        for file, text in zip(files, (older, newer), strict=True):
            file.write_text(text)
        done = script("compare.mjs", *files)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    return run


def test_our_connections_keep_the_rules_of_relay(lint: Callable[..., list[str]]):
    assert lint(SDL) == []


def rules_of(findings: list[str]) -> list[str]:
    return sorted(finding.split(": ")[1].removeprefix("@graphql-eslint/") for finding in findings)


def test_a_missing_description_and_a_broken_connection_are_found(lint: Callable[..., list[str]]):
    findings = lint(SDL.replace('"""Its name."""', "").replace("  node: Thing!", "  node: [Thing]"))

    assert rules_of(findings) == ["relay-edge-types", "require-description"]


MONEY = '''
"""Money."""
type Money {
  """How much."""
  amount: Int
}

extend type Query {
  """The price."""
  price: Money
}
'''


def test_a_type_without_an_id_is_found_unless_it_is_named_as_a_value(lint: Callable[..., list[str]]):
    assert rules_of(lint(SDL + MONEY)) == ["strict-id-in-types"]
    assert lint(SDL + MONEY, "Money") == []


def test_a_change_is_breaking_only_when_it_breaks_a_client(compare: Callable[[str, str], tuple[int, list[str]]]):
    assert compare(SDL, SDL) == (0, [])
    assert compare(SDL.replace("  name: String!", "  name: String!\n\n  more: Int"), SDL)[0] == 1
    assert compare(SDL, SDL.replace("  name: String!", "  name: String!\n\n  more: Int"))[0] == 0
