"""The environment, read once: every limit of the service with its name, unit, default and bounds.

Imports nothing but kit; the composition root hands each limit to what needs it.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from service.document_settings import DocumentSettings
from service.kit.database_address import DatabaseAddress, parse_address
from service.kit.setting_values import (
    PortRange,
    checked_database_url,
    checked_public_url,
    checked_read_database_url,
    checked_redis_secret,
    networks,
    origins,
    pairs,
    port_range,
)
from service.mail_settings import TEN_YEARS_MS, MailSettings
from service.subscription_settings import SubscriptionSettings

INTEGER_MAX = 2_147_483_647
"""Maximum of PostgreSQL's settings of times, and of what libraries keep in 32 bits."""
Count = Annotated[int, Field(ge=1, le=INTEGER_MAX)]
CountOrZero = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
Delay = Annotated[int, Field(ge=0, le=TEN_YEARS_MS)]
Milliseconds = Annotated[int, Field(ge=1, le=INTEGER_MAX)]
ContractName = Literal["lune", "carbon-engine", "carbonext"]
SECRET_LENGTH_MIN = 32


class Settings(MailSettings, DocumentSettings, SubscriptionSettings):
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
        description="Address of the database: sqlite://relative/file, sqlite:///absolute/file or "
        "postgresql://user:password@host:port/name. The address of PostgreSQL may name several hosts and may have "
        "parameters of libpq.",
        repr=False,  # it may hold a password
    )
    read_database_url: Annotated[str | None, AfterValidator(checked_read_database_url)] = Field(
        default=None,
        description="Address of a streaming replica of the PostgreSQL in SERVICE_DATABASE_URL. Exports and statistics"
        " of an account are read there whenever it has all changes of the account, and else in the primary.",
        repr=False,  # it may hold a password
    )
    stale_reads_ms: CountOrZero = Field(
        default=0,
        description="Age that lists of the catalogue, and of all accounts for operators, may have when they are read in"
        " the replica of SERVICE_READ_DATABASE_URL. With 0 they are read in the primary.",
    )
    host: str = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 listens on every network interface."
    )
    port: int = Field(default=8000, ge=1, le=65_535, description="TCP port to listen on.")
    public_url: Annotated[str | None, AfterValidator(checked_public_url)] = Field(
        default=None,
        description="Address under which callers reach the service, such as https://orders.example. Links in "
        "responses begin with this address. By default http:// with SERVICE_HOST and SERVICE_PORT.",
    )
    hosts: Annotated[dict[str, ContractName], NoDecode, BeforeValidator(pairs)] = Field(
        default={},
        description="Host names that each serve a REST API at /v1: api.lune.example=lune,engine.example=carbon-engine."
        " By default none: each API has its own path, such as /lune/v1.",
    )
    redis_url: Annotated[SecretStr | None, AfterValidator(checked_redis_secret)] = Field(
        default=None,
        description="Address of a Redis server: redis://host:port/number, or rediss:// for TLS. Processes use it "
        "to share the rate limits of API keys and of addresses (SERVICE_ADDRESS_POINTS_A_MINUTE). By default, and "
        "while Redis does not answer, each process counts separately.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=SECRET_LENGTH_MIN,
        description="Secret on which the digests of API keys depend: at least 32 characters, the same in every "
        "process. If it changes, all keys stop working. PostgreSQL requires this variable. With SQLite, the service "
        "by default generates a secret, in the file `secret` beside the database file.",
    )
    secret_previous: SecretStr | None = Field(
        default=None,
        min_length=SECRET_LENGTH_MIN,
        description="Previous secret, to be set while the secret is being replaced. Keys, tokens and links that "
        "depend on it stay valid. When such a key is used, its digest is stored again, computed with "
        "`SERVICE_SECRET`. `doctor` counts the keys that still depend on the previous secret.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level of the log lines that are written."
    )
    log_json: bool | None = Field(
        default=None, description="Write the log as JSON lines. By default JSON is used if stderr is not a terminal."
    )
    metrics_bind: Annotated[PortRange | None, NoDecode, BeforeValidator(port_range)] = Field(
        default=None,
        description="Address at which each process serves its metrics to anybody, without a key. It is host:port, "
        "such as 127.0.0.1:9464, or a range host:first-last, of which each process takes the first free port. By "
        "default the metrics are only at /metrics on the port of the service, for keys with the scope `operator`.",
    )
    slow_statement_ms: CountOrZero = Field(
        default=500,
        description="Duration above which an SQL statement is logged as `statement_slow`, with its text and "
        "without its values. If 0, no statement is logged.",
    )
    tracing: bool | None = Field(
        default=None,
        description="Send traces with OpenTelemetry; true requires the extra `otel`. By default traces are sent if "
        "this extra is installed and OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or "
        "OTEL_TRACES_EXPORTER is set.",
    )

    pool_size_max: Count = Field(default=16, description="Maximum number of PostgreSQL connections of each process.")
    statement_cache_size: CountOrZero = Field(
        default=100,
        description="Number of prepared statements that each PostgreSQL connection keeps. 0 has the same effect as "
        "`SERVICE_DATABASE_POOLED=true`.",
    )
    database_pooled: bool = Field(
        default=False,
        description="Set this to true if `SERVICE_DATABASE_URL` is the address of a pooler in transaction mode, "
        "such as pgbouncer. All commands then use no prepared statements and set time limits in each transaction, "
        "because such a pooler supports neither prepared statements nor settings of a session.",
    )
    query_batching_enabled: bool = Field(
        default=True,
        description="If several queries with the same text wait at the same time, send them to PostgreSQL as one "
        "statement. If false, each query is sent separately; the responses are the same. SQLite is not affected.",
    )
    loop_read_ms: CountOrZero = Field(
        default=5,
        description="Maximum processor time of an SQLite read in the event loop, where it delays other requests. A "
        "read that takes longer is stopped and run again in a thread. If 0, all reads run in a thread.",
    )
    lock_timeout_ms: Milliseconds = Field(
        default=2_000, description="Maximum time that a transaction waits for locks of other transactions."
    )
    statement_timeout_ms: Milliseconds = Field(default=5_000, description="Maximum duration of one SQL statement.")
    pool_wait_ms: Milliseconds = Field(
        default=1_000,
        description="Maximum time that a request waits for a free PostgreSQL connection. A request that waits "
        "longer is refused with 503.",
    )
    idle_transaction_ms: Milliseconds = Field(
        default=3_000,
        description="Maximum time for which a transaction may be idle between two statements. PostgreSQL ends the "
        "session of a transaction that is idle for longer, and so releases its locks.",
    )

    group_size_max: Count = Field(
        default=64, description="Maximum number of orders that are placed in one transaction."
    )
    group_lock_timeout_ms: Milliseconds = Field(
        default=250,
        description="Maximum time that a group of orders waits for locks. Then its orders are placed one by one.",
    )
    group_writers: Count = Field(
        default=1,
        description="Number of groups of orders that each process places at the same time. If the database is "
        "SQLite, values above 1 have no effect.",
    )
    quote_valid_ms: Annotated[int, Field(ge=1, le=TEN_YEARS_MS)] = Field(
        default=900_000, description="Time for which a quote is valid; by default 15 minutes."
    )
    hold_percent_max: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Maximum share of a bundle's stock, in percent, that all open quotes of a live account and its "
        "client accounts together may set aside. `carbon-orders account limit` sets another limit for one account.",
    )
    open_holds_max: CountOrZero = Field(
        default=20,
        description="Maximum number of open quotes with credits set aside that a live account and its client "
        "accounts may have together. `carbon-orders account limit` sets another limit for one account.",
    )

    workers_embedded: bool = Field(
        default=True, description="Run the background jobs in `serve`. If false, run `carbon-orders work` too."
    )
    worker_rest_ms: Milliseconds = Field(
        default=500, description="Time that a background job waits after it found nothing to do."
    )

    test_orders_after_ms: Delay = Field(
        default=10_000,
        description="Time after which a test order of the Lune API is paid and retired by itself; by default 10 s."
        " An order that `simulateOrder` or an operator changed is left alone.",
    )
    retire_after_ms: Delay = Field(
        default=3_600_000,
        description="Time between the moment at which an order is both fulfilled and paid and the retirement of "
        "its credits; by default one hour. Until the retirement, the order can be cancelled.",
    )
    retire_unpaid: bool = Field(
        default=False,
        description="Retire orders that are not paid yet, for customers who pay later. By default only paid ones are.",
    )

    known_keys_ms: int = Field(
        default=1_000,
        ge=0,
        le=1_000,
        description="Time for which a process remembers a valid API key without looking it up again. A revocation "
        "or suspension takes effect after at most this time.",
    )
    known_keys_max: Count = Field(
        default=10_000, description="Maximum number of API keys that a process remembers for `SERVICE_KNOWN_KEYS_MS`."
    )
    key_uses_ms: int = Field(
        default=15_000,
        ge=0,
        le=60_000,
        description="Time after which the process stores when API keys were last used. The stored time of a key "
        "changes at most once a minute. 0 never stores it.",
    )

    body_bytes_max: Count = Field(default=100_000, description="Maximum size of a request body.")
    body_timeout_ms: Milliseconds = Field(
        default=10_000,
        description="Maximum time in which a request body arrives. A request whose body takes longer gets 408.",
    )
    connections_max: int | None = Field(
        default=None,
        ge=1,
        le=INTEGER_MAX,
        description="Maximum number of open connections of each process. If there are more, the one that has been "
        "idle longest is closed. By default as many as `ulimit -n` (open files) allows, at most 10,000.",
    )
    in_flight_max: Count = Field(
        default=256,
        description="Maximum number of requests in progress in each process. Further requests are refused with 503.",
    )
    request_deadline_ms: Milliseconds = Field(
        default=10_000, description="Maximum time until a response begins. A request that takes longer gets 503."
    )
    shutdown_timeout_ms: Milliseconds = Field(
        default=10_000, description="Maximum time for requests in progress to finish after a process is told to stop."
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
        description="Write dates in the Carbonext API as ISO 8601. If false, they are dd/MM/yyyy HH:mm:ss in UTC.",
    )

    page_size_default: Count = Field(
        default=20,
        description="Number of list entries on a page if the caller gives no number. It may not exceed "
        "SERVICE_PAGE_SIZE_MAX.",
    )
    page_size_max: Count = Field(default=100, description="Maximum number of list entries on a page.")
    plans_enabled: bool = Field(
        default=True,
        description="Compile GraphQL operations to make them faster. If false, graphql-core executes them; the "
        "responses are the same.",
    )
    plans_max: Count = Field(default=1_000, description="Maximum number of compiled GraphQL operations in a process.")
    plan_bytes_max: Count = Field(
        default=32_000_000, description="Approximate maximum memory for compiled GraphQL operations in a process."
    )
    persisted_documents: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS", "SERVICE_TRUSTED_DOCUMENTS"),
        description="Path of a JSON file with registered GraphQL documents: an object whose names are "
        "sha256:<hash> and whose values are the documents. Requests may send the hash instead of the document.",
    )
    persisted_documents_only: bool = Field(
        default=False,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS_ONLY", "SERVICE_TRUSTED_DOCUMENTS_ONLY"),
        description="Run only documents from the file in SERVICE_PERSISTED_DOCUMENTS. All others are refused, "
        "including those from the GraphQL explorer.",
    )
    shown_documents_max: Count = Field(
        default=1_000,
        description="Maximum number of GraphQL documents that a process keeps for automatic persisted queries. A "
        "client adds a document by sending it together with its hash.",
    )
    shown_document_bytes_max: Count = Field(
        default=4_000_000,
        description="Approximate maximum memory of each process for the documents of automatic persisted queries.",
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
        description="Origins whose web pages may call the service from a browser, separated by commas, such as "
        "https://shop.example, or * for any. By default no page of another origin can read responses.",
    )
    introspection: Literal["public", "keys", "off"] = Field(
        default="public",
        description="Callers that may read the schema by introspection: all (`public`), those with an API key "
        "(`keys`), or none (`off`). /graphql/schema.graphql is served only if the value is `public`.",
    )
    address_points_a_minute: Count = Field(
        default=3_000,
        description="Maximum cost points in a minute of requests without a valid API key, from one address or one "
        "/64 network of IPv6. A request costs 1, a certificate or receipt 10, an unknown key 10 more. A GraphQL "
        "operation costs its points and, if the process does not know its document, 1 for each 25 characters.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(networks)] = Field(
        default=(),
        description="Addresses or networks of your proxies, such as 127.0.0.1,10.0.0.0/8. Their header "
        "X-Forwarded-For names a caller's address. By default none: all callers behind a proxy count as one.",
    )

    @model_validator(mode="after")
    def _check_page_sizes(self) -> Self:
        if "page_size_default" in self.model_fields_set and self.page_size_default > self.page_size_max:
            raise ValueError("write a number up to SERVICE_PAGE_SIZE_MAX, or raise that")
        return self

    @property
    def page_size_unasked(self) -> int:
        """Return the number of entries on a page if the caller gives none: the default, within the maximum."""
        return min(self.page_size_default, self.page_size_max)

    @property
    def refuses_every_document(self) -> bool:
        """Return True if only registered GraphQL documents are run, and no file registers any."""
        return self.persisted_documents_only and self.persisted_documents is None

    @property
    def names_no_proxy(self) -> bool:
        """Return True if the service is reached over TLS, which only a proxy terminates, and no proxy is trusted."""
        return not self.trusted_proxies and (self.public_url or "").startswith("https://")

    @property
    def database(self) -> DatabaseAddress:
        """Return the address that `database_url` names."""
        return parse_address(self.database_url)

    @property
    def replica_url(self) -> str | None:
        """Return the address of the replica; None without one, and for a SQLite file, which has none."""
        return self.read_database_url if self.database.dialect == "postgresql" else None

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
