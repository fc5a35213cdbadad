"""Plain words: descriptions, docstrings and messages say in their first words what a thing is or does.

Seen to fail when: a description of the schema opens with "Whether" or is shortened to "The time."; a module opens with
"What" and a function with "The"; a message of the domain names `serial_form`, which GraphQL spells `serialForm`.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from tests.test_tidy import ROOT, TREES

RIDDLES = re.compile(
    r"(What|Whatever|Who|Whoever|Whom|Whose|Where|Wherever|Whether|When|Which|How|It|Its|They|Afterwards|For whom)\b"
)
"""Openings after which a reader still does not know the subject of the sentence."""
NO_VERBS = re.compile(r"(The|A|An|All|Each|Every|Those|No|None|Nothing|Nobody|Somebody|Something)\b")
"""Openings of a description of a thing. A function does something, so its docstring opens with a verb."""
DESCRIPTION_LENGTH_MIN = 28
SHARED = ("service/domain/", "service/operations/", "service/storage/", "service/kit/")
"""Packages whose messages are shown by every API, each of which spells the members of its requests in its own way."""
DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MEMBER = re.compile(r"\b[a-z]+(_[a-z]+)+\b|\b[a-z]{2,}[A-Z]\w+")


def descriptions() -> Iterator[tuple[str, str]]:
    """Each description of the schema, by the place it describes."""
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    fielded = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)
    for name, kind in schema.type_map.items():
        if name.startswith("__") or kind.description is None:
            continue
        yield name, kind.description
        members: dict[str, Any] = kind.values if isinstance(kind, GraphQLEnumType) else {}
        members = kind.fields if isinstance(kind, fielded) else members
        for member, described in members.items():
            yield f"{name}.{member}", described.description
            for argument, given in getattr(described, "args", {}).items():
                yield f"{name}.{member}({argument})", given.description


def docstrings() -> Iterator[tuple[str, ast.AST, str]]:
    """Each docstring with its place and the node that it describes, those of constants included."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            lines = node.body if isinstance(node, DESCRIBED) else []
            for index, line in enumerate(lines):
                value = line.value if isinstance(line, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield f"{name}:{line.lineno}", line if index else node, value.value


def messages() -> Iterator[tuple[str, str]]:
    """Each text that stands in a refusal, or is called a message before it does."""
    for name, tree in TREES.items():
        if not name.startswith(SHARED):
            continue
        for node in ast.walk(tree):
            is_refusal = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Refused", "_unavailable"))
            is_message = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message"
            if is_refusal or is_message:
                texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
                yield from ((f"{name}:{node.lineno}", text) for text in texts if isinstance(text, str) and " " in text)


def test_a_description_opens_with_what_the_thing_is():
    assert [(place, text) for place, text in descriptions() if RIDDLES.match(text)] == []


def test_a_description_is_a_full_phrase():
    assert [(place, text) for place, text in descriptions() if len(text) < DESCRIPTION_LENGTH_MIN] == []
    assert [(place, text) for place, text in descriptions() if not text.endswith((".", "`"))] == []


def test_a_docstring_opens_with_what_the_thing_is():
    assert [(place, text[:60]) for place, _, text in docstrings() if RIDDLES.match(text)] == []


def test_a_docstring_of_a_function_opens_with_a_verb():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    of_functions = [(place, text) for place, node, text in docstrings() if isinstance(node, functions)]
    assert [(place, text[:60]) for place, text in of_functions if NO_VERBS.match(text)] == []


def test_a_message_that_every_api_shows_names_no_member_of_one():
    found = [(place, MEMBER.findall(text), text) for place, text in messages()]
    assert [(place, text) for place, members, text in found if members] == []
