"""The documentation is true: nothing of the closed lists is missing, generated pages are current, examples run, and the
files, functions and tests that the pages for developers name exist.
"""

import ast
import json
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import pytest
import typer
from graphql import GraphQLObjectType, build_schema, parse, validate

from docs.generate import DOCS, commands, pages
from service.__main__ import app
from service.api.graphql.schema import schema
from service.api.rest.contracts import CONTRACTS
from service.commands.setting_messages import DEPRECATED
from service.domain.events import EventType
from service.domain.order import MOVES
from service.errors import Code
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.import_catalogue import import_catalogue
from service.operations.resources import Resources
from service.settings import Settings
from service.storage.database import Database
from tests.bench import report
from tests.examples import ADDRESS, ROOT, Service, curl, demo_service, examples, fences, serving, unlike
from tests.examples import commands as typed_in
from tests.promises import report as promises_report

README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
DEVELOPER_PAGES = [DOCS / name for name in ("architecture.md", "contributing.md", "promises.md")]
SOURCE = re.compile(r"[\w./-]+\.(?:py|toml|graphql|md|json)(?:::[\w.]+)?")
FOLDER = re.compile(r"(?:[\w.-]+/)+")
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


def test_the_page_on_performance_has_the_text_of_the_bench() -> None:
    written = re.sub(r"\\{\w+\\}", ".+", re.escape(report._PAGE))
    assert re.fullmatch(written, (DOCS / "performance.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_on_promises_has_the_figures_of_the_last_run() -> None:
    figures = json.loads(promises_report.FIGURES.read_text(encoding="utf-8"))
    page = (DOCS / "promises.md").read_text(encoding="utf-8")
    assert promises_report.with_figures(page, figures) == page


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
    known = {"SERVICE_CITUS_URL", *DEPRECATED, *(f"SERVICE_{name.upper()}" for name in Settings.model_fields)}
    deployed = [file for file in (ROOT / "deploy").iterdir() if file.name != "constraints.txt"]
    for file in [*PAGES, *deployed]:
        named = set(re.findall(r"\bSERVICE_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))
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


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((DOCS / "decisions").glob("*.md"))], ids=lambda page: str(page.relative_to(ROOT))
)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        file = page if not target else page.parent / target
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, anchor


@pytest.mark.parametrize("page", DEVELOPER_PAGES, ids=lambda page: page.name)
def test_files_and_names_that_a_page_for_developers_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    drawings = "\n".join(fence.text for fence in fences(page) if fence.language == "text")
    spans = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"[\w/]+\.py(?:::\w+)?", drawings)]
    named = [span for span in spans if SOURCE.fullmatch(span) or FOLDER.fullmatch(span)]

    assert named
    assert [name for name in named if not _exists(name)] == []


def _exists(name: str) -> bool:
    """Whether `path` is a file or a folder of the repository or of service/, and `path::name` is defined in it."""
    path, _, wanted = name.partition("::")
    found = [root / path for root in (ROOT / "service", ROOT) if (root / path).exists()]
    return any(not wanted or wanted in _defined(file) for file in found)


@cache
def _defined(file: Path) -> frozenset[str]:
    """Return the functions, classes, methods (`Class.method`) and variables that the module defines."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = [each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            names.update(f"{node.name}.{member}" for member in members)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names.update(each.id for each in targets if isinstance(each, ast.Name))
    return frozenset(names)


def test_the_architecture_lists_every_package() -> None:
    table = (DOCS / "architecture.md").read_text(encoding="utf-8").partition("## Packages")[2].partition("\n## ")[0]
    listed = {cell.rstrip("/") for cell in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)}
    packages = {path.name for path in (ROOT / "service").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}

    assert listed == packages - {"__init__.py"}


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


@pytest.mark.parametrize("page", [DOCS / "import.md", DOCS / "selling.md"], ids=lambda page: page.name)
async def test_a_catalogue_that_is_shown_can_be_imported(sqlite_url: str, page: Path) -> None:
    (fence,) = [each for each in fences(page) if "catalogue" in each.words]
    database = await Database.open(sqlite_url)
    try:
        resources = Resources(database=database, clock=system_clock, new_id=uuid7)
        done = await import_catalogue(resources, fence.text, is_csv=fence.language == "csv")
    finally:
        await database.close()

    assert (done.faults, done.added) == ((), done.rows)


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


def test_every_promise_has_its_tests_or_says_that_it_has_none() -> None:
    parts = re.split(r"^\*\*P(\d+)\. ", (DOCS / "promises.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    promises = dict(zip(map(int, parts[::2]), parts[1::2], strict=True))
    tests = {number: re.findall(r"`tests/[\w/]+\.py::(\w+)`", text) for number, text in promises.items()}

    assert list(promises) == list(range(1, 26))
    assert [name for names in tests.values() for name in names if not name.startswith("test_")] == []
    assert [number for number, text in promises.items() if not tests[number] and "Not tested yet" not in text] == []


def test_the_glossary_has_every_object_of_the_schema() -> None:
    glossary = (DOCS / "concepts.md").read_text(encoding="utf-8").partition("\n## Glossary\n")[2]
    terms = [
        term.strip().lower()
        for cell in re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE)
        for term in cell.split(",")
    ]
    plumbing = re.compile(r"__|(.*(Connection|Edge|Payload|Error)|Query|Mutation|PageInfo|OrderGroup|OrderStats)$")
    objects = [name for name, kind in SCHEMA.type_map.items() if isinstance(kind, GraphQLObjectType)]
    nouns = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() for name in objects if not plumbing.match(name)]

    assert [noun for noun in nouns if noun not in terms] == []
    assert sorted(terms[2:]) == sorted(set(terms[2:]))
