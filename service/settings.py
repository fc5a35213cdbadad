"""The environment, read once: every limit of the service with its name, unit, default and bounds.

Imports nothing but kit; the composition root hands each limit to what needs it.
"""

import difflib
import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.kit.database_address import DatabaseAddress, parse_address
from service.kit.setting_values import (
    PortRange,
    checked_database_url,
    checked_redis_url,
    networks,
    origins,
    pairs,
    port_range,
)

Count = Annotated[int, Field(ge=1)]
Milliseconds = Annotated[int, Field(ge=1)]
ContractName = Literal["lune", "carbon-engine", "carbonext"]

DEPRECATED = {
    "SERVICE_TRUSTED_DOCUMENTS": "SERVICE_PERSISTED_DOCUMENTS",
    "SERVICE_TRUSTED_DOCUMENTS_ONLY": "SERVICE_PERSISTED_DOCUMENTS_ONLY",
}
"""Variables that were renamed, with their new names. An old name works until 2027-12-31; every command warns of it."""


NO_PROXY_ADVICE = (
    "Name the proxy's addresses in SERVICE_TRUSTED_PROXIES and let it set X-Forwarded-For:"
    " until then all callers without an API key share the budget of one address."
)
"""Advice if `Settings.names_no_proxy`."""


def deprecated_variables() -> list[str]:
    """Return the deprecated variables that the environment sets."""
    return [name for name in DEPRECATED if os.environ.get(name)]


def unknown_variables() -> dict[str, str | None]:
    """Return the variables SERVICE_… that nothing reads, each with the known name that it resembles."""
    known = {f"SERVICE_{name}".upper() for name in Settings.model_fields} | DEPRECATED.keys()
    unknown = sorted(name for name in os.environ if name.upper().startswith("SERVICE_") and name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)), None) for name in unknown}


def warnings_of(settings: "Settings") -> list[str]:
    """Return what an operator should know of settings that are valid: deprecated, unknown or ignored ones."""
    deprecated = [
        f"{name} is deprecated: set {DEPRECATED[name]} instead. The old name works until 2027-12-31."
        for name in deprecated_variables()
    ]
    unknown = [
        f"{name} is no setting of this service and has no effect" + (f"; is {near} meant?" if near else ".")
        for name, near in unknown_variables().items()
    ]
    return [*deprecated, *unknown, *(f"SERVICE_DATABASE_URL: {text}." for text in settings.database.warnings)]


def faults_of(error: ValidationError) -> str:
    """Return one sentence for each wrong variable, with its name and what is wrong, and never its value."""
    named = [
        ("_".join(map(str, each["loc"])).upper().removeprefix("SERVICE_"), each["msg"].removeprefix("Value error, "))
        for each in error.errors()
    ]
    return "; ".join(f"SERVICE_{name}: {message}" for name, message in named)


def _redis_url(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        checked_redis_url(url.get_secret_value())
    return url


class Settings(BaseSettings):
    """Settings of the service. The variable of a field is `SERVICE_` and its name in capitals, for example
    `SERVICE_PORT=8080`.

    An empty variable counts as absent. `ValidationError` names every variable that is out of its bounds.
    """

    model_config = SettingsConfigDict(
        env_prefix="SERVICE_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,  # beside the names of DEPRECATED
        hide_input_in_errors=True,  # a secret that is too short is still a secret
    )

    database_url: Annotated[str, AfterValidator(checked_database_url)] = Field(
        default="sqlite://var/carbon-orders.sqlite3",
        description="Address of the database: sqlite://relative/file, sqlite:///absolute/file or"
        " postgresql://user:password@host:port/name. A PostgreSQL address may have several hosts and the parameters of"
        " libpq.",
        repr=False,  # it may hold a password
    )
    host: str = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 listens on every network interface."
    )
    port: int = Field(default=8000, ge=1, le=65_535, description="TCP port to listen on.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which callers reach the service, such as https://orders.example; links in responses "
        "begin with it. By default http:// with host and port.",
    )
    hosts: Annotated[dict[str, ContractName], NoDecode, BeforeValidator(pairs)] = Field(
        default={},
        description="Host names that serve one REST API at /v1, as pairs of host name and API: "
        "api.lune.example=lune,engine.example=carbon-engine.",
    )
    redis_url: Annotated[SecretStr | None, AfterValidator(_redis_url)] = Field(
        default=None,
        description="Address of a Redis server (redis://host:port/number, or rediss:// for TLS) through which "
        "processes share the rate limits of API keys. By default each process counts for itself.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret on which the digests of API keys depend: at least 32 characters, the same in every "
        "process. If it changes, all keys stop working. PostgreSQL requires this variable. With SQLite, a secret is "
        "generated by default, in the file `secret` beside the database file.",
    )
    secret_previous: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Previous secret, while it is being replaced. Keys, tokens and links of this secret stay valid. The"
        " digest of a key is stored again under `SERVICE_SECRET` when the key is used. `doctor` counts the keys that"
        " were not used since.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level of log lines that are written."
    )
    log_json: bool | None = Field(
        default=None, description="Write the log as JSON lines. By default JSON is used if stderr is not a terminal."
    )
    metrics_bind: Annotated[PortRange | None, NoDecode, BeforeValidator(port_range)] = Field(
        default=None,
        description="Address at which each process serves its metrics to anybody, without a key: host:port, such as"
        " 127.0.0.1:9464, or host:first-last for several processes, each of which takes the first free port. By default"
        " there is no such listener; /metrics on the port of the service needs a key with the scope operator.",
    )
    slow_statement_ms: int = Field(
        default=500,
        ge=0,
        description="Duration above which an SQL statement is logged as `statement_slow`, with its text and without its"
        " values. 0 logs none.",
    )
    tracing: bool | None = Field(
        default=None,
        description="Send traces by OpenTelemetry, which needs the extra `otel`. By default they are sent if it"
        " is installed and OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_TRACES_EXPORTER is"
        " set.",
    )

    pool_size_max: Count = Field(default=16, description="Maximum number of PostgreSQL connections of each process.")
    statement_cache_size: int = Field(
        default=100,
        ge=0,
        description="Number of prepared statements that each PostgreSQL connection keeps; 0 implies "
        "`SERVICE_DATABASE_POOLED=true`.",
    )
    database_pooled: bool = Field(
        default=False,
        description="True if `SERVICE_DATABASE_URL` leads to a pooler in transaction mode, such as pgbouncer. Every"
        " command then uses only what such a pooler supports: no prepared statements, and limits are set in each"
        " transaction.",
    )
    loop_read_ms: int = Field(
        default=5,
        ge=0,
        description="Maximum processor time of an SQLite read in the event loop, where it delays other requests. A "
        "read that takes longer is run again in a thread. 0 runs all reads in a thread.",
    )
    lock_timeout_ms: Milliseconds = Field(
        default=2_000, description="Maximum time that a transaction waits for locks of other transactions."
    )
    statement_timeout_ms: Milliseconds = Field(default=5_000, description="Maximum duration of one SQL statement.")
    pool_wait_ms: Milliseconds = Field(
        default=1_000,
        description="Maximum time that a request waits for a free database connection; after that it is refused with "
        "503.",
    )
    idle_transaction_ms: Milliseconds = Field(
        default=3_000,
        description="Maximum time that a process may stand still inside a transaction; then PostgreSQL ends its session"
        " and releases the locks that others wait for.",
    )

    group_size_max: Count = Field(
        default=64, description="Maximum number of orders that are placed in one transaction."
    )
    group_lock_timeout_ms: Milliseconds = Field(
        default=250,
        description="Maximum time that a group of orders waits for locks; after that its orders are placed one by one.",
    )
    group_writers: Count = Field(
        default=1,
        description="Number of groups of orders that are placed at the same time. With SQLite, values above 1 have no "
        "effect.",
    )
    quote_valid_ms: Milliseconds = Field(
        default=900_000, description="Time for which the price of a quote is kept; by default 15 minutes."
    )
    hold_percent_max: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Maximum share of a bundle's stock, in percent, that open quotes of a live account and its client "
        "accounts may set aside. `carbon-orders account limit` sets another limit for one account.",
    )
    open_holds_max: int = Field(
        default=20,
        ge=0,
        description="Maximum number of open quotes of a live account and its client accounts that set credits aside. "
        "`carbon-orders account limit` sets another limit for one account.",
    )

    workers_embedded: bool = Field(
        default=True, description="Run the background jobs of `carbon-orders work` in `carbon-orders serve` as well."
    )
    worker_rest_ms: Milliseconds = Field(
        default=500, description="Time that a background job pauses when it found nothing to do."
    )

    retire_after_ms: int = Field(
        default=3_600_000,
        ge=0,
        description="Time from the moment at which an order is both fulfilled and paid to the retirement of its "
        "credits; by default one hour. Until then the order can be cancelled.",
    )
    retire_unpaid: bool = Field(
        default=False,
        description="Retire orders that are not paid yet, for customers who pay later. By default only paid orders are "
        "retired.",
    )

    known_keys_ms: int = Field(
        default=1_000,
        ge=0,
        le=1_000,
        description="Time for which the process remembers a valid API key without looking it up again. A revocation or "
        "suspension takes effect after at most this time.",
    )
    known_keys_max: Count = Field(
        default=10_000, description="Maximum number of API keys that a process remembers for `SERVICE_KNOWN_KEYS_MS`."
    )

    body_bytes_max: Count = Field(default=100_000, description="Maximum size of a request body.")
    body_timeout_ms: Milliseconds = Field(
        default=10_000,
        description="Maximum time in which a request body arrives; after that the request is refused with 408.",
    )
    connections_max: Count | None = Field(
        default=None,
        description="Maximum number of open connections of each process. If there are more, the one that has been idle"
        " longest is closed. By default as many as the open files of the process (`ulimit -n`) allow, at most 10,000.",
    )
    in_flight_max: Count = Field(
        default=256,
        description="Maximum number of requests in progress in each process; further requests are refused with 503.",
    )
    request_deadline_ms: Milliseconds = Field(
        default=10_000, description="Maximum duration of a request; after that it is refused with 503."
    )
    shutdown_timeout_ms: Milliseconds = Field(
        default=10_000, description="Maximum time for requests in progress to finish when the process is stopped."
    )

    lune_requests_per_s: Count = Field(
        default=15, description="Maximum number of requests a second of each API key in the Lune API."
    )
    carbon_engine_reads_per_s: Count = Field(
        default=100, description="Maximum number of reading requests a second of each API key in the carbon-engine API."
    )
    carbon_engine_writes_per_s: Count = Field(
        default=100, description="Maximum number of writing requests a second of each API key in the carbon-engine API."
    )
    carbonext_requests_per_s: Count = Field(
        default=100, description="Maximum number of requests a second of each API key in the Carbonext API."
    )
    carbonext_iso_dates: bool = Field(
        default=False,
        description="Write dates as ISO 8601 in the Carbonext API; by default as dd/MM/yyyy HH:mm:ss in UTC.",
    )

    page_size_default: Count = Field(
        default=20, description="Number of list entries on a page if the caller gives no number."
    )
    page_size_max: Count = Field(default=100, description="Maximum number of list entries on a page.")
    plans_enabled: bool = Field(
        default=True,
        description="Compile GraphQL operations, which makes them faster. If false, graphql-core executes them; the "
        "responses are the same.",
    )
    plans_max: Count = Field(default=1_000, description="Maximum number of compiled GraphQL operations that are kept.")
    plan_bytes_max: Count = Field(
        default=32_000_000, description="Approximate maximum memory for compiled GraphQL operations."
    )
    persisted_documents: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS", "SERVICE_TRUSTED_DOCUMENTS"),
        description="Path of a JSON file with registered GraphQL documents: an object whose names are sha256:<hash> "
        "and whose values are the documents. Requests may send the hash instead of the document.",
    )
    persisted_documents_only: bool = Field(
        default=False,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS_ONLY", "SERVICE_TRUSTED_DOCUMENTS_ONLY"),
        description="Run only documents from the file in SERVICE_PERSISTED_DOCUMENTS. All others are refused, "
        "including those from the GraphQL explorer.",
    )
    shown_documents_max: Count = Field(
        default=1_000,
        description="Maximum number of GraphQL documents that a process keeps because clients sent them together with "
        "their hash (automatic persisted queries).",
    )
    shown_document_bytes_max: Count = Field(
        default=4_000_000,
        description="Approximate maximum memory for the documents that SERVICE_SHOWN_DOCUMENTS_MAX counts.",
    )
    query_tokens_max: Count = Field(default=2_000, description="Maximum number of tokens in a GraphQL document.")
    query_depth_max: Count = Field(
        default=10,
        description="Maximum depth of nested fields in a GraphQL document. Fields of introspection do not count.",
    )
    query_aliases_max: Count = Field(default=30, description="Maximum number of aliases in a GraphQL document.")
    query_directives_max: Count = Field(default=50, description="Maximum number of directives in a GraphQL document.")
    query_cost_max: Count = Field(default=1_000, description="Maximum cost of one GraphQL operation, in cost points.")
    query_points_a_minute: Count = Field(
        default=30_000, description="Maximum cost of the GraphQL operations of one API key in a minute, in cost points."
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(origins)] = Field(
        default=(),
        description="Origins of web pages that may call the service from a browser, such as https://shop.example, or *"
        " for any. By default none: a browser lets no page of another origin read an answer.",
    )
    introspection: Literal["public", "keys", "off"] = Field(
        default="public",
        description="Callers that may read the schema: all (`public`), those with an API key (`keys`), or none (`off`)."
        " Unless it is `public`, /graphql/schema.graphql is not served either.",
    )
    address_points_a_minute: Count = Field(
        default=3_000,
        description="Cost points that all requests without a valid API key from one address, or from one /64 of IPv6,"
        " share in a minute: a request costs 1, a certificate or receipt 10, an unknown key 10 more, a GraphQL document"
        " one for each 25 characters the first time, and what its operation costs.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(networks)] = Field(
        default=(),
        description="Addresses or networks of proxies, such as 127.0.0.1,10.0.0.0/8, whose X-Forwarded-For says from"
        " which address a request comes. By default nobody's: then all callers behind one proxy share one address.",
    )

    @property
    def names_no_proxy(self) -> bool:
        """Return True if the service is reached over TLS, which only a proxy terminates, and no proxy is trusted."""
        return not self.trusted_proxies and (self.public_url or "").startswith("https://")

    @property
    def database(self) -> DatabaseAddress:
        """Return the address that `database_url` names."""
        return parse_address(self.database_url)

    @property
    def is_pooled(self) -> bool:
        """Return True if connections lead to a pooler in transaction mode."""
        return self.database_pooled or self.statement_cache_size == 0 or self.database.is_pooled

    @property
    def database_limits(self) -> dict[str, Any]:
        """Return what every connection to the database is opened with, by the names of `Database.open`."""
        return {
            "lock_timeout_ms": self.lock_timeout_ms,
            "statement_timeout_ms": self.statement_timeout_ms,
            "statement_cache_size": self.statement_cache_size,
            "idle_transaction_ms": self.idle_transaction_ms,
            "pooled": self.is_pooled,
            "slow_statement_ms": self.slow_statement_ms,
        }

    @property
    def public_address(self) -> str:
        """Return the start of absolute links, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
