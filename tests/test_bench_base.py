"""The commit that a bench compares with: its own code is served, and nothing of it stays.

Planted defects that were seen to fail here: the base imports the installed service; the worktree is left behind.
"""

import subprocess

import pytest

from tests.bench.base import worktree_of
from tests.server import ROOT


def worktrees() -> str:
    return subprocess.check_output(["git", "worktree", "list"], cwd=ROOT, text=True)


@pytest.fixture(autouse=True)
def _in_a_repository() -> None:
    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("the sources are no git repository, so there is no earlier commit")


def test_a_base_is_checked_out_and_is_gone_afterwards():
    with worktree_of("HEAD") as tree:
        assert (tree / "service/app.py").exists()
        assert str(tree) in worktrees()
    assert not tree.exists()
    assert str(tree) not in worktrees()


def test_a_base_is_gone_after_an_interruption():
    with pytest.raises(KeyboardInterrupt), worktree_of("HEAD") as tree:
        raise KeyboardInterrupt
    assert not tree.exists()
    assert str(tree) not in worktrees()


def test_an_unknown_commit_is_named():
    with pytest.raises(SystemExit, match="no-such-commit"), worktree_of("no-such-commit"):
        pass
