"""Change the service in one place at a time, and run the tests that cover the place: each change should be noticed.

    make mutants [MUTANTS="--seed N --sample N --kind lock --kind predicate"]

It draws changes by the seed from the domain, operations, storage and API of the service, all of them with `--sample 0`,
and applies each to a copy of the tree. The map of tests that run a function is made first where there is none: the
tests in MAPPED run once, for some twenty minutes. Survivors are printed as hunks of a diff, those in equivalents.toml
apart. The exit code is 1 if a change survives that is not named there.

mutmut and cosmic-ray were not taken: the first rewrites every function into trampolines, the second changes files in
place and runs one command of tests against each change; neither knows SQL, which is where locks and accounts are.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import track

from tests.mutation.changes import KINDS, MODULE, ROOT, Mutant, function_at, functions_of, mutants

FOLDERS = ["service/domain", "service/operations", "service/storage", "service/api"]
MAPPED = ["domain", "kit", "documents", "operations", "permissions", "storage", "api", "workers", "races", "plans"]
"""Folders of tests whose coverage is mapped: they run the service in their own process."""
NOT_COPIED = ("node_modules", ".venv*", ".git", "var", "__pycache__", ".*_cache", ".hypothesis")
MAP = ROOT / "var/mutants/map.json"
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
FIRST_S, MORE_S = 30, 240
"""Time of tests, as long as they took for the map, that run against a change at first, and if it survives that."""


@dataclass(frozen=True)
class Outcome:
    mutant: Mutant
    state: str
    """`noticed`, `timed out`, `SURVIVES`, or `NOT COVERED`."""
    by: str = ""


class Covering:
    """The map of tests that run a function."""

    def __init__(self, file: Path) -> None:
        read = json.loads(file.read_text())
        self.seconds: dict[str, float] = read["seconds"]
        self.functions: dict[str, dict[str, list[str]]] = read["functions"]
        self._breadth = Counter(
            test for of_file in self.functions.values() for tests in of_file.values() for test in tests
        )

    def tests_for(self, mutant: Mutant) -> list[str]:
        """Return the tests that run the changed function, those first that run little else. For a line outside of all
        functions, and for a function that the map does not know, the tests that run any function of the file.
        """
        of_file = self.functions.get(mutant.file, {})
        name = function_at(functions_of(mutant.source), mutant.line)
        found = [] if name == MODULE else of_file.get(name, [])
        found = found or sorted({test for tests in of_file.values() for test in tests})
        # Only PostgreSQL has locks of rows; everything else is as well seen on SQLite, which starts sooner.
        on_server = mutant.kind == "lock"
        found = [test for test in found if ("[postgresql" in test) is on_server] or found
        stem = Path(mutant.file).stem
        return sorted(
            (test for test in found if test in self.seconds),
            key=lambda test: (stem not in test, self._breadth[test] + 100 * self.seconds[test]),
        )

    def within(self, tests: Sequence[str], limit_s: float) -> list[str]:
        """Return the first tests, at least one, as far as the time reaches."""
        left, taken = limit_s, []
        for test in tests:
            left -= self.seconds[test]
            if taken and left < 0:
                break
            taken.append(test)
        return taken


class Tree:
    """A copy of the project, in which files may change."""

    _ages = count(1)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)

    def pytest(self, *arguments: str, timeout_s: float | None, **environment: str) -> tuple[int | None, str]:
        """Run tests in the copy; return pytest's exit code, None if the time was up, and what it printed."""
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *arguments]
        paths = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": ""}
        try:
            done = subprocess.run(
                command,
                check=False,
                cwd=self.folder,
                env=os.environ | paths | environment,
                capture_output=True,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout + done.stderr

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.write_text(text)
        # Stored bytecode is valid for a size and a second: no two versions may have both.
        age = next(self._ages)
        os.utime(path, (1_000_000_000 + age, 1_000_000_000 + age))

    def try_out(self, mutant: Mutant, covering: Covering) -> Outcome:
        """Run the tests against the changed copy, and change it back."""
        tests = covering.tests_for(mutant)
        if not tests:
            return Outcome(mutant, "NOT COVERED")
        first = covering.within(tests, FIRST_S)
        self.write(mutant.file, mutant.applied())
        try:
            return (
                self._run(mutant, first, covering)
                or self._run(mutant, covering.within(tests[len(first) :], MORE_S), covering)
                or (Outcome(mutant, "SURVIVES", f"{len(tests)} tests"))
            )
        finally:
            self.write(mutant.file, mutant.source)

    def _run(self, mutant: Mutant, tests: Sequence[str], covering: Covering) -> Outcome | None:
        if not tests:
            return None
        # A change may run for ever; a busy machine may take several times as long as for the map.
        timeout_s = 60 + 8 * sum(covering.seconds[test] for test in tests)
        code, output = self.pytest("-x", *tests, timeout_s=timeout_s)
        if code is None:
            return Outcome(mutant, "timed out")
        if code == 0:
            return None
        if gone := [test for test in tests if f"/{test}\n" in output.replace("\r", "")]:
            # Tests were renamed or removed since the map was made.
            return self._run(mutant, [test for test in tests if test not in gone], covering)
        if code in {3, 5} or (code == 4 and "conftest" not in output):
            raise RuntimeError(f"pytest ended with {code}: {output[-2_000:]}")
        noticed = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return Outcome(mutant, "noticed", noticed[0] if noticed else output[-300:])


def draw(changes: Iterable[Mutant], kinds: Sequence[str], words: Sequence[str], sample: int, seed: int) -> list[Mutant]:
    """Return the changes of these kinds whose name contains one of the words: as many as asked for, or all."""
    found = [
        each for each in changes if each.kind in kinds and (not words or any(word in each.name() for word in words))
    ]
    chance = random.Random(seed)
    if not sample:
        return found
    chance.shuffle(found)
    # The two changes of a constant are one place.
    places: dict[tuple[str, int], Mutant] = {}
    for each in found:
        places.setdefault((each.file, each.start), each)
    return list(places.values())[:sample]


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the reasons of the changes that change nothing, by file and by the line before and after."""
    return {
        (each["file"], each["before"], each["after"]): each["reason"]
        for each in tomllib.loads(EQUIVALENTS.read_text()).get("equivalent", [])
    }


def make_map(tree: Tree, file: Path, console: Console) -> None:
    """Run the mapped tests once, a folder at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    parts = file.with_suffix(".part")
    parts.unlink(missing_ok=True)
    for folder in track(MAPPED, "Running the tests to see what they cover", console=console):
        code, output = tree.pytest(
            *("-p", "tests.mutation.covering", f"tests/{folder}"), timeout_s=None, COVERING=str(parts)
        )
        if code not in {0, 1}:
            raise SystemExit(output[-3_000:])
    parts.replace(file)


def run_all(trees: Sequence[Tree], chosen: Sequence[Mutant], covering: Covering) -> Iterator[Outcome]:
    """Try the changes in all trees at a time; yield each outcome when it is known."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def one(mutant: Mutant) -> Outcome:
        tree = free.get()
        try:
            return tree.try_out(mutant, covering)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as threads:
        for future in as_completed([threads.submit(one, mutant) for mutant in chosen]):
            yield future.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only changes whose file, line or text contains one of these")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="a new one unless given")
    parser.add_argument("--sample", type=int, default=60, help="how many changes; 0 is all")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only changes of this kind; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--map", type=Path, default=MAP, help="the map of what tests cover")
    parser.add_argument("--list", action="store_true", help="list the changes and run nothing")
    options = parser.parse_args()
    chosen = draw(mutants(FOLDERS), options.kind or KINDS, options.words, options.sample, options.seed)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"seed {options.seed}: {len(chosen)} changes")
    if options.list:
        for each in chosen:
            console.print(f"{each.kind:10} {each.name()}")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Tree(Path(folder, str(number))) for number in range(options.jobs)]
        if not options.map.exists():
            make_map(trees[0], options.map, console)
        outcomes = []
        covering = Covering(options.map)
        for outcome in track(run_all(trees, chosen, covering), "Trying changes", len(chosen), console=console):
            outcomes.append(outcome)
            if not sys.stdout.isatty():
                console.print(f"{outcome.state:11} {outcome.mutant.kind:10} {outcome.mutant.name()} {outcome.by}")
    return report(outcomes, console)


def report(outcomes: Sequence[Outcome], console: Console) -> int:
    """Print the survivors and the rate; return the exit code."""
    known = equivalents()
    left, harmless = [], 0
    for outcome in outcomes:
        if outcome.state in {"SURVIVES", "NOT COVERED"}:
            if reason := known.get((outcome.mutant.file, *outcome.mutant.changed())):
                harmless += 1
                console.print(f"equivalent: {outcome.mutant.name()}: {reason}")
            else:
                left.append(outcome)
    for outcome in left:
        console.print(f"\n{outcome.state} ({outcome.mutant.kind}, {outcome.by})\n{outcome.mutant.hunk()}")
    noticed, of = len(outcomes) - harmless - len(left), len(outcomes) - harmless
    console.print(f"\n{noticed} of {of} changes were noticed ({100 * noticed / max(1, of):.1f} %), ", end="")
    console.print(f"{harmless} are equivalent; {dict(Counter(outcome.state for outcome in outcomes))}")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
