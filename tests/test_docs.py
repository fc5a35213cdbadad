"""The documentation is true: nothing of the closed lists is missing, generated pages are current, examples run."""

import re
import shlex
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest
import typer
from graphql import build_schema, parse, validate

from docs.generate import DOCS, commands, pages
from service.__main__ import app
from service.api.graphql.schema import schema
from service.api.rest.contracts import CONTRACTS
from service.domain.events import EventType
from service.domain.order import MOVES
from service.errors import Code
from service.settings import DEPRECATED, Settings
from tests.examples import ADDRESS, ROOT, Service, curl, demo_service, examples, fences, serving, unlike
from tests.examples import commands as typed_in

README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
EXAMPLES = [example for page in PAGES for example in examples(page)]
GENERATED = pages()
SCHEMA = build_schema(schema.as_str())
COMMANDS = {" ".join(words[1:]): command for words, command in commands(typer.main.get_command(app))}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all pages: their keys differ, and a page reads from top to bottom."""
    with demo_service(tmp_path_factory.mktemp("docs")) as service:
        yield service


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_say_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == GENERATED[name], "run: make docs"


@pytest.mark.parametrize("kind", ["settings", "errors", "events", "root fields", "commands"])
def test_nothing_is_undocumented(kind: str) -> None:
    roots = [root for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type) if root]
    names = {
        "settings": [f"`SERVICE_{name.upper()}`" for name in Settings.model_fields],
        "errors": [f"`{code}`" for code in Code],
        "events": [f"`{event}`" for event in EventType],
        "root fields": [f"### {name}\n" for root in roots for name in root.fields],
        "commands": [f"carbon-orders {words}\n" for words in COMMANDS],
    }[kind]
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [name for name in names if name not in text] == []


def test_no_setting_is_named_that_does_not_exist() -> None:
    known = {*DEPRECATED, *(f"SERVICE_{name.upper()}" for name in Settings.model_fields)}
    deployed = [file for file in (ROOT / "deploy").iterdir() if file.name != "constraints.txt"]
    for file in [*PAGES, *deployed]:
        named = set(re.findall(r"SERVICE_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))
        assert named <= known, file.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_only_shown_exist_with_their_options(page: Path) -> None:
    shown = "\n".join(fence.text for fence in fences(page) if fence.language == "sh")
    for first, second, rest in re.findall(r"carbon-orders ([a-z]+)(?![-a-z])(?: ([a-z]+))?\b([^|&;>\n]*)", shown):
        command = COMMANDS.get(first) or COMMANDS.get(f"{first} {second}")
        assert command is not None, (first, second)
        assert set(re.findall(r" (--[a-z-]+)", rest)) <= {option for each in command.params for option in each.opts}


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_and_an_example_of_itself(words: str) -> None:
    command = COMMANDS[words]
    example = (command.epilog or "").partition("Example: ")[2]

    assert command.help
    assert f"carbon-orders {words}" in example
    assert [each.name for each in command.params if each.param_type_name == "option" and not each.help] == []


def test_the_drawing_has_exactly_the_moves_that_an_order_may_make() -> None:
    svg = ET.parse(DOCS / "images" / "order-states.svg").getroot()
    drawn = {line.get("id") for line in svg.iter("{http://www.w3.org/2000/svg}line")}
    named = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "name"}

    assert drawn == {f"{current}-{wanted}" for current, allowed in MOVES.items() for wanted in allowed}
    assert named == {str(status) for status in MOVES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        file = page if not target else page.parent / target
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_operations_that_are_only_shown_fit_the_schema_too(page: Path) -> None:
    if page.name == "plans.md":
        return  # its worked example has a schema of its own
    for fence in fences(page):
        if fence.language == "graphql":
            assert validate(SCHEMA, parse(fence.text)) == [], fence.line


@pytest.mark.parametrize("page", sorted({example.page for example in EXAMPLES}), ids=lambda page: page.name)
def test_examples_answer_what_the_page_says(service: Service, page: Path) -> None:
    for example in examples(page):
        answer = service.run(example)
        if example.answer is not None:
            assert unlike(example.answer, answer) == [], example.name


def test_a_newcomer_reaches_an_order_in_five_commands_and_one_through_each_contract_in_two_more(tmp_path: Path) -> None:
    """The commands are the README's own, from its first line to the order; only paths and the port are ours."""
    typed = [command for fence in fences(README) if fence.language == "sh" for command in typed_in(fence.text)]
    first_order = next(number for number, command in enumerate(typed) if "createOrderByMass" in command)
    until_order = [command for command in typed[: first_order + 1] if command != "make test"]
    assert len(until_order) <= 5
    assert until_order[0] == "make run"
    recipe = re.search(r"^run:.*\n(?:\t.*\n)*", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    program, *words = shlex.split(recipe[0].splitlines()[-1].lstrip("\t@"))
    assert program == "$(BIN)/carbon-orders"

    with serving(tmp_path, sys.executable, "-m", "service", *words) as (address, printed):
        keys = dict(re.findall(r"(\S+)\s+\w{3}\s+(co_live_\w+)", printed.read_text()))
        placed = run_typed(until_order[1:], keys, address)
        assert placed["data"]["createOrderByMass"]["order"]["status"] == "FULFILLED"
        for contract in CONTRACTS:
            variable = f"{contract.name.upper().replace('-', '_')}_KEY"
            (export,) = [command for command in typed if command.startswith(f"export {variable}=")]
            order = next(command for command in typed if f"/{contract.name}/v1/" in command and "-d" in command)
            assert run_typed([export, order], keys, address), contract.name


def run_typed(typed: list[str], keys: dict[str, str], address: str) -> Any:
    """The last command's answer. `export X_KEY=co_live_…` takes the printed key of its contract."""
    variables: dict[str, str] = {}
    answer = None
    for command in typed:
        if found := re.fullmatch(r"export (?:(\w+)_)?KEY=co_live_…", command):
            contract = (found[1] or "lune").lower().replace("_", "-")
            variables[f"{found[1]}_KEY" if found[1] else "KEY"] = keys[contract]
        else:
            response = curl(Template(command).safe_substitute(variables).replace(ADDRESS, address))
            assert response.is_success, response.text
            answer = response.json()
    return answer
