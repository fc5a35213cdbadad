"""Facts of projects and batches, withdrawal of batches, search keys of names. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from service.kit.search_key import search_key
from service.storage.migrations._script import SqlFile


class FillNameKeys(Operation):
    """Write the search keys of the names of all projects and bundles, which are few."""

    def describe(self) -> str:
        return "fold the names of projects and bundles for search"

    def state_forward(self, app_label: str, state: State) -> None:
        """Return nothing, because Tortoise's state of the models is not kept."""

    async def database_forward(
        self,
        app_label: str,  # noqa: ARG002 - Tortoise's signature
        old_state: State,  # noqa: ARG002
        new_state: State,  # noqa: ARG002
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is None:
            return
        client = state_editor.client
        mark = "?" if client.capabilities.dialect == "sqlite" else "$"
        for table in ("projects", "bundles"):
            for row in await client.execute_query_dict(f"SELECT id, name FROM {table}"):
                await client.execute_query(
                    f"UPDATE {table} SET name_key = {mark}1 WHERE id = {mark}2", [search_key(row["name"]), row["id"]]
                )


class Migration(TortoiseMigration):
    dependencies = [("storage", "0014_status_index")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__), FillNameKeys()]  # noqa: RUF012
