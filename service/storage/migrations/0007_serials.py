"""Serial numbers in the forms of registries, and the claims of existing batches. The SQL lies beside this file."""

from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.migration import Migration as TortoiseMigration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from service.domain.serials.block import legacy_block
from service.domain.serials.overlap import claims, range_reading
from service.storage.migrations._script import SqlFile

BATCHES_A_PAGE = 1_000


class ClaimExistingSerials(Operation):
    """Write the claims of all batches. Their own columns keep the defaults, so that they print as before."""

    def describe(self) -> str:
        return "claim the serials of existing batches"

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
        is_sqlite = client.capabilities.dialect == "sqlite"
        mark = "?" if is_sqlite else "$"
        after: Any = str(UUID(int=0)) if is_sqlite else UUID(int=0)
        while page := await client.execute_query_dict(
            f"SELECT id, mode, serial_prefix, serial_start, issued_g FROM credit_batches WHERE id > {mark}1"
            f" ORDER BY id LIMIT {BATCHES_A_PAGE}",
            [after],
        ):
            for row in page:
                await self._claim(client, row, mark)
            after = page[-1]["id"]

    async def _claim(self, client: BaseDBAsyncClient, row: dict[str, Any], mark: str) -> None:
        block = legacy_block(row["serial_prefix"], row["serial_start"], row["issued_g"])
        reading = range_reading(block)
        for claim, is_reading in (*((each, False) for each in claims(block)), *([(reading, True)] if reading else [])):
            await client.execute_query(
                f"INSERT INTO serial_series (mode, series_key) VALUES ({mark}1, {mark}2) ON CONFLICT DO NOTHING",
                [row["mode"], claim.key],
            )
            await client.execute_query(
                "INSERT INTO serial_claims (batch_id, mode, series_key, first_number, last_number, is_reading)"
                f" VALUES ({mark}1, {mark}2, {mark}3, {mark}4, {mark}5, {mark}6)",
                [row["id"], row["mode"], claim.key, claim.first, claim.last, is_reading],
            )


class Migration(TortoiseMigration):
    dependencies = [("storage", "0006_free_orders_paid")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [  # noqa: RUF012
        SqlFile(__file__),
        ClaimExistingSerials(),
        SqlFile(__file__, "guard"),
    ]
