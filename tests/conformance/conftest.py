"""Tools of others, run by node. Without node these tests are skipped; REQUIRE_NODE=1 makes its absence a failure."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs import lacking
from tests.server import running

HERE = Path(__file__).parent
Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def script() -> Script:
    """Runs one of the scripts here. Their packages are installed once for each state of the lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        lacking("node and npm are not on the PATH", "REQUIRE_NODE")
    lock = (HERE / "package-lock.json").read_bytes()
    installed = HERE / "node_modules" / ".installed-lock.json"
    with (HERE / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # several workers of one run begin with these tests
        if not installed.exists() or installed.read_bytes() != lock:
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                lacking(f"npm ci failed: {done.stderr.strip()[-300:]}", "REQUIRE_NODE")
            installed.write_bytes(lock)

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [node, str(HERE / name), *map(str, arguments)]
        return subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """GraphQL of the running service; the audits ask for nothing but introspection, which needs no key."""
    with running(f"sqlite://{tmp_path_factory.mktemp('audits')}/orders.sqlite3") as url:
        yield f"{url}/graphql"


@pytest.fixture
def audits(script: Script, endpoint: str) -> list[dict[str, str]]:
    done = script("audits.mjs", endpoint)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
