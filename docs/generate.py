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

from docs.event_pages import event_schemas, events_page
from docs.states import order_states
from service.__main__ import app
from service.api.exports.definitions import EXPORTS
from service.api.exports.filters import filter_names
from service.api.exports.routes import EXPORT_POINTS, EXPORTS_MAX, EXPORTS_OF_KEY_MAX, STALL_S
from service.api.graphql.error_presentation import GRAPHQL_REASONS
from service.api.graphql.schema import schema
from service.commands.books import STATEMENT_TIMEOUT_MS
from service.commands.doctor import PATIENCE_S
from service.commands.runtime import IDLE_TRANSACTION_MS
from service.commands.setting_messages import values_of
from service.errors import REASONS
from service.settings import DEPRECATED, DEPRECATED_UNTIL, INTEGER_MAX, Settings
from service.storage.migrations import LOCK_TIMEOUT_MS, TURN_TIMEOUT_MS

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code; change the code instead. -->"


def pages() -> dict[str, str]:
    """Return the text of every generated file, by its path below docs/."""
    return {
        "errors.md": errors(),
        "limits.md": limits(),
        "command-line.md": command_line(),
        "graphql.md": graphql(),
        "exports.md": exports(),
        "images/order-states.svg": order_states(),
        "events.md": events_page(NOTE),
        "webhook-events.schema.json": event_schemas(),
    }


def errors() -> str:
    rows = [
        (f"`{code}`", reason.meaning, str(reason.http_status), "yes" if reason.may_retry else "no")
        for code, reason in [*REASONS.items(), *GRAPHQL_REASONS.items()]
    ]
    return page(
        "Errors",
        """This is the complete list of the codes with which GraphQL refuses a request. If the input of a mutation is
        wrong, or the state of an order does not allow the change, the code is in `userErrors` of the payload. All
        other refusals are in `errors` of the response, with the code in `extensions.code`. The codes from
        `GRAPHQL_PARSE_FAILED` on always concern the document or the HTTP request.""",
        """**HTTP status in GraphQL.** Look at `errors`, not at the status. An operation that ran has status 200,
        even if the response has `userErrors` or an entry in `errors` for a single field, such as `FORBIDDEN`. If no
        root field has data and every error is `UNAUTHENTICATED`, the status is 401; if every error is
        `UNAVAILABLE`, it is 503. A document that was refused before it ran (syntax, validation, cost) has status
        200. With the request header `Accept: application/graphql-response+json` it has status 400. If an entry of
        `errors` is `UNAVAILABLE` or `THROTTLED`, the response has the header
        `Retry-After`. The statuses in the table apply to refusals of the whole request. `BAD_REQUEST` also
        occurs with the statuses 405, 406 and 415.""",
        """**REST.** Each REST contract has error codes of its own, which its reference lists (such as `/lune/docs`). A
        refusal has the HTTP status of the table, unless the contract defines another one.""",
        """**Member at fault.** An error in `userErrors` has a `path`, and an error in `errors` has
        `extensions.inputPath`. Both name the member of your request that is at fault, in the names of the API that you
        called. The path is empty if no member is at fault.""",
        """**Retries.** The column *may retry* says whether the same request may succeed if it is sent again later with
        the same idempotency key; in `errors`, `extensions.mayRetry` has this value. If the column says *no*, the
        request is refused again each time, until you change the request or the state of the account has changed (for
        instance, until its balance is high enough). `UNAVAILABLE` without the header `Retry-After` means damaged data,
        which only the operator can repair.""",
        table(("code", "meaning", "HTTP status", "may retry"), rows),
        """Programs should decide by the code and by `mayRetry`. Do not parse messages: they are for people and may
        change. `INTERNAL_SERVER_ERROR` means a defect of the service. Its message has no details. The operator of the
        service finds them in the log under the request id, which is in the response header `X-Request-Id` and in
        `extensions.requestId`.""",
    )


def limits() -> str:
    rows = [
        (
            f"`SERVICE_{name.upper()}`",
            f"`{shown(field.default)}`" if shown(field.default) else "",
            (values_of(field) or "").removeprefix("a whole number ").replace(f"from 1 to {INTEGER_MAX}", "from 1"),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    return page(
        "Settings and limits",
        """All settings are environment variables. A process reads them once, when it starts. An empty variable counts
        as not set. If a value is wrong, each command prints one line that names the variable and the values that it may
        have, and ends with exit code 2. `carbon-orders doctor` checks all settings.""",
        """Many names end in the unit of their value: `_MS` in milliseconds, `_BYTES_MAX` in bytes, `_PERCENT_MAX` in
        percent, `_PER_S` in requests a second, and `_POINTS_A_MINUTE` in cost points a minute. An empty default means
        that the variable is not set by default.""",
        f"""Numbers are whole and are written in digits only. Where the column *values* names no maximum, the maximum is
        {INTEGER_MAX:,}.""",
        table(("variable", "default", "values", "meaning"), rows),
        "## Deprecated variables",
        """A deprecated variable works until the given day, and every command prints a warning while it is set. If the
        present variable is set too, the deprecated one has no effect.""",
        table(
            ("variable", "set instead", "works until"),
            [(f"`{former}`", f"`{present}`", DEPRECATED_UNTIL) for former, present in DEPRECATED.items()],
        ),
        "## Time limits of commands",
        """The commands differ in how long one SQL statement may take and, on PostgreSQL, how long a transaction may
        stand still between two statements. If a limit is exceeded, the transaction is rolled back. Then `serve`
        answers the request with 503, a background job tries again, and any other command ends with exit code 1. A
        command waits for a lock as long as `SERVICE_LOCK_TIMEOUT_MS` says, except `migrate`.""",
        table(
            ("command", "one SQL statement", "standing still in a transaction"),
            [
                ("`serve`, `work`", "`SERVICE_STATEMENT_TIMEOUT_MS`", "`SERVICE_IDLE_TRANSACTION_MS`"),
                (
                    "`audit`, `export`, `import catalogue`, `import orders`",
                    f"{STATEMENT_TIMEOUT_MS // 60_000} minutes",
                    f"{IDLE_TRANSACTION_MS // 1_000} seconds",
                ),
                (
                    "`migrate`, and the migration of an SQLite file by another command",
                    (
                        f"no limit; {LOCK_TIMEOUT_MS // 1_000} seconds for a lock, and "
                        f"{TURN_TIMEOUT_MS // 1_000} seconds for another process that is migrating"
                    ),
                    "no limit",
                ),
                (
                    "`doctor`",
                    f"`SERVICE_STATEMENT_TIMEOUT_MS`, and {PATIENCE_S:.0f} seconds for all checks of the database",
                    "`SERVICE_IDLE_TRANSACTION_MS`",
                ),
                ("all others", "`SERVICE_STATEMENT_TIMEOUT_MS`", f"{IDLE_TRANSACTION_MS // 1_000} seconds"),
            ],
        ),
        "## Fixed limits",
        "No setting changes these limits:",
        table(
            ("what", "limit"),
            [
                ("idempotency key, `reference` of the seller", "1 to 512 characters"),
                ("mass of one order or quote", "1 g to 10<sup>9</sup> t"),
                ("bundles of a selection or in `bundleMasses`", "1 to 20"),
                ("`customer`, names of accounts and parties", "200 characters"),
                ("`description`", "1,000 characters"),
                ("`metadata`", "50 entries; names and values have at most 500 characters"),
                ("`callbackUrl`", "2,000 characters"),
                ("ids in one `cancelOrders` or `nodes`", "100"),
                ("orders on one invoice", "100 that are named, or 5,000 of a currency"),
                (
                    "attempts of a transaction that the database refused for a reason that may pass",
                    "5 within 5 seconds",
                ),
                ("check of the database, for `/health/ready`", "once a second, with 0.8 s for the answer"),
                ("head of a request, trailers", "32 KiB, of which the URL 8 KiB; 10 seconds to arrive"),
                ("time after which an idle connection is closed", "5 seconds"),
                ("error message", "300 characters"),
                (
                    "exports that run at the same time in a process",
                    f"{EXPORTS_OF_KEY_MAX} of a key, {EXPORTS_MAX} in all",
                ),
                ("time in which the caller of an export takes the next rows", f"{STALL_S} seconds"),
                ("validation errors in one GraphQL response", "10"),
                ("values of `metadata` in one GraphQL operation", "200"),
                ("bytes of a GraphQL response that one cost point covers", "1,024"),
                ("answers that clients do not take, of all connections of a process", "64 MiB"),
            ],
        ),
    )


def exports() -> str:
    names = [(f"`{name}`", field.description) for name, field in filter_names()]
    parts = [
        part
        for export in EXPORTS
        for part in (
            f"## {export.name}",
            export.summary,
            table(("column", "meaning"), [(f"`{each.name}`", each.description) for each in export.columns]),
        )
    ]
    return page(
        "Exports",
        """An export is a file with all rows of a list, however many there are. `GET /exports/<name>.csv` and `GET
        /exports/<name>.ndjson` take an API key as `Authorization: Bearer`, and `Account-Id` for a client account, as
        GraphQL does. `orders` and `retirements` need the scope `orders:read`; `ledger`, `invoices` and `payments` need
        it too, and are refused to a client account's own key. On the command line, `carbon-orders export` writes the
        same rows to a file.""",
        """**Formats.** CSV follows RFC 4180, in UTF-8 without a byte order mark, with a line of column names. NDJSON
        has one JSON object a line; masses in grams are numbers, amounts and masses in tonnes exact decimals as texts,
        and what is empty in CSV is null. Columns keep their names and order; new ones are added at the end. In CSV
        an apostrophe stands before a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, so that a
        spreadsheet does not run it as a formula. Amounts keep their sign and get no apostrophe.""",
        """**Rows.** The newest come first. The rows are read in pages while the file is sent, each page by itself. A
        row that exists before the export begins, and stays in the filter until it ends, is in the file exactly once. If
        the export fails, the connection is closed before the end of the response: take only complete responses.""",
        f"""**Limits.** An export costs {EXPORT_POINTS} cost points of the key's budget
        (`SERVICE_QUERY_POINTS_A_MINUTE`). In each process a key may run {EXPORTS_OF_KEY_MAX} exports at a time, and all
        keys {EXPORTS_MAX}; more are refused with 429 or 503 and `Retry-After`. An export may take as long as it needs,
        but a caller that takes nothing for {STALL_S} seconds is cut off. Refusals are problem details (RFC 9457) with
        the `code` of [errors.md](errors.md).""",
        "## Filter",
        """`orders` and `retirements` take these query parameters, the members of GraphQL's `OrderFilterInput`; for
        `retirements` they select the orders. Lists take a parameter once for each value, as in
        `status=PLACED&status=FULFILLED`, and entries of `metadata` have places from 0. Any other parameter is refused.
        On the command line each is a `--filter NAME=VALUE`.""",
        table(("parameter", "meaning"), names),
        *parts,
    )


def command_line() -> str:
    parts = [
        part
        for words, command in commands(typer.main.get_command(app))
        for part in (f"## {' '.join(words)}", *command_parts(command))
    ]
    return page(
        "Command line",
        """Commands print their results to stdout, and everything else to stderr. The exit code is 0 after success, 1 if
        the command was refused or failed, and 2 if its arguments or the settings are wrong.""",
        """Commands work directly on the database of the setting `SERVICE_DATABASE_URL`, so run them with the settings
        of the service. Unless a command says otherwise, it may run while the service serves requests, on SQLite
        too. Ids of accounts are the UUIDs that `carbon-orders account list` prints, not the ids of GraphQL.""",
        """`carbon-orders --install-completion` installs completion of commands and options in your shell.
        `carbon-orders --show-completion` prints the script instead. `carbon-orders --version` prints the version.""",
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
        """This page lists every type, field and argument of the schema. The [GraphQL guide](graphql-guide.md) shows how
        to use them. A running service shows the same reference beside an editor at `/graphql` (the explorer), and the
        schema as text at `/graphql/schema.graphql`.""",
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
