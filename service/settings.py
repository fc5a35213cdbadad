"""The environment, read once: every limit of the service with its name, unit, default and bounds.

Imports no other package; the composition root hands each limit to what needs it.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Count = Annotated[int, Field(ge=1)]
Milliseconds = Annotated[int, Field(ge=1)]
ContractName = Literal["lune", "carbon-engine", "carbonext"]

DEPRECATED = {
    "SERVICE_TRUSTED_DOCUMENTS": "SERVICE_PERSISTED_DOCUMENTS",
    "SERVICE_TRUSTED_DOCUMENTS_ONLY": "SERVICE_PERSISTED_DOCUMENTS_ONLY",
}
"""Variables that were renamed, with their new names. An old name works until 2027-12-31; every command warns of it."""


def deprecated_variables() -> list[str]:
    """Return the deprecated variables that the environment sets."""
    return [name for name in DEPRECATED if os.environ.get(name)]


def faults_of(error: ValidationError) -> str:
    """Return one sentence for each wrong variable, with its name and what is wrong, and never its value."""
    named = [("_".join(map(str, each["loc"])).upper().removeprefix("SERVICE_"), each["msg"]) for each in error.errors()]
    return "; ".join(f"SERVICE_{name}: {message}" for name, message in named)


def _pairs(text: object) -> object:
    """`a=b, c=d` as a mapping; anything else is left for pydantic to refuse."""
    if not isinstance(text, str):
        return text
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in parts}


class Settings(BaseSettings):
    """`SERVICE_` and a field's name in capitals is the variable that sets it, for example `SERVICE_PORT=8080`.

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

    database_url: str = Field(
        default="sqlite://var/carbon-orders.sqlite3",
        description="sqlite://relative/file, sqlite:///absolute/file or postgresql://user:password@host/name.",
        repr=False,  # it may hold a password
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 is every interface.")
    port: int = Field(default=8000, ge=1, le=65_535, description="The TCP port to listen on.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="What absolute links begin with; by default host and port.",
    )
    hosts: Annotated[dict[str, ContractName], NoDecode, BeforeValidator(_pairs)] = Field(
        default={},
        description="Host names that serve a contract at /v1 as its own host does, such as"
        " api.lune.example=lune,engine.example=carbon-engine.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="redis://… where processes share their rate limits; by default each process keeps its own.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="What API keys are digested under: at least 32 characters, the same in every process, kept for as"
        " long as the keys shall work. By default one is generated beside the embedded database; PostgreSQL needs one.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that are logged."
    )
    log_json: bool | None = Field(default=None, description="JSON lines; by default only when stderr is no terminal.")

    pool_size_max: Count = Field(default=16, description="PostgreSQL connections of one process.")
    statement_cache_size: int = Field(
        default=100, ge=0, description="Prepared statements a connection keeps; 0 behind a transaction-pooling proxy."
    )
    loop_read_ms: int = Field(
        default=5,
        ge=0,
        description="How long a read of SQLite may hold up others before it goes to a thread; 0: at once.",
    )
    lock_timeout_ms: Milliseconds = Field(
        default=2_000, description="How long a transaction waits for another one's locks."
    )
    statement_timeout_ms: Milliseconds = Field(default=5_000, description="How long one SQL statement may take.")
    pool_wait_ms: Milliseconds = Field(default=1_000, description="How long a request waits for a free connection.")

    group_size_max: Count = Field(default=64, description="Orders that are placed in one transaction.")
    group_lock_timeout_ms: Milliseconds = Field(
        default=250, description="How long a group of orders waits for locks before its orders are placed one by one."
    )
    group_writers: Count = Field(
        default=1, description="Groups that are placed at the same time; SQLite has use for one."
    )
    quote_valid_ms: Milliseconds = Field(default=900_000, description="How long a quote's price holds: 15 minutes.")
    hold_percent_max: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Percent of a bundle's stock, held credits included, that quotes of one account and its client"
        " accounts may hold in live mode. `carbon-orders account limit` sets another for an account.",
    )
    open_holds_max: int = Field(
        default=20,
        ge=0,
        description="Quotes of one account and its client accounts that may hold credits at the same time in live mode."
        " `carbon-orders account limit` sets another number for an account.",
    )

    workers_embedded: bool = Field(default=True, description="Whether `serve` also does what `work` does.")
    worker_rest_ms: Milliseconds = Field(default=500, description="How long a worker that found nothing to do rests.")

    retire_after_ms: int = Field(
        default=3_600_000,
        ge=0,
        description="How long an order that is fulfilled and paid waits before its credits are retired: an hour. Until"
        " then it can be cancelled.",
    )
    retire_unpaid: bool = Field(
        default=False, description="Whether credits are retired before they are paid, for accounts that pay later."
    )

    known_keys_ms: int = Field(
        default=1_000,
        ge=0,
        le=1_000,
        description="How long a key that was looked up is believed; after it a revocation or suspension takes effect.",
    )
    known_keys_max: Count = Field(default=10_000, description="API keys that are believed for a moment at once.")

    body_bytes_max: Count = Field(default=100_000, description="Bytes of a request's body.")
    body_timeout_ms: Milliseconds = Field(default=10_000, description="How long a request's body may take to arrive.")
    in_flight_max: Count = Field(default=256, description="Requests that are worked on at once; more are answered 503.")
    request_deadline_ms: Milliseconds = Field(default=10_000, description="How long a request is worked on.")
    shutdown_timeout_ms: Milliseconds = Field(
        default=10_000, description="How long requests under way may take once the process is told to end."
    )

    lune_requests_per_s: Count = Field(default=15, description="Requests of one API key in the Lune contract.")
    carbon_engine_reads_per_s: Count = Field(
        default=100, description="Reading requests of one API key in the carbon-engine contract."
    )
    carbon_engine_writes_per_s: Count = Field(
        default=100, description="Writing requests of one API key in the carbon-engine contract."
    )
    carbonext_requests_per_s: Count = Field(
        default=100, description="Requests of one API key in the Carbonext contract."
    )
    carbonext_iso_dates: bool = Field(
        default=False, description="Whether the Carbonext contract writes dates as ISO 8601, and not day first."
    )

    page_size_default: Count = Field(default=20, description="Nodes of a page when the caller names no number.")
    page_size_max: Count = Field(default=100, description="Nodes of a page at most.")
    plans_enabled: bool = Field(default=True, description="Whether GraphQL operations are compiled, not interpreted.")
    plans_max: Count = Field(default=1_000, description="GraphQL operations that are kept ready, compiled.")
    plan_bytes_max: Count = Field(default=32_000_000, description="Bytes, roughly, of operations that are kept ready.")
    persisted_documents: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS", "SERVICE_TRUSTED_DOCUMENTS"),
        description="A JSON file of GraphQL documents by sha256:<hex>, which requests may name by that.",
    )
    persisted_documents_only: bool = Field(
        default=False,
        validation_alias=AliasChoices("SERVICE_PERSISTED_DOCUMENTS_ONLY", "SERVICE_TRUSTED_DOCUMENTS_ONLY"),
        description="Whether only documents of that file are run; what browsers try out is then refused.",
    )
    shown_documents_max: Count = Field(
        default=1_000, description="Documents that clients have sent with their hash and may name by it."
    )
    shown_document_bytes_max: Count = Field(default=4_000_000, description="Bytes, roughly, of those documents.")
    query_tokens_max: Count = Field(default=2_000, description="Tokens of a GraphQL document.")
    query_depth_max: Count = Field(
        default=10, description="Levels of fields in a GraphQL document, introspection excepted."
    )
    query_aliases_max: Count = Field(default=30, description="Aliases in a GraphQL document.")
    query_directives_max: Count = Field(default=50, description="Directives in a GraphQL document.")
    query_cost_max: Count = Field(default=1_000, description="Cost points of a GraphQL operation.")
    query_points_a_minute: Count = Field(
        default=30_000, description="Cost points of all GraphQL operations of one API key in a minute."
    )

    @property
    def public_address(self) -> str:
        """What absolute links begin with, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
