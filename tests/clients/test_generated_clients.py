"""Clients that generators make from the OpenAPI documents and the GraphQL schema, each of which places a real order.

The programs and commands are those of docs/clients.md. Without node, npm or a package index the tests are skipped;
REQUIRE_NODE=1 and REQUIRE_INDEX=1 make their absence a failure.

Seen to fail when: a member with a default becomes required in TypeScript; an operation is renamed.
"""

import os
import shutil
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.examples import ADDRESS, ROOT, Service, demo_service, fences
from tests.programs import lacking

pytestmark = pytest.mark.tools
HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "clients.md"
NPX = {
    "openapi-typescript": "openapi-typescript",
    "@hey-api/openapi-ts": "openapi-ts",
    "graphql-codegen": "graphql-codegen",
}
PYTHON_GENERATORS = ("openapi-python-client==0.29.1", "ariadne-codegen==0.19.0")
TSC = "--noEmit --strict --target es2023 --module esnext --moduleResolution bundler --skipLibCheck --types node"
BY_CONTRACT = ["placed 0.012069 0.35", "fulfilled 123 ", "Issued 2"]
"""The start of what each program prints of its orders at Lune, carbon-engine and Carbonext."""


@dataclass
class Workshop:
    """A folder with the files of the page, beside a service on the demo data that their addresses name."""

    service: Service
    folder: Path
    binaries: Path | None = None

    def run(self, *command: str | Path) -> str:
        names = {f"{name.upper().replace('-', '_')}_KEY": key for name, key in self.service.keys.items()}
        packages = os.pathsep.join(map(str, self.folder.glob("orders-*-client")))
        done = subprocess.run(
            [str(each) for each in command],
            cwd=self.folder,
            env={**os.environ, **names, "PYTHONPATH": packages, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def generate(self, generator: str) -> None:
        """Run the commands of the page that call the generator."""
        for fence in fences(PAGE):
            for line in fence.text.splitlines() if "generate" in fence.words else ():
                words = line.replace(ADDRESS, self.service.address).removeprefix("npx ").split()
                if words[0] == generator:
                    assert self.binaries is not None
                    self.run(self.binaries / NPX.get(generator, generator), *words[1:])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("clients")
    with demo_service(folder) as service:
        for fence in fences(PAGE):
            for word in fence.words:
                if word.startswith("file="):
                    text = fence.text.replace(ADDRESS, service.address)
                    (folder / word.removeprefix("file=")).write_text(text, encoding="utf-8")
        yield Workshop(service, folder)


@pytest.fixture(scope="module")
def node(workshop: Workshop) -> Workshop:
    """The folder with the packages of the lock file, which are installed once for each state of it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        lacking("node and npm are not on the PATH", "REQUIRE_NODE")
    lock = (HERE / "package-lock.json").read_bytes()
    installed = HERE / "node_modules" / ".installed-lock.json"
    if not installed.exists() or installed.read_bytes() != lock:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            lacking(f"npm ci failed: {done.stderr.strip()[-300:]}", "REQUIRE_NODE")
        installed.write_bytes(lock)
    (workshop.folder / "node_modules").symlink_to(HERE / "node_modules")
    (workshop.folder / "package.json").write_text('{"type": "module"}')
    return Workshop(workshop.service, workshop.folder, HERE / "node_modules" / ".bin")


@pytest.fixture(scope="module")
def python(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The folder with an environment of its own, because generators need other versions than the service."""
    if os.environ.get("REQUIRE_INDEX") != "1":
        pytest.skip("the generators come from a package index (REQUIRE_INDEX=1 runs this)")
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=True)
    command = [environment / "bin" / "pip", "install", "--quiet", *PYTHON_GENERATORS]
    subprocess.run([str(each) for each in command], check=True, capture_output=True, timeout=300)
    return Workshop(workshop.service, workshop.folder, environment / "bin")


def printed_by(program: str, shop: Workshop) -> list[str]:
    """Check the types of a TypeScript program, run it, and return the lines that it prints."""
    assert shop.binaries is not None
    shop.run(shop.binaries / "tsc", *TSC.split(), program)
    return shop.run(shop.binaries / "tsx", program).splitlines()


def test_openapi_typescript_orders_at_each_contract(node: Workshop):
    node.generate("openapi-typescript")

    assert_orders(printed_by("order-with-openapi-fetch.ts", node))


def test_hey_api_orders_at_each_contract(node: Workshop):
    node.generate("@hey-api/openapi-ts")

    assert_orders(printed_by("order-with-hey-api.ts", node))


def test_graphql_codegen_orders(node: Workshop):
    node.generate("graphql-codegen")

    assert printed_by("order-with-codegen.ts", node) == ["FULFILLED 0.012069 0.35"]


def test_openapi_python_client_orders_at_each_contract(python: Workshop):
    python.generate("openapi-python-client")

    assert_orders(python.run(python.binaries / "python", "order_with_openapi_python_client.py").splitlines())


def test_ariadne_codegen_orders(python: Workshop):
    python.generate("ariadne-codegen")

    assert python.run(python.binaries / "python", "order_with_ariadne.py") == "FULFILLED 0.012069 0.35\n"


def assert_orders(lines: list[str]) -> None:
    assert [line[: len(start)] for line, start in zip(lines, BY_CONTRACT, strict=True)] == BY_CONTRACT
