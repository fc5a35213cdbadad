"""The table of docs/from-lune.md beside the methods of Lune's TypeScript client and the endpoints that are served.

`client_methods.txt` holds every method of version 3.9.2 of the client (21 August 2026), as its sources declare them:
name, HTTP method and path.

Seen to fail when: an endpoint is served that the table calls absent; a method of the client is not in the table.
"""

import re
from pathlib import Path

from service.api.rest.lune import CONTRACT
from tests.examples import ROOT

METHODS = Path(__file__).with_name("client_methods.txt").read_text(encoding="utf-8").splitlines()
OF_THE_CLIENT = sorted(line.split(" ", 1)[1] for line in METHODS)
PARAMETER = re.compile(r"\{[^}]*\}")
ENDPOINT = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`")


def rows() -> list[tuple[str, str, str]]:
    page = (ROOT / "docs" / "from-lune.md").read_text(encoding="utf-8")
    table = page.partition("## Endpoints")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return [(resource, served, absent) for resource, served, absent in lines[2:]]


def bare(endpoints: list[str]) -> list[str]:
    """The endpoints without the names of their parameters, which are no part of an address."""
    return sorted(PARAMETER.sub("{}", each) for each in endpoints)


def test_the_table_has_every_method_of_the_client_once():
    listed = [each for _, served, absent in rows() for each in ENDPOINT.findall(f"{served} {absent}")]

    assert bare(listed) == bare(OF_THE_CLIENT)


def test_what_the_table_calls_served_is_served_and_the_rest_is_not():
    served = [each for _, served, _ in rows() for each in ENDPOINT.findall(served)]
    endpoints = [f"{each.method} {each.path.removeprefix('/v1')}" for each in CONTRACT.endpoints]

    assert bare(served) == bare(endpoints)


def test_each_row_with_absent_endpoints_says_why():
    silent = [resource for resource, _, absent in rows() if ENDPOINT.search(absent) and absent[-1] != ")"]

    assert silent == []
