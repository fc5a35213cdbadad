"""`carbon-orders migrate`: apply the missing migrations and list them."""

from service.commands import output
from service.commands.runtime import guarded, settings_given
from service.storage import migrations
from service.storage.distribution import distribute as place


def migrate(*, offline: bool, distribute: bool, as_json: bool) -> None:
    """Apply every migration that is not applied yet, and show which they were. With `distribute` also place the tables
    on the nodes of a cluster.
    """
    settings = settings_given()
    url, pooled = settings.database_url, settings.is_pooled
    applied = guarded(settings, migrations.migrate(url, pooled=pooled, offline=offline))
    placed = guarded(settings, place(url, pooled=pooled)) if distribute else []
    if as_json:
        output.show_json({"applied": applied} | ({"placed": placed} if distribute else {}))
        return
    lines = [f"applied {name}" for name in applied] + [f"placed {name}" for name in placed]
    output.show("\n".join(lines) or "There is nothing to apply: the tables are up to date.")
