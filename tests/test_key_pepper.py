"""The pepper: one for as long as the secret is one, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.key_pepper import _create, pepper
from service.settings import Settings

SECRET = "s" * 32


def embedded(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite://{folder}/orders.sqlite3", secret=None)


def test_the_pepper_outlives_the_process_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    first = pepper(embedded(tmp_path))

    assert pepper(embedded(tmp_path)) == first
    assert len(first) == 32
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [("secret", 0o600)]


def test_two_databases_have_two_peppers(tmp_path: Path) -> None:
    assert pepper(embedded(tmp_path / "one")) != pepper(embedded(tmp_path / "two"))


def test_first_starts_at_the_same_time_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: pepper(embedded(tmp_path)), range(64)))

    assert len(found) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_whoever_is_second_to_make_the_secret_keeps_the_first_one(tmp_path: Path) -> None:
    first = pepper(embedded(tmp_path))

    _create(tmp_path / "secret")

    assert pepper(embedded(tmp_path)) == first
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_a_secret_that_is_refused_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(secret="too-short-but-mine")

    assert "too-short-but-mine" not in str(refusal.value)


def test_a_secret_of_the_environment_decides_and_leaves_no_file(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/orders.sqlite3"

    assert pepper(Settings(database_url=url, secret=SECRET)) == pepper(
        Settings(database_url="postgresql://db/orders", secret=SECRET)
    )
    assert list(tmp_path.iterdir()) == []
    assert SECRET not in repr(Settings(secret=SECRET))


def test_a_file_that_lost_its_content_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")

    with pytest.raises(ValueError, match="holds no secret"):
        pepper(embedded(tmp_path))


@pytest.mark.parametrize(
    ("host", "public_url", "address"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8000"),
        ("0.0.0.0", None, "http://127.0.0.1:8000"),
        ("::1", None, "http://[::1]:8000"),
        ("127.0.0.1", "https://orders.example/", "https://orders.example"),
    ],
)
def test_absolute_links_begin_where_callers_reach_the_service(host: str, public_url: str | None, address: str) -> None:
    assert Settings(host=host, public_url=public_url).public_address == address
