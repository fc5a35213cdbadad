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
from service.api.exports.routes import EXPORT_POINTS, EXPORTS_MAX, EXPORTS_OF_KEY_MAX, STALL_S
from service.api.graphql.error_presentation import GRAPHQL_REASONS
from service.api.graphql.schema import schema
from service.commands.books import STATEMENT_TIMEOUT_MS
from service.commands.doctor import PATIENCE_S
from service.commands.runtime import IDLE_TRANSACTION_MS
from service.commands.setting_messages import DEPRECATED, DEPRECATED_UNTIL, values_of
from service.errors import REASONS
from service.settings import INTEGER_MAX, Settings
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
        wrong, or the state of an order does not allow the change, the code is in `userErrors` of the payload. All other
        refusals are in `errors` of the response, with the code in `extensions.code`. The code `GRAPHQL_PARSE_FAILED`,
        and the codes below it in the table, always concern the document or the HTTP request.""",
        """**HTTP status in GraphQL.** Look at `errors`, not at the status. If an operation ran, the status is 200, even
        if the response has `userErrors` or an entry in `errors` for a single field, such as `FORBIDDEN`. There are two
        exceptions, both for a response in which no root field has data: if every error is `UNAUTHENTICATED`, the status
        is 401; if every error is `UNAVAILABLE`, the status is 503. If a document was refused before it ran (syntax,
        validation, cost), the status is 200, or 400 if the request has the header `Accept:
        application/graphql-response+json`. If the whole request was refused, it has the status in the table.
        `BAD_REQUEST` can also have the statuses 405, 406 and 415. If an entry of `errors` is `UNAVAILABLE` or
        `THROTTLED`, the response has the header `Retry-After`.""",
        """**REST.** Each REST contract has its own error codes. Its reference, such as `/lune/docs`, lists them. The
        HTTP status of a refusal is the one that the contract defines. If the contract defines none, it is the one that
        the table shows for the same cause.""",
        """**Member at fault.** The `path` of an error in `userErrors`, and `extensions.inputPath` of an error in
        `errors`, name the member of your request that is at fault. The path is empty if no member is at fault.""",
        """**Retries.** The column *may retry* says whether the same request may succeed if you send it again later,
        with the same idempotency key. In `errors`, `extensions.mayRetry` has this value. If the column says *no*, the
        request is refused again unless you change the request, or something in the account has changed meanwhile, such
        as its balance. If a response with `UNAVAILABLE` has no header `Retry-After`, stored data are damaged. A retry
        does not help until the operator of the service has repaired them.""",
        table(("code", "meaning", "HTTP status", "may retry"), rows),
        """Programs should decide by the code and by `mayRetry`. Do not parse messages, because they are for people and
        may change. `INTERNAL_SERVER_ERROR` means a defect of the service. Its message has no details. The details are
        in the log of the service, with the request id that the response has in the header `X-Request-Id` and in
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
        as not set. If a variable has a wrong value, every command prints the name and the permitted values of the
        variable, and ends with exit code 2. `carbon-orders doctor` checks all settings.""",
        """Many names end in the unit of their value: `_MS` in milliseconds, `_BYTES_MAX` in bytes, `_PERCENT_MAX` in
        percent, `_PER_S` in requests a second, and `_POINTS_A_MINUTE` in cost points a minute. If the column *default*
        is empty, the variable has no default value, and the column *meaning* says what the service does without it.""",
        f"""Write numbers as whole numbers, in digits only. If the column *values* names no maximum, the maximum is
        {INTEGER_MAX:,}.""",
        table(("variable", "default", "values", "meaning"), rows),
        "## Deprecated variables",
        """A deprecated variable still works until the given day. While it is set, every command prints a warning. If
        the variable that replaces it is set too, the deprecated variable has no effect.""",
        table(
            ("variable", "set instead", "works until"),
            [(f"`{former}`", f"`{present}`", DEPRECATED_UNTIL) for former, present in DEPRECATED.items()],
        ),
        "## Time limits of commands",
        """Each command has a time limit for one SQL statement. On PostgreSQL, it has a second time limit, for a
        transaction that is idle between two statements. If a limit is exceeded, the transaction is rolled back. Then
        `serve` answers the request with 503, a background job tries again, and any other command ends with exit code 1.
        All commands except `migrate` wait for a lock for at most `SERVICE_LOCK_TIMEOUT_MS`.""",
        table(
            ("command", "one SQL statement", "idle transaction (PostgreSQL)"),
            [
                ("`serve`, `work`", "`SERVICE_STATEMENT_TIMEOUT_MS`", "`SERVICE_IDLE_TRANSACTION_MS`"),
                (
                    "`audit`, `export`, `import catalogue`, `import orders`",
                    f"{STATEMENT_TIMEOUT_MS // 60_000} minutes",
                    f"{IDLE_TRANSACTION_MS // 1_000} seconds",
                ),
                (
                    "`migrate`, and any command that migrates an SQLite file",
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
                ("orders on one invoice", "100 if `orders` names them, or 5,000 if `currency` selects them"),
                (
                    "attempts of a transaction that the database refused for a temporary reason",
                    "5 within 5 seconds",
                ),
                ("check of the database for `/health/ready`", "once a second; the database must answer within 0.8 s"),
                (
                    "headers of a request, and trailers of its body",
                    "32 KiB each, the URL 8 KiB; they must arrive within 10 seconds",
                ),
                ("time after which an idle connection is closed", "5 seconds"),
                ("error message", "300 characters"),
                (
                    "exports that run at the same time in a process",
                    f"{EXPORTS_OF_KEY_MAX} for each key, {EXPORTS_MAX} in all",
                ),
                ("time in which the client of an export must read the next rows", f"{STALL_S} seconds"),
                ("validation errors in one GraphQL response", "10"),
                ("values of `metadata` that one GraphQL operation may read", "200"),
                ("bytes of a GraphQL response that one cost point covers", "1,024"),
                ("responses that clients have not read yet, of all connections of a process", "64 MiB"),
            ],
        ),
    )


def exports() -> str:
    filters = {each.filter.name: each.filter for each in EXPORTS}
    conditions = [
        part
        for name, each in filters.items()
        for part in (
            "### " + ", ".join(export.name for export in EXPORTS if export.filter is each),
            f"Named after the members of `{name}`.",
            table(("parameter", "meaning"), [(f"`{text}`", field.description) for text, field in each.names()]),
        )
    ]
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
        """An export is a file with all rows of a list. Send `GET /exports/<name>.csv` or `GET /exports/<name>.ndjson`
        with an API key in the header `Authorization: Bearer …`. To export the rows of a client account, add the header
        `Account-Id`, as in GraphQL. Every export needs the scope `orders:read`. The exports `ledger`, `invoices` and
        `payments` are refused if the key belongs to a client account. On the command line, `carbon-orders export`
        writes the same rows to a file.""",
        """**CSV** follows RFC 4180, in UTF-8 without a byte order mark. The first line has the column names. If a text
        begins with `=`, `+`, `-`, `@`, a tab or a carriage return, an apostrophe is put before it, so that a
        spreadsheet does not run it as a formula. Amounts are not changed in this way.""",
        """**NDJSON** has one JSON object in each line. Masses in grams are numbers. Amounts of money and masses in
        tonnes are exact decimals as strings. Values that are empty in CSV are null.""",
        """**Columns** keep their names and their order in later versions. New columns are added at the end. A *global
        id* in the tables below is the id of the object in GraphQL.""",
        """**Rows.** The newest rows come first. The service reads the rows page by page while it sends the file, so
        rows may change meanwhile. A row that exists before the export begins, and matches the filter until the export
        ends, is in the file exactly once. If the export fails, the service closes the connection before the end of the
        response. So use a file only if your HTTP client reports that the response was complete.""",
        f"""**Limits.** An export costs {EXPORT_POINTS} cost points of the key's budget
        (`SERVICE_QUERY_POINTS_A_MINUTE`). In each process, {EXPORTS_OF_KEY_MAX} exports of one key may run at the same
        time; a further export of this key is refused with 429. At most {EXPORTS_MAX} exports of all keys may run
        together; any further export is refused with 503. Both refusals have the header `Retry-After`. An export has no
        time limit, but if the client reads nothing for {STALL_S} seconds, the service closes the connection. Refusals
        are problem details (RFC 9457), whose `code` is one of the [error codes](errors.md).""",
        "## Filter",
        """The exports accept the following query parameters. In `retirements`, the parameters select the orders whose
        retired credits are exported. The parameters are named after the members of an input type in GraphQL. To give
        several values, repeat the parameter, as in `status=PLACED&status=FULFILLED`. To give several entries of
        `metadata`, number them from 0: `metadata.0.key`, `metadata.1.key`. Any other parameter is refused. On the
        command line, write each parameter as `--filter NAME=VALUE`.""",
        *conditions,
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
        """Commands print their results to stdout, and all messages to stderr. The exit code is 0 after success, 1 if
        the command was refused or failed, and 2 if its arguments or the settings are wrong.""",
        """Commands open the database of the setting `SERVICE_DATABASE_URL`, so run them with the same settings as the
        service. A command may run while the service serves requests, even if the database is SQLite, unless the
        description of the command says otherwise.""",
        """Every account has an id and a UUID. `carbon-orders account list` prints the ids. With `--json` it prints the
        UUIDs too, as `id`, and the ids as `globalId`. The argument `ACCOUNT_ID` accepts the id or the UUID. The option
        `--account` accepts only the UUID.""",
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
