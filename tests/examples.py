"""The examples of the documentation: found in a page, run against a real service, compared with the answers beside
them.

A fence is marked by the words after its language: `graphql run` (and `test` or `operator` for that key), with its
`json variables` below; `sh run` is a curl command. `json answer` below either is what has to come; "…" in it stands for
anything. `"<quote.id>"` in variables is the id of the last quote that an answer held.
"""

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import httpx

from tests import processes
from tests.server import free_port

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
READY_S = 60


@dataclass(frozen=True)
class Fence:
    language: str
    words: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Example:
    """What is to be run, with the variables and the answer that stand below it."""

    page: Path
    run: Fence
    variables: Any = None
    answer: Any = None

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.run.line}"


def fences(page: Path) -> list[Fence]:
    text = page.read_text(encoding="utf-8")
    return [
        Fence(found[1], tuple(found[2].split()), found[3], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def examples(page: Path) -> list[Example]:
    """The runnable examples of a page, in its order."""
    found: list[Example] = []
    for fence in fences(page):
        if "run" in fence.words:
            found.append(Example(page, fence))
        elif fence.words in {("variables",), ("answer",)}:
            last = found.pop()
            found.append(Example(**{**vars(last), fence.words[0]: json.loads(fence.text)}))
    return found


@dataclass
class Service:
    """A service on the demo data, what its keys are, and the ids that its answers named last."""

    address: str
    folder: Path
    keys: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    def run(self, example: Example) -> Any:
        """The answer to the example: `data` of GraphQL, the whole body of anything else."""
        answer = self._graphql(example) if example.run.language == "graphql" else self._sh(example.run.text)
        self._remember(answer)
        return answer

    def _graphql(self, example: Example) -> Any:
        holder = next((word for word in example.run.words if word in self.keys), "lune")
        asked = {"query": example.run.text, "variables": self._filled(example.variables)}
        headers = {"Authorization": f"Bearer {self.keys[holder]}"}
        body = httpx.post(f"{self.address}/graphql", json=asked, headers=headers, timeout=20).json()
        assert "errors" not in body, (example.name, body)
        return body["data"]

    def _sh(self, text: str) -> Any:
        variables = {f"{name.upper().replace('-', '_')}_KEY": key for name, key in self.keys.items()}
        answer = None
        for typed in commands(text):
            if not typed.startswith("export "):
                filled = Template(typed).safe_substitute(variables, KEY=self.keys["lune"])
                response = curl(filled.replace(ADDRESS, self.address))
                assert response.is_success, (typed, response.text)
                answer = response.json()
        return answer

    def _filled(self, variables: Any) -> Any:
        text = json.dumps(variables)
        return json.loads(re.sub(r'"<(\w+)\.id>"', lambda found: json.dumps(self.ids[found[1]]), text))

    def _remember(self, value: Any, name: str = "") -> None:
        if isinstance(value, Mapping):
            if isinstance(value.get("id"), str):
                self.ids[name] = value["id"]
            for key, each in value.items():
                self._remember(each, key)


def commands(text: str) -> list[str]:
    """The commands of a fence, one a line, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.partition("   #")[0].strip() for line in lines if line.strip()]


def curl(command: str) -> httpx.Response:
    """What the curl command would get, its words split by the rules of a shell."""
    program, *words = shlex.split(command)
    assert program == "curl", command
    method, url, headers, body = "", "", {}, None
    rest = iter(words)
    for word in rest:
        match word:
            case "-s":
                pass
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                body = next(rest)
            case _:
                assert not word.startswith("-"), f"{word} in {command}"
                url = word
    if body is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")  # as curl does
    return httpx.request(method or ("GET" if body is None else "POST"), url, headers=headers, content=body, timeout=20)


def unlike(wanted: Any, found: Any, path: str = "answer") -> list[str]:
    """Where what was found differs from what was wanted; "…" is like anything."""
    if wanted == "…":
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        if wanted.keys() != found.keys():
            return [f"{path} has {sorted(found)}, not {sorted(wanted)}"]
        return [fault for key, each in wanted.items() for fault in unlike(each, found[key], f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [fault for index, (one, other) in pairs for fault in unlike(one, other, f"{path}[{index}]")]
    return [] if wanted == found else [f"{path} is {found!r}, not {wanted!r}"]


@contextmanager
def serving(folder: Path, *command: str, env: Mapping[str, str] | None = None) -> Iterator[tuple[str, Path]]:
    """The command's service in the folder, once it answers: its address, and the file of what it printed."""
    port = free_port()
    with (folder / "printed.txt").open("w") as out, (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, env=env or environment(), stdout=out, stderr=log
        )
    with _answering(process, port, folder / "log.txt") as address:
        yield address, folder / "printed.txt"


@contextmanager
def _answering(process: processes.Started, port: int, log: Path) -> Iterator[str]:
    """The address of the process, once it answers; it is ended afterwards."""
    try:
        _wait(process, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()


@contextmanager
def demo_service(folder: Path, **settings: str) -> Iterator[Service]:
    """The service on fresh demo data, with these variables in its environment."""
    told = processes.run(["demo", "--json"], cwd=folder, env=environment())
    facts = json.loads(told.stdout)
    keys = {each["contract"]: each["key"] for each in facts["accounts"] if each["mode"] == "live"}
    keys |= {"operator": facts["operator_key"]}
    keys |= {"test": next(each["key"] for each in facts["accounts"] if each["mode"] == "test")}
    port = free_port()
    with (folder / "log.txt").open("w") as log:
        command = ["serve", "--port", str(port)]
        process = processes.start(command, cwd=folder, env=environment(**settings), stdout=log, stderr=log)
    with _answering(process, port, folder / "log.txt") as address:
        yield Service(address, folder, keys)


def environment(**settings: str) -> dict[str, str]:
    """The environment without any setting of the service but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def _wait(process: processes.Started, address: str, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{address}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
