"""An earlier commit of the service, checked out beside this one to be measured in the same rounds."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server import ROOT

MIGRATIONS = Path("service/storage/migrations")


@contextmanager
def worktree_of(commit: str) -> Iterator[Path]:
    """Check the commit out into a git worktree, and remove it at the end however that comes.

    SystemExit with one line where the commit is unknown, has other migrations, or would import another service.
    """
    with tempfile.TemporaryDirectory(prefix="carbon-orders-base-") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(tree), commit)
        try:
            if _migrations(tree) != _migrations(ROOT):
                sys.exit(f"--base {commit}: its migrations differ from ours, so both cannot serve one database.")
            if (served := _served_from(tree)) != tree / "service":
                sys.exit(f"--base {commit}: it would serve {served}, not its own code.")
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"git {arguments[0]} {arguments[1]}: {done.stderr.strip()}")


def _migrations(root: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted((root / MIGRATIONS).glob("*.sql"))}


def _served_from(tree: Path) -> Path:
    """Return the folder of the package that a process started in the tree imports."""
    program = "import service; print(service.__path__[0])"
    return Path(subprocess.check_output([sys.executable, "-c", program], cwd=tree, text=True).strip()).resolve()
