"""A migration that changes stored amounts, at the command line: refused in one line until every process is stopped.

Seen to fail when: a command that migrates at its start applies it; the refusal is a traceback; `--offline` is not
handed on.
"""

import json
from pathlib import Path

import pytest

from tests.former_release import MIGRATION, Former
from tests.test_command_line import SECRET, command, failure, free_port

REFUSAL = (
    f"carbon-orders: {MIGRATION} changes stored amounts. Stop every process of the service, back the database"
    " up, and run: carbon-orders migrate --offline"
)


def settings_of(former: Former) -> dict[str, str]:
    return {"SERVICE_DATABASE_URL": former.url, "SERVICE_SECRET": SECRET}


def test_it_is_applied_with_offline_only(tmp_path: Path, former: Former) -> None:
    assert failure(command(tmp_path, "migrate", **settings_of(former))) == (1, REFUSAL)

    applied = command(tmp_path, "migrate", "--offline", "--json", **settings_of(former))

    assert (applied.returncode, applied.stderr) == (0, "")
    assert json.loads(applied.stdout)["applied"][0] == MIGRATION
    assert command(tmp_path, "audit", **settings_of(former)).returncode == 0


@pytest.mark.parametrize("former", ["sqlite"], indirect=True)
def test_commands_that_migrate_at_their_start_are_refused_alike(tmp_path: Path, former: Former) -> None:
    for arguments in (("serve", "--port", str(free_port())), ("account", "list")):
        assert failure(command(tmp_path, *arguments, **settings_of(former))) == (1, REFUSAL)
