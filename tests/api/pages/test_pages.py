"""What a client sees of the pages without a browser: names, headers, encodings, examples."""

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import httpx
import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from service.api.graphql.schema import schema
from service.api.pages.assets import MEDIA_TYPES, accepts_gzip
from service.api.pages.examples import read_examples
from service.api.pages.explorer import load_explorer


@pytest.fixture(scope="module", params=["plain", "bundled"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=request.getfixturevalue(request.param)) as client:
        yield client


def addresses(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', html)


def test_every_address_on_the_page_is_ours_and_answers(client):
    html = client.get("/graphql").text
    assert len(addresses(html)) >= 4
    for address in addresses(html):
        assert address.startswith("/graphql/")
        assert client.get(address).status_code == 200


def test_the_page_is_not_cached_and_may_only_use_its_own_origin(client):
    response = client.get("/graphql")
    headers = response.headers
    styles = "'self' 'unsafe-inline'" if 'id="explorer"' in response.text else "'self'"
    assert headers["cache-control"] == "no-cache"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self'; worker-src 'self'; style-src {styles}; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_a_file_is_cached_for_ever_and_gzipped_only_for_clients_that_accept_it(client):
    script = next(address for address in addresses(client.get("/graphql").text) if address.endswith(".js"))
    zipped = client.get(script, headers={"accept-encoding": "br, gzip"})
    plain = client.get(script, headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) > int(zipped.headers["content-length"])
    assert zipped.text == plain.text
    for response in (zipped, plain):
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert response.headers["vary"] == "Accept-Encoding"


def test_every_file_has_a_name_with_its_digest_and_a_type():
    files = load_explorer().files
    assert len(files) >= 5
    for name in files:
        assert re.search(r"-[0-9a-zA-Z]{8}[./]", name) or name == "third-party-licences.txt"
        assert PurePosixPath(name).suffix in MEDIA_TYPES


@pytest.mark.parametrize(
    "path", ["", "plain.js", "../explorer.py", "..%2fexplorer.py", "%2e%2e/examples.py", "/etc/passwd"]
)
def test_there_is_no_other_file(client, path):
    assert client.get(f"/graphql/assets/{path}").status_code == 404


def test_the_schema_is_served_as_text(client):
    response = client.get("/graphql/schema.graphql")
    assert "authorization" in build_schema(response.text).query_type.fields
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_page_works_under_another_path(tmp_path):
    html = load_explorer("/prefix/graphql", bundle=tmp_path).html
    assert all(address.startswith("/prefix/graphql/") for address in addresses(html))
    assert "&quot;endpoint&quot;: &quot;/prefix/graphql&quot;" in html


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*;q=0", False),
    ],
)
def test_gzip_is_accepted_when_named_and_not_refused(header, accepted):
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.title)
def test_an_example_is_one_named_operation_with_a_title_and_a_sentence(example):
    operations = [node for node in parse(example.query).definitions if isinstance(node, OperationDefinitionNode)]
    assert example.query.startswith(f"# {example.title}\n# {example.about}\n")
    assert example.about.endswith(".")
    assert all(operation.name for operation in operations)
    variables = json.loads(example.variables or "{}")
    declared = {
        name.value for node in operations for name in (v.variable.name for v in node.variable_definitions or ())
    }
    assert set(variables) == declared


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.title)
def test_an_example_is_valid_against_the_schema_that_is_served(example):
    served = schema._schema
    document = parse(example.query)
    assert validate(served, document) == []
    for node in document.definitions:
        errors = get_variable_values(served, node.variable_definitions or (), json.loads(example.variables or "{}"))
        assert not isinstance(errors, list), errors
