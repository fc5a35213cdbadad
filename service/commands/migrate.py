"""`carbon-orders migrate`: apply the missing migrations and list them."""

from service.commands import output
from service.commands.runtime import guarded, settings_given
from service.storage import migrations


def migrate(*, offline: bool, as_json: bool) -> None:
    """Apply every migration that is not applied yet, and show which they were."""
    settings = settings_given()
    applied = guarded(settings, migrations.migrate(settings.database_url, pooled=settings.is_pooled, offline=offline))
    if as_json:
        output.show_json({"applied": applied})
    else:
        output.show(
            "\n".join(f"applied {name}" for name in applied) or "There is nothing to apply: the tables are up to date."
        )
