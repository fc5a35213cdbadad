"""The logo of a seller, set from a file on the command line, and removed."""

import json
from pathlib import Path

from typer.testing import CliRunner

from service.__main__ import app
from tests.domain.test_logos import svg


def test_a_logo_is_set_from_a_file_and_removed(sqlite_url: str, tmp_path: Path):
    good, bad = tmp_path / "logo.svg", tmp_path / "bad.svg"
    good.write_bytes(svg())
    bad.write_bytes(svg("<script/>"))

    def seller_set(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["seller", "set", *options], env={"SERVICE_DATABASE_URL": sqlite_url})
        return done.exit_code, done.output

    code, output = seller_set("--legal-name", "Meridian GmbH", "--logo", str(good), "--json")
    assert (code, len(json.loads(output)[0]["logo_sha256"])) == (0, 64)
    code, output = seller_set("--logo", str(bad))
    assert code != 0
    assert "script" in output
    code, output = seller_set("--logo", str(good), "--remove-logo")
    assert (code, "not" in output or "either" in output) == (2, True)
    code, output = seller_set("--remove-logo", "--json")
    assert (code, json.loads(output)[0]["logo_sha256"]) == (0, None)
