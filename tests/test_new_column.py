"""The example of docs/contributing.md is complete: five changes take a column from a migration to a GraphQL field.

Planted defects that it finds: a change that the page leaves out, a sixth place, an anchor that is no longer in a file.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "contributing.md"
NEW_FILE = re.compile(r"(?:#|--) new file (\S+)\n")
CHANGE = re.compile(r"# (\S+), (before|after) `([^`]+)`(?: of `([^`]+)`)?\n")

SCRIPT = """
import asyncio, sys
import service
from service.kit.ids import uuid7
from service.storage.database import Database
from service.storage.migrations import migrate
from tests.api.graphql_api import open_graphql_api
from tests.shop import open_shop

async def main(url: str) -> None:
    await migrate(url)
    database = await Database.open(url)
    shop = await open_shop(database)
    with_number, without = await shop.place(), await shop.place()
    await shop.execute("UPDATE orders SET purchase_order = $1 WHERE id = $2", "PO-7", with_number.id)
    async with open_graphql_api(shop, url) as api:
        found = await api.data("{ orders(first: 2) { nodes { number purchaseOrder } } }")
    numbers = {node["number"]: node["purchaseOrder"] for node in found["orders"]["nodes"]}
    print(service.__file__, numbers[with_number.number], numbers[without.number])
    await database.close()

asyncio.run(main(sys.argv[1]))
"""


def blocks() -> list[str]:
    """Return the code blocks of the example."""
    section = PAGE.read_text().split("### Example: a column of orders\n")[1].split("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)


def apply(block: str, root: Path) -> None:
    if found := NEW_FILE.match(block):
        previous = max(path.stem for path in (root / found[1]).parent.glob("0*.py"))
        (root / found[1]).write_text(block[found.end() :].replace("PREVIOUS", previous))
        return
    found = CHANGE.match(block)
    assert found, f"a block of no form that the page explains: {block}"
    path, place, anchor, within = root / found[1], found[2], found[3], found[4] or ""
    text = path.read_text()
    start = text.index(within)
    head, rest = text[:start], text[start:]
    assert anchor in rest, f"{anchor!r} is not in {found[1]}"
    before, after = rest.split(anchor, 1)
    line_start = before.rfind("\n") + 1
    line_end = after.find("\n") + 1
    change = block[found.end() :]
    if place == "before":
        rest = before[:line_start] + change + before[line_start:] + anchor + after
    else:
        rest = before + anchor + after[:line_end] + change + after[line_end:]
    path.write_text(head + rest)


def test_a_column_takes_the_five_changes_that_the_page_shows(tmp_path: Path):
    shutil.copytree(
        ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("node_modules", "__pycache__")
    )
    changes = blocks()
    assert len(changes) == 5
    # The SQL comes first: the Python file beside it takes the name of the migration before both.
    for block in sorted(changes, key=lambda each: ".sql" in each.splitlines()[0]):
        apply(block, tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, f"sqlite://{tmp_path}/orders.sqlite3"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].split() == [f"{tmp_path}/service/__init__.py", "PO-7", "None"]
