"""A database's address, parsed once from a URL: what to connect to, and a form to print that holds no password.

Accept the URLs that SQLite users write and those that libpq reads and hosting companies hand out:

    sqlite://relative/file    sqlite:///absolute/file    sqlite:////absolute/file (the same file)
    postgresql://user:password@host:port,host:port/name?sslmode=verify-full&target_session_attrs=read-write
"""

import difflib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode

Dialect = Literal["sqlite", "postgresql"]

FORMS = "A database URL is sqlite://path/of/a/file or postgresql://user:password@host:port/name."

CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "primary", "standby", "read-only", "prefer-standby"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    "ssl_max_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
}
"""Parameters of libpq with the values that they take."""
FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "passfile")
SERVER_SETTINGS = ("application_name", "options", "search_path")
PLACES = ("host", "port", "user", "password", "dbname", "database")
IGNORED = frozenset({
    "channel_binding", "client_encoding", "connection_limit", "fallback_application_name", "gssdelegation",
    "gssencmode", "gsslib", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
    "krbsrvname", "load_balance_hosts", "pool_timeout", "prepareThreshold", "prepare_threshold", "replication",
    "require_auth", "requirepeer", "schema", "socket_timeout", "sslaccept", "sslcertmode", "sslcompression", "sslsni",
    "statement_cache_size", "tcp_user_timeout",
})  # fmt: skip
"""Parameters of libpq and of well-known clients that change nothing here: each is reported in `warnings`."""
_TRUE, _FALSE = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """An address that was understood. Only `place` and `warnings` may be printed."""

    dialect: Dialect
    place: str
    """The file, or hosts and database name, without user and password."""
    file: str = ""
    """SQLite: the path as given, absolute or relative to the working folder."""
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """PostgreSQL: keyword arguments of `asyncpg.connect`."""
    server_settings: Mapping[str, str] = field(default_factory=dict)
    """PostgreSQL: start-up parameters that the URL sets. A pooler that shares connections refuses them."""
    is_pooled: bool = False
    """PostgreSQL: `pgbouncer=true` says that a pooler shares the connections between transactions."""
    warnings: tuple[str, ...] = ()


@lru_cache(maxsize=100)
def parse_address(url: str) -> DatabaseAddress:
    """Return the address that the URL names.

    Raise ValueError, in one sentence that repeats neither user nor password, for a URL that is malformed or holds a
    parameter that nobody knows.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "sqlite":
        return _sqlite(rest)
    if separator and scheme in ("postgresql", "postgres"):
        return _postgresql(rest)
    raise ValueError(FORMS)


def _sqlite(rest: str) -> DatabaseAddress:
    if not rest or "?" in rest or "\0" in rest or rest == ":memory:" or not rest.strip("/"):
        raise ValueError(FORMS)
    # Four slashes are how SQLAlchemy writes an absolute path.
    file = "/" + rest.lstrip("/") if rest.startswith("/") else rest
    return DatabaseAddress("sqlite", place=f"sqlite://{file}", file=file)


def _postgresql(rest: str) -> DatabaseAddress:
    authority, path, query = _split(rest)
    credentials, has_credentials, hosts = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    given = _parameters(query)
    names, ports = _host_list(given.get("host") or hosts, given.get("port"))
    database = unquote(path) or given.get("dbname") or given.get("database")
    connection = {
        "host": names,
        "port": ports,
        "user": (unquote(user) if has_credentials else None) or given.get("user"),
        "password": (unquote(password) if has_credentials else None) or given.get("password"),
        "database": database,
        "timeout": _connect_timeout(given.get("connect_timeout")),
        **_encryption(given),
    }
    if "target_session_attrs" in given:
        connection["target_session_attrs"] = given["target_session_attrs"]
    return DatabaseAddress(
        "postgresql",
        place=_place(names, ports, database),
        connection={name: value for name, value in connection.items() if value is not None},
        server_settings={name: given[name] for name in SERVER_SETTINGS if name in given},
        is_pooled=_flag("pgbouncer", given.get("pgbouncer", "false")),
        warnings=tuple(f"the parameter {name} has no effect here" for name in given if name in IGNORED),
    )


def _split(rest: str) -> tuple[str, str, str]:
    """Return authority, path without its slash, and query. `#` has no meaning in these URLs."""
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    # An @ after the authority would be legal only in a query's value, and no database is named with one; so the
    # password contains an unescaped delimiter.
    if "@" not in authority and "@" in rest and (":" in authority or "@" in path):
        raise ValueError("The password in a database URL writes / as %2F, ? as %3F and % as %25.")
    return authority, path, query


def _parameters(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in given.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"The parameter {name} of a database URL is one of {', '.join(CHOICES[name])}.")
    known = {*CHOICES, *FILES, *SERVER_SETTINGS, *PLACES, *IGNORED, "connect_timeout", "pgbouncer"}
    for name in given.keys() - known:
        near = difflib.get_close_matches(name, known, n=1)
        shown = name if name.isidentifier() else "that name"  # it may be part of a password
        raise ValueError(f"A database URL has no parameter {shown}" + (f"; is {near[0]} meant?" if near else "."))
    return given


def _host_list(hosts: str, port_texts: str | None) -> tuple[list[str] | None, list[int] | None]:
    """Return names and ports of equal number; None where the URL names none and the environment decides."""
    if not hosts:
        return None, [_port(port_texts)] if port_texts else None
    names, ports = [], []
    for host in hosts.split(","):
        name, port = _host_and_port(host)
        names.append(name)
        ports.append(port)
    if port_texts:
        given = [_port(text) for text in port_texts.split(",")]
        if len(given) not in (1, len(names)):
            raise ValueError("A database URL gives one port, or as many ports as hosts.")
        ports = given * (len(names) if len(given) == 1 else 1)
    return names, ports


def _host_and_port(text: str) -> tuple[str, int]:
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("An IPv6 address in a database URL is written [::1] or [::1]:5432.")
        port = rest[1:]
    elif text.startswith("/"):  # the folder of a Unix socket, from the parameter `host`
        name, port = text, ""
    else:
        name, _, port = text.partition(":")
    if not name:
        raise ValueError("A database URL names a host before each port.")
    name = unquote(name)
    try:
        if not name.startswith("/"):
            name.encode("idna")
    except UnicodeError:  # resolving the name would raise this, although the network has not failed
        raise ValueError("A host name in a database URL has parts of 1 to 63 characters between its points.") from None
    return name, _port(port) if port else 5432


def _port(text: str) -> int:
    # The text is not repeated in the message, because it may contain a password that is not escaped.
    if not _PORT.fullmatch(text) or not 1 <= int(text) <= 65_535:
        raise ValueError("A port in a database URL is a number from 1 to 65535.")
    return int(text)


def _connect_timeout(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError("The parameter connect_timeout of a database URL is a whole number of seconds.")
    return float(text) or None  # in libpq 0 means no limit


def _flag(name: str, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"The parameter {name} of a database URL is true or false.")
    return text.lower() in _TRUE


def _encryption(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what asyncpg reads from a DSN alone, as a DSN that holds nothing else."""
    if given.get("sslrootcert") == "system":
        if given.get("sslmode", "verify-full") != "verify-full" or given.keys() & {"sslcert", "sslkey", "sslcrl"}:
            raise ValueError("In a database URL sslrootcert=system goes with sslmode=verify-full and no other file.")
        return {"ssl": ssl.create_default_context()}  # the system's certificate authorities; host names are verified
    named = ("sslmode", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version", *FILES)
    parameters = {name: given[name] for name in named if name in given}
    return {"dsn": "postgresql://?" + urlencode(parameters)} if parameters else {}


def _place(names: list[str] | None, ports: list[int] | None, database: str | None) -> str:
    shown = ",".join(
        f"{f'[{name}]' if ':' in name else name}:{port}" for name, port in zip(names or (), ports or (), strict=False)
    )
    return f"{shown or 'the local socket'}/{database or ''}".rstrip("/")
