"""`carbon-orders migrate`: the database's tables are brought up to date, and what was applied is named."""

from service.commands import output
from service.commands.runtime import guarded, settings_given
from service.storage import migrations


def migrate(*, as_json: bool) -> None:
    """Every migration is applied; those that were not before were shown."""
    settings = settings_given()
    applied = guarded(settings, migrations.migrate(settings.database_url))
    if as_json:
        output.show_json({"applied": applied})
    else:
        output.show("\n".join(f"applied {name}" for name in applied) or "Nothing to apply: the tables are up to date.")
