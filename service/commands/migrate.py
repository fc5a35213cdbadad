"""`carbon-orders migrate`: apply the missing migrations and list them."""

from service.commands import output
from service.commands.runtime import guarded, settings_given
from service.storage import migrations


def migrate(*, as_json: bool) -> None:
    """Apply every missing migration and show the names."""
    settings = settings_given()
    applied = guarded(settings, migrations.migrate(settings.database_url, pooled=settings.is_pooled))
    if as_json:
        output.show_json({"applied": applied})
    else:
        output.show(
            "\n".join(f"applied {name}" for name in applied) or "There is nothing to apply: the tables are up to date."
        )
