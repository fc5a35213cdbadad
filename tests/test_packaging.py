"""The wheel, installed into a virtual environment of its own, is the whole service: code, SQL, data and pages.

With REQUIRE_INDEX=1, as in .ci/run, its dependencies are installed as well; else it borrows those of this environment,
and what is proved is what is in the wheel and that nothing is read from the checkout.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.api.pages.console import BUNDLE as CONSOLE
from service.api.pages.explorer import BUNDLE as EXPLORER
from service.api.pages.references import BUNDLE as REFERENCES
from tests.examples import ROOT, environment, serving

INSTALL_TIMEOUT_S = 600


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    isolation = [] if needs_index() else ["--no-build-isolation"]
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *isolation, "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of the installed wheel."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    # Not compiled: most of what is installed is never imported here.
    install = (sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet", "--no-compile")
    if needs_index():
        run(*install, "--constraint", ROOT / "deploy" / "constraints.txt", wheel)
    else:
        run(*install, "--no-deps", "--no-index", wheel)
        (packages,) = (home / "lib").glob("python*/site-packages")
        # A path that a .pth file names is searched, but its own .pth files, and so the checkout, are not.
        (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "carbon-orders"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def served(program: Path, folder: Path) -> Iterator[httpx.Client]:
    with (
        serving(folder, str(program), "serve", env=without_checkout()) as (address, _),
        httpx.Client(base_url=address) as client,
    ):
        yield client


def needs_index() -> bool:
    return os.environ.get("REQUIRE_INDEX") == "1"


def without_checkout() -> dict[str, str]:
    return {name: value for name, value in environment().items() if name != "PYTHONPATH"}


def run(*words: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=without_checkout(),
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_service_and_no_tool(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {".py", ".sql", ".json", ".html", ".css", ".js", ".svg", ".graphql", ".toml", ".typ"}
    files = {name for name in files_below(ROOT / "service") if Path(name).suffix in wanted}
    bundles = {str(file.relative_to(ROOT)) for bundle in (EXPLORER, REFERENCES, CONSOLE) for file in bundle.glob("*")}

    assert files | bundles <= held
    rest = {name for name in held - files - bundles if ".dist-info/" not in name}
    assert rest == set()


def files_below(folder: Path) -> Iterator[str]:
    """Every file, by its path in the checkout, but for what the bundles are built from."""
    building = {EXPLORER.parent, REFERENCES.parent, CONSOLE.parent}
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = [name for name in folders if name != "__pycache__" and here / name not in building]
        yield from (str((here / name).relative_to(ROOT)) for name in names)


def test_the_wheel_is_of_this_version(wheel: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert wheel.name == f"carbon_orders-{version}-py3-none-any.whl"


def test_the_installed_program_prints_its_schema_and_makes_a_demo(program: Path, folder: Path) -> None:
    assert "type Mutation {" in run(program, "schema", cwd=folder)
    assert len(json.loads(run(program, "demo", "--json", cwd=folder))["accounts"]) >= 6
    assert [each["ok"] for each in json.loads(run(program, "doctor", "--json", cwd=folder))] == [True] * 7


def test_the_installed_service_shows_its_pages_and_takes_an_order(
    program: Path, folder: Path, served: httpx.Client
) -> None:
    told = json.loads(run(program, "demo", "--json", cwd=folder))
    key = next(each["key"] for each in told["accounts"] if each["contract"] == "lune")
    order = (
        'mutation { createMassEstimate(input: {mass: {amount: "1", unit: TONNE}}) { estimate { id } }'
        ' createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "first"}) { order { status } } }'
    )
    answer = served.post("/graphql", json={"query": order}, headers={"Authorization": f"Bearer {key}"}).json()

    assert answer["data"]["createOrderByMass"]["order"]["status"] == "FULFILLED", answer
    explorer = served.get("/graphql", headers={"Accept": "text/html"}).text
    assert ('id="explorer"' in explorer) == (EXPLORER / "manifest.json").exists()
    assert (served.get("/console").status_code == 200) == (CONSOLE / "manifest.json").exists()
    assert ('id="reference"' in served.get("/lune/docs").text) == (REFERENCES / "manifest.json").exists()


def test_the_container_is_built_from_public_names_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM ")]
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    steps = [line.split()[0] for line in last if line[:1].isupper()]

    assert [image for image in images if "/" in image or "." in image.partition(":")[0]] == []
    assert "USER carbon-orders" in last
    assert steps.index("USER") < steps.index("ENTRYPOINT")
    assert "HEALTHCHECK" in steps
