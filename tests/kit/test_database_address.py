"""Addresses of databases: which file or servers a URL names, and that no text of it shows a password."""

import ssl
from urllib.parse import quote

import pytest

from service.kit.database_address import parse_address

SECRETS = ("hush", "pa", "ss@host")
LONG = "/run/" + 70 * "a"


@pytest.mark.parametrize(("url", "file"), [
    ("sqlite://var/orders.sqlite3", "var/orders.sqlite3"),
    ("sqlite:///var/orders.sqlite3", "/var/orders.sqlite3"),
    ("sqlite:////var/orders.sqlite3", "/var/orders.sqlite3"),
    ("sqlite://orders 100%.sqlite3", "orders 100%.sqlite3"),
])  # fmt: skip
def test_three_slashes_and_four_name_an_absolute_file_and_two_a_relative_one(url: str, file: str) -> None:
    address = parse_address(url)
    assert (address.dialect, address.file, address.place) == ("sqlite", file, f"sqlite://{file}")


@pytest.mark.parametrize("url", [
    "", "orders.sqlite3", "sqlite:orders", "sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite://a?mode=ro",
    "mysql://root:hush@db/orders", "postgresql:/u:hush@db/orders", "sqlite://a\0b",
])  # fmt: skip
def test_other_urls_are_refused_with_the_forms_that_are_read(url: str) -> None:
    with pytest.raises(ValueError, match=r"^A database URL is sqlite://path/of/a/file or postgresql://") as refused:
        parse_address(url)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(("url", "connection", "place"), [
    ("postgresql://u@db/orders",
     {"host": ["db"], "port": [5432], "user": "u", "database": "orders"}, "db:5432/orders"),
    ("postgres://u:hush@db:6432/orders",
     {"host": ["db"], "port": [6432], "user": "u", "password": "hush", "database": "orders"}, "db:6432/orders"),
    ("postgresql://u@h:1,h2:2/db?target_session_attrs=read-write",
     {"host": ["h", "h2"], "port": [1, 2], "user": "u", "database": "db", "target_session_attrs": "read-write"},
     "h:1,h2:2/db"),
    ("postgresql://u@[::1]:6432,[fe80::2]/db",
     {"host": ["::1", "fe80::2"], "port": [6432, 5432], "user": "u", "database": "db"}, "[::1]:6432,[fe80::2]:5432/db"),
    ("postgresql://u@/db?host=/var/run/postgresql&port=5433",
     {"host": ["/var/run/postgresql"], "port": [5433], "user": "u", "database": "db"}, "/var/run/postgresql:5433/db"),
    (f"postgresql://u@/db?host={LONG}",
     {"host": [LONG], "port": [5432], "user": "u", "database": "db"},
     f"{LONG}:5432/db"),
    (f"postgresql://u@{quote(LONG, safe='')}/db",
     {"host": [LONG], "port": [5432], "user": "u", "database": "db"},
     f"{LONG}:5432/db"),
    ("postgresql://u@%2Fvar%2Frun%2Fpostgresql/db",
     {"host": ["/var/run/postgresql"], "port": [5432], "user": "u", "database": "db"}, "/var/run/postgresql:5432/db"),
    ("postgresql:///db", {"database": "db"}, "the local socket/db"),
    ("postgresql://", {}, "the local socket"),
    ("postgresql://u%40firm:p%2Fa%3Fs%23s%25@db/my%20orders",
     {"host": ["db"], "port": [5432], "user": "u@firm", "password": "p/a?s#s%", "database": "my orders"},
     "db:5432/my orders"),
    ("postgresql://u:pa#ss@db/orders",
     {"host": ["db"], "port": [5432], "user": "u", "password": "pa#ss", "database": "orders"}, "db:5432/orders"),
    ("postgresql://u:pa@ss@db/orders",
     {"host": ["db"], "port": [5432], "user": "u", "password": "pa@ss", "database": "orders"}, "db:5432/orders"),
    ("postgresql://db?user=u&password=hush&dbname=orders",
     {"host": ["db"], "port": [5432], "user": "u", "password": "hush", "database": "orders"}, "db:5432/orders"),
    ("postgresql://db/orders?user=u@firm",
     {"host": ["db"], "port": [5432], "user": "u@firm", "database": "orders"}, "db:5432/orders"),
    ("postgresql://db/orders?connect_timeout=10",
     {"host": ["db"], "port": [5432], "database": "orders", "timeout": 10.0}, "db:5432/orders"),
    ("postgresql://db/orders?connect_timeout=0",
     {"host": ["db"], "port": [5432], "database": "orders"}, "db:5432/orders"),
    ("postgresql://db/orders?sslmode=verify-full&sslrootcert=/etc/ca.pem",
     {"host": ["db"], "port": [5432], "database": "orders",
      "dsn": "postgresql://?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"}, "db:5432/orders"),
])  # fmt: skip
def test_a_postgresql_url_names_servers_user_and_database(url: str, connection: dict[str, object], place: str) -> None:
    address = parse_address(url)
    assert (address.dialect, dict(address.connection), address.place) == ("postgresql", connection, place)
    assert address.warnings == ()


def test_the_systems_authorities_verify_the_server() -> None:
    context = parse_address("postgresql://db/orders?sslmode=verify-full&sslrootcert=system").connection["ssl"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("parameter", [
    "channel_binding=require", "keepalives=1", "keepalives_idle=30", "gssencmode=disable", "connection_limit=5",
    "tcp_user_timeout=1000", "sslcompression=0", "schema=public",
])  # fmt: skip
def test_a_parameter_that_changes_nothing_here_is_told(parameter: str) -> None:
    address = parse_address(f"postgresql://u@db/orders?sslmode=require&{parameter}")
    assert address.warnings == (f"the parameter {parameter.partition('=')[0]} has no effect here",)
    assert address.connection["dsn"] == "postgresql://?sslmode=require"


def test_a_pooler_and_start_up_parameters_are_told_apart() -> None:
    address = parse_address(
        "postgresql://u@db/orders?pgbouncer=true&application_name=shop&options=-csearch_path%3Dshop"
    )
    assert (address.is_pooled, address.server_settings) == (
        True,
        {"application_name": "shop", "options": "-csearch_path=shop"},
    )
    assert parse_address("postgresql://u@db/orders").is_pooled is False


@pytest.mark.parametrize(("url", "said"), [
    ("postgresql://u:pa?ss@host/db", "The password in a database URL writes / as %2F, ? as %3F and % as %25."),
    ("postgresql://u:pa/ss@host/db", "The password in a database URL writes / as %2F, ? as %3F and % as %25."),
    ("postgresql://u:pa/ss@host", "The password in a database URL writes / as %2F, ? as %3F and % as %25."),
    ("postgresql://u:hush@db:99999/o", "A port in a database URL is a number from 1 to 65535."),
    ("postgresql://u:hush@db:0/o", "A port in a database URL is a number from 1 to 65535."),
    ("postgresql://u:hush@db:hush/o", "A port in a database URL is a number from 1 to 65535."),
    ("postgresql://u:hush@:5432/o", "A database URL names a host before each port."),
    ("postgresql://u:hush@a,,b/o", "A database URL names a host before each port."),
    ("postgresql://u:hush@[::1/o", "An IPv6 address in a database URL is written [::1] or [::1]:5432."),
    ("postgresql://a,b,c/o?port=1,2", "A database URL gives one port, or as many ports as hosts."),
    ("postgresql://u:hush@db/o?sslmode=bogus",
     "The parameter sslmode of a database URL is one of disable, allow, prefer, require, verify-ca, verify-full."),
    ("postgresql://u:hush@db/o?connect_timeout=soon",
     "The parameter connect_timeout of a database URL is a whole number of seconds."),
    ("postgresql://u:hush@db/o?pgbouncer=maybe", "The parameter pgbouncer of a database URL is true or false."),
    ("postgresql://u:hush@db/o?sslmod=require", "A database URL has no parameter sslmod; is sslmode meant?"),
    ("postgresql://u:hush@db/o?hush!=1", "A database URL has no parameter that name."),
    ("postgresql://db/o?sslrootcert=system&sslmode=require",
     "In a database URL sslrootcert=system goes with sslmode=verify-full and no other file."),
])  # fmt: skip
def test_a_fault_is_one_sentence_that_repeats_no_password(url: str, said: str) -> None:
    with pytest.raises(ValueError, match="database URL") as refused:
        parse_address(url)
    assert str(refused.value) == said


def test_an_address_that_is_printed_shows_no_password() -> None:
    assert "hush" not in repr(parse_address("postgresql://u:hush@db/orders?sslmode=require"))
