"""The generator of the pages in docs/ whose facts are in the code: errors, settings, commands, the GraphQL schema.

`make docs` runs it. tests/test_docs.py fails when a page is out of date.
"""
# ruff: noqa: INP001 - a folder of pages, not a package

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    ast_from_value,
    build_schema,
    print_ast,
)

from docs.states import order_states
from service.__main__ import app
from service.api.graphql.error_presentation import GRAPHQL_REASONS
from service.api.graphql.schema import schema
from service.errors import REASONS
from service.settings import Settings

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code; change the code instead. -->"


def pages() -> dict[str, str]:
    """Return the text of every generated file, by its path below docs/."""
    return {
        "errors.md": errors(),
        "limits.md": limits(),
        "command-line.md": command_line(),
        "graphql.md": graphql(),
        "images/order-states.svg": order_states(),
    }


def errors() -> str:
    rows = [
        (f"`{code}`", reason.meaning, str(reason.http_status), "yes" if reason.may_retry else "no")
        for code, reason in [*REASONS.items(), *GRAPHQL_REASONS.items()]
    ]
    return page(
        "Errors",
        """The service refuses a request with one of these codes, and with no other. In GraphQL, a mutation reports what
        is wrong with its input in `userErrors`. If a query or the request as a whole is refused, the response has
        `errors`, with the code in `extensions.code`. The codes from `GRAPHQL_PARSE_FAILED` on occur in GraphQL
        only.""",
        """The REST contracts have error codes of their own. Their HTTP status is the one below, unless the contract
        defines another.""",
        """`path` (in `errors`: `extensions.inputPath`) names the member of your request that is at fault, in the
        names of the API that you called. It is empty if no member is at fault.""",
        """*May retry* (in `errors`: `extensions.mayRetry`) says whether the same request, sent again later with the
        same idempotency key, may succeed. Other refusals stay until the request or the state of the account
        changes. `UNAVAILABLE` without the header `Retry-After` means damaged data, which only the operator can
        repair.""",
        """A GraphQL response that holds data has status 200 whatever its `errors` say. If one of them is `UNAVAILABLE`
        or `THROTTLED`, the response has the header `Retry-After`.""",
        table(("code", "meaning", "HTTP status", "may retry"), rows),
        """Programs should read the code only: messages are for people and may change. `INTERNAL_SERVER_ERROR` is a
        defect of the service. Its message has no details; the operator finds them in the log under the request id
        (`X-Request-Id`, `extensions.requestId`).""",
    )


def limits() -> str:
    rows = [
        (f"`SERVICE_{name.upper()}`", f"`{shown(field.default)}`" if shown(field.default) else "", field.description)
        for name, field in Settings.model_fields.items()
    ]
    return page(
        "Settings and limits",
        """All settings are environment variables. They are read once, at the start; an empty variable counts as not
        set. If a value is out of its range, the command names the variable and ends with exit code 2.
        `carbon-orders doctor` checks all settings. Some names end in a unit: `_MS` is milliseconds, `_BYTES_MAX` bytes
        at most, `_PER_S` a number for each second.""",
        table(("variable", "default", "meaning"), rows),
        """These limits are fixed: an idempotency key has 1 to 512 characters; a selection has at most 20 bundles;
        `cancelOrders` and `nodes` take at most 100 ids; a transaction is tried at most five times within five seconds;
        the database is asked once a second for an answer, and has 0.8 s to give it; the head of a request has at most
        32 KiB, its URL 8 KiB, and 10 seconds to arrive, and trailers have the same bounds; an idle connection is closed
        after 5 seconds; an error message has at most 300 characters, and a response at most ten validation errors.""",
    )


def command_line() -> str:
    parts = [
        part
        for words, command in commands(typer.main.get_command(app))
        for part in (f"## {' '.join(words)}", *command_parts(command))
    ]
    return page(
        "Command line",
        """Results go to stdout, everything else to stderr. The exit code is 0 after success, 1 if the command was
        refused or failed, and 2 if its arguments or the settings are wrong. `carbon-orders --install-completion`
        installs completion of commands and options in your shell; `carbon-orders --show-completion` prints the script
        instead.""",
        *parts,
    )


def commands(command: Any, words: tuple[str, ...] = ("carbon-orders",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that is not a group of commands, with the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from commands(child, (*words, name))


def command_parts(command: Any) -> Iterator[str]:
    yield command.help or ""
    parameters = [each for each in command.params if each.name != "help"]
    if parameters:
        yield table(("argument", "meaning"), [(argument(each), getattr(each, "help", None)) for each in parameters])
    yield f"```sh\n{(command.epilog or '').removeprefix('Example: ')}\n```"


def argument(parameter: Any) -> str:
    names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar or parameter.name.upper()]
    return " ".join(f"`{name}`" for name in names)


def graphql() -> str:
    built = build_schema(schema.as_str())
    roots = [each for each in (built.query_type, built.mutation_type, built.subscription_type) if each]
    types = [each for name, each in sorted(built.type_map.items()) if not name.startswith("__") and each not in roots]
    builtin = {"Int", "Float", "String", "Boolean", "ID"}
    groups: list[tuple[str, type[Any]]] = [
        ("Objects", GraphQLObjectType),
        ("Interfaces", GraphQLInterfaceType),
        ("Inputs", GraphQLInputObjectType),
        ("Enumerations", GraphQLEnumType),
        ("Scalars", GraphQLScalarType),
    ]
    parts: list[str] = []
    for root in roots:
        parts += [
            f"## {root.name}",
            root.description or "",
            *(root_field(name, field) for name, field in root.fields.items()),
        ]
    for title, kind in groups:
        members = [each for each in types if isinstance(each, kind) and each.name not in builtin]
        if members:
            parts += [f"## {title}", *(part for each in members for part in type_parts(built, each))]
    return page(
        "GraphQL reference",
        """Every type, field and argument of the schema. The [GraphQL guide](graphql-guide.md) says how to use them. The
        explorer at `/graphql` shows the same beside an editor, and `/graphql/schema.graphql` is the schema as
        text.""",
        *parts,
    )


def root_field(name: str, field: Any) -> str:
    head = f"### {name}\n\n{line(field.description)}\n\nReturns {linked(field.type)}."
    return f"{head}\n\n{arguments(field.args)}" if field.args else head


def type_parts(built: GraphQLSchema, each: GraphQLNamedType) -> Iterator[str]:
    yield f"### {each.name}"
    if each.description:
        yield line(each.description)
    if isinstance(each, GraphQLEnumType):
        yield table(("value", "meaning"), [(f"`{name}`", value.description) for name, value in each.values.items()])
    elif isinstance(each, GraphQLInputObjectType):
        yield arguments(each.fields, "field")
    elif isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
        if isinstance(each, GraphQLInterfaceType):
            yield "Implemented by " + ", ".join(sorted(linked(kind) for kind in built.get_possible_types(each))) + "."
        rows = [
            (
                f"`{name}`" + "".join(f"<br>`{argument}: {given.type}`" for argument, given in field.args.items()),
                linked(field.type),
                field.description,
            )
            for name, field in each.fields.items()
        ]
        yield table(("field", "type", "meaning"), rows)


def arguments(given: dict[str, GraphQLArgument] | dict[str, Any], kind: str = "argument") -> str:
    return table(
        (kind, "type", "meaning"),
        [(f"`{name}`{default(each)}", linked(each.type), each.description) for name, each in given.items()],
    )


def default(each: Any) -> str:
    node = ast_from_value(each.default_value, each.type) if each.default_value not in (None, ...) else None
    return "" if node is None else f" = `{print_ast(node)}`"


def linked(kind: Any) -> str:
    """Return the type with a link to its description."""
    text = str(kind)
    name = text.strip("[]!")
    if name in {"Int", "Float", "String", "Boolean", "ID"}:
        return f"`{text}`"
    before, _, after = text.partition(name)
    return f"{before}[{name}](#{name.lower()}){after}".replace("[[", "&#91;[", 1)


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, {}, ()) else str(value)


def line(text: str | None) -> str:
    return " ".join((text or "").split())


def table(columns: Iterable[str], rows: Iterable[Iterable[str | None]]) -> str:
    head = list(columns)
    body = [[line(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body))


def page(title: str, *parts: str) -> str:
    blocks = (part if part.startswith(("|", "#", "```")) else line(part) for part in parts if part)
    return "\n\n".join([NOTE, f"# {title}", *blocks]) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
