"""`carbon-orders work`: the background jobs in a process of their own. Their steps are in operations/."""

from service.commands.runtime import run, settings_given
from service.kit.logging import configure_logging
from service.workers.run import work_until_told


def work() -> None:
    """Repeat every step until SIGTERM or Ctrl+C."""
    settings = settings_given()
    configure_logging(json=settings.log_json, level=settings.log_level)
    run(
        settings,
        lambda resources: work_until_told(resources, settings),
        pool_size_max=settings.pool_size_max,
        idle_transaction_ms=settings.idle_transaction_ms,
    )
