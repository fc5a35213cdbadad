"""Changes that the mutation runs make: each is found where it stands, is valid Python, and is named by its lines."""

import ast
from pathlib import Path

import pytest

from tests.mutation import changes
from tests.mutation.changes import KINDS, ROOT, Mutant, function_at, functions_of, mutants_of
from tests.mutation.permissions import GUARDS
from tests.mutation.run import draw, equivalents

SOURCE = '''"""A module: not < all."""

LIMIT = 1_000


async def take(statements, account_id, grams: int = 5, *, is_open=True):
    """Return 3 AND 4."""
    refuse_if_suspended(account_id)
    if not is_open and grams >= LIMIT or account_id is not None:
        raise ValueError("é")
    return await statements.fetch(
        f"SELECT id FROM orders WHERE account_id = $1 AND mass_g <= $2{for_update(statements)}", account_id
    )
'''
FOUND = {
    ("constant", "1_000", "1001"),
    ("constant", "1_000", "999"),
    ("constant", "5", "6"),
    ("constant", "5", "4"),
    ("check", "refuse_if_suspended(account_id)", "None"),
    ("guard", "not is_open and grams >= LIMIT or account_id is not None", "False"),
    ("negation", "not is_open", "(is_open)"),
    ("boolean", "and", "or"),
    ("boolean", "or", "and"),
    ("comparison", ">=", ">"),
    ("comparison", "is not", "is"),
    ("predicate", "account_id = $1", "(account_id = $1 OR TRUE)"),
    ("sql", "AND", "OR"),
    ("sql", "<=", "<"),
    ("lock", "{for_update(statements)}", ""),
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(changes, "ROOT", tmp_path)
    (tmp_path / "service/storage").mkdir(parents=True)
    (tmp_path / "service/storage/one.py").write_text(SOURCE)
    return "service/storage/one.py"


def test_each_kind_of_change_is_found_where_it_stands(source: str):
    found = list(mutants_of(source))

    assert {(each.kind, each.source[each.start : each.end], each.text) for each in found} == FOUND
    assert {each.kind for each in found} == set(KINDS)
    for each in found:
        ast.parse(each.applied())
        assert function_at(functions_of(each.source), each.line) == ("take" if each.line > 7 else "")


def test_a_change_is_named_by_its_lines_and_shown_as_a_hunk(source: str):
    (lock,) = (each for each in mutants_of(source) if each.kind == "lock")

    before, after = lock.changed()
    assert (before.endswith('<= $2{for_update(statements)}", account_id'), after.endswith('<= $2", account_id')) == (
        True,
        True,
    )
    assert lock.hunk().splitlines()[:2] == [f"--- a/{source}", f"+++ b/{source}"]


def test_a_seed_draws_the_same_changes():
    changes = list(mutants_of("service/domain/rows.py"))
    one, same, other = (draw(changes, KINDS, [], 5, seed) for seed in (1, 1, 2))

    assert one == same != other
    assert len({(each.file, each.start) for each in one}) == 5


def test_guards_and_equivalents_name_lines_that_there_are():
    for file, guards in GUARDS.items():
        text = (ROOT / file).read_text()
        assert [old for old, _ in guards if old not in text] == []
    by_file: dict[str, list[Mutant]] = {}
    for file, before, after in equivalents():
        found = by_file.setdefault(file, list(mutants_of(file)))
        assert any(each.changed() == (before, after) for each in found), (file, before)
