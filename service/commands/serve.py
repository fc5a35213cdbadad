"""`carbon-orders serve`: bind a socket, prepare the database, run the application. The application is built in
app.py.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from socket import socket

from service.commands import output
from service.commands.demo_business import load_demo_business
from service.commands.runtime import pepper_of, run, settings_given
from service.commands.setting_messages import NO_DOCUMENTS_ADVICE
from service.key_pepper import previous_pepper
from service.kit.logging import configure_logging
from service.kit.tracing import fault_of_variables, is_installed, is_wanted
from service.operations.load_demo import DemoAccounts, load_demo
from service.operations.manage_accounts import list_accounts
from service.operations.resources import Resources
from service.server.uvicorn_server import CannotServeError, bind, end_on_sigterm, serve_by_processes, serve_on
from service.settings import Settings


def serve(*, demo: bool, host: str | None, port: int | None, workers: int) -> None:
    """Answer requests until SIGTERM or Ctrl+C."""
    end_on_sigterm()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings_given(**given)
    configure_logging(json=settings.log_json, level=settings.log_level)
    if workers > 1 and settings.database.dialect == "sqlite":
        output.fail(
            "SQLite allows one writing process: --workers above 1 needs PostgreSQL in SERVICE_DATABASE_URL.",
            output.MISUSED,
        )
    try:
        bound = bind(settings)
    except CannotServeError as error:
        output.fail(str(error))
    with bound:
        _serve_on(bound, settings, given, demo=demo, workers=workers)


def _serve_on(bound: socket, settings: Settings, given: Mapping[str, object], *, demo: bool, workers: int) -> None:
    _check_optional_parts(settings)
    key_pepper = pepper_of(settings)
    if demo:
        _offer_demo(settings, key_pepper)
    if workers > 1:
        _check_ports(settings, workers)
        # the server processes read the environment
        os.environ |= {f"SERVICE_{name.upper()}": str(value) for name, value in given.items()}
        try:
            serve_by_processes(bound, "service.server.worker_process:worker_app", settings, processes=workers)
        except CannotServeError as error:
            output.fail(str(error))
        return
    # Imported here because it loads the whole GraphQL schema: so a wrong setting or a port in use is reported earlier,
    # and the parent of several processes does not need it.
    from service.app import create_app  # noqa: PLC0415
    from service.server.companions import companions  # noqa: PLC0415

    try:
        app = create_app(settings, pepper=key_pepper, previous_pepper=previous_pepper(settings), **companions(settings))
        serve_on(bound, app, settings)
    except CannotServeError as error:
        output.fail(str(error))


def _check_ports(settings: Settings, processes: int) -> None:
    """End the command unless there is a port for the metrics of each process."""
    ports = settings.metrics_bind
    if ports is not None and ports.last - ports.first + 1 < processes:
        output.fail(
            f"SERVICE_METRICS_BIND needs a port for each of {processes} processes, such as"
            f" {ports.host}:{ports.first}-{ports.first + processes - 1}.",
            output.MISUSED,
        )


def _check_optional_parts(settings: Settings) -> None:
    """End the command if a setting names a file that cannot be used, or needs a package that is not installed. Warn if
    GraphQL would refuse everything.
    """
    if settings.refuses_every_document:
        output.warn(NO_DOCUMENTS_ADVICE)
    if settings.redis_url is not None and find_spec("redis") is None:
        output.fail(
            "SERVICE_REDIS_URL needs the package redis. Run pip install 'carbon-orders[redis]', or unset the variable.",
            output.MISUSED,
        )
    if is_wanted(settings.tracing):
        if not is_installed():
            output.fail(
                "SERVICE_TRACING needs packages. Run pip install 'carbon-orders[otel]', or unset the variable.",
                output.MISUSED,
            )
        if fault := fault_of_variables():
            output.fail(fault, output.MISUSED)
    if settings.persisted_documents is not None:
        # Imported here because it loads the GraphQL library.
        from service.api.graphql.transport.persisted_documents import load_registered  # noqa: PLC0415

        try:
            load_registered(settings.persisted_documents)
        except ValueError as error:
            output.fail(f"SERVICE_PERSISTED_DOCUMENTS: {error}", output.MISUSED)


def _offer_demo(settings: Settings, key_pepper: bytes) -> None:
    """Load the demo into an empty SQLite database; in any case print the next steps on stdout."""

    async def load_once(resources: Resources) -> DemoAccounts | None:
        if settings.database.dialect != "sqlite" or await list_accounts(resources):
            return None
        loaded = await load_demo(resources, pepper=key_pepper)
        await load_demo_business(resources, loaded.business, loaded.scarce_bundle_id)
        return loaded

    loaded = run(settings, load_once)
    if loaded is not None:
        output.show_demo(loaded, settings.public_address)
    else:
        output.show(
            f"{settings.public_address} serves the existing data. To create new demo keys, run: carbon-orders demo"
        )
