"""GraphQL requests read from HTTP. Contradictory members and near misses of their names are refused.

Seen to fail when: the last of two members wins, in the body or in a query string; only the outermost object is looked
at; a misspelled `operationName` is ignored; an empty name is a name.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from service.api.graphql.transport.request_parsing import (
    JSON,
    BadRequest,
    GraphQLRequest,
    request_by_get,
    request_by_post,
)


def posted(body: bytes) -> GraphQLRequest:
    return request_by_post(JSON, body)


def got(query: str) -> GraphQLRequest:
    return request_by_get(parse_qsl(query, keep_blank_values=True))


def refusal(read: Any, text: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        read(text)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "member"),
    [
        (b'{"query": "{a}", "query": "{b}"}', "query"),
        (b'{"query": "{a}", "query": "{a}"}', "query"),
        (b'{"query": "{a}", "variables": {"k": 1}, "variables": {"k": 2}}', "variables"),
        (b'{"query": "{a}", "variables": {"key": "a", "key": "b"}}', "variables.key"),
        (
            b'{"query": "{a}", "variables": {"input": {"mass": {"unit": "G", "unit": "T"}}}}',
            "variables.input.mass.unit",
        ),
        (b'{"query": "{a}", "variables": {"list": [{"a": 1}, {"a": 1, "a": 2}]}}', "variables.list.1.a"),
        (b'{"query": "{a(b: 1)}", "variables": {"at": "10:00:00", "at": "\\u003a"}}', "variables.at"),
        (b'{"query": "{a}", "extensions": {"x": {}, "x": {}}}', "extensions.x"),
        (b'{"query": "{a}", "other": 1, "other": 1}', "other"),
    ],
)
def test_a_repeated_member_is_refused_at_any_depth(body: bytes, member: str):
    assert refusal(posted, body) == f"The member {member} stands twice in the body."


@pytest.mark.parametrize(
    "variables",
    [
        {"at": "2026-05-01T09:30:00Z", "url": "https://a.example/:8000"},
        {"metadata": {"a:b": "c:d", "": ":"}},
        {"list": [{"a": 1}, {"a": 2}], "a": {"a": {"a": None}}},
        {"text": "\\u003a \u00e9 \\"},
        {},
        {"n": 2**64, "m": 1e300},
    ],
)
def test_members_without_repetition_are_read_whatever_colons_the_text_contains(variables: dict[str, Any]):
    query = 'query ($a: A) { b(c: {d: "e:f"}) { g: h } }'
    for escaped in (
        json.dumps({"query": query, "variables": variables}),
        json.dumps({"query": query, "variables": variables}).replace("{d: ", "{d\\u003a "),
    ):
        assert posted(escaped.encode()) == GraphQLRequest(query, variables)


@pytest.mark.parametrize(
    ("spelled", "name"),
    [("Query", "query"), ("operation_name", "operationName"), ("operationname", "operationName"),
     ("document-id", "documentId"), ("VARIABLES", "variables"), ("_extensions", "extensions")],
)  # fmt: skip
def test_a_misspelt_member_is_refused_with_the_correct_name(spelled: str, name: str):
    body = json.dumps({"query": "{a}", spelled: None}).encode()

    assert refusal(posted, body) == f"Unknown member {spelled}: write {name}."
    assert refusal(got, f"query={{a}}&{spelled}=") == f"Unknown member {spelled}: write {name}."


def test_other_unknown_members_are_ignored():
    assert posted(b'{"query": "{a}", "id": 5, "doc_id": 6}') == GraphQLRequest("{a}")
    assert got("query={a}&utm=1&utm=2") == GraphQLRequest("{a}", read_only=True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("query={a}&query={b}", "The query string has two different values of query."),
        ("query={a}&operationName=a&operationName=b", "The query string has two different values of operationName."),
        ('query={a}&variables={"a":1}&variables={"a":2}', "The query string has two different values of variables."),
        ('query={a}&variables={"a":1,"a":2}', "The member a stands twice in the variables."),
        ('query={a}&extensions={"a":{"b":1,"b":2}}', "The member a.b stands twice in the extensions."),
    ],
)
def test_a_query_string_with_two_values_of_a_parameter_is_refused(query: str, message: str):
    assert refusal(got, query) == message


def test_a_parameter_may_be_repeated_with_the_same_value():
    assert got("query={a}&query={a}") == GraphQLRequest("{a}", read_only=True)


def test_names_in_messages_are_cut():
    body = b'{"query": "{a}", "%s": 1, "%s": 2}' % (b"x" * 5_000, b"x" * 5_000)

    assert len(refusal(posted, body)) < 200


@pytest.mark.parametrize("variables", ['{"a":' * 1_015 + "1" + "}" * 1_015])
def test_a_body_that_is_nested_too_deeply_is_refused(variables: str):
    assert (
        refusal(posted, f'{{"query": "{{a}}", "variables": {variables}}}'.encode()) == "The body is nested too deeply."
    )


def test_an_empty_operation_name_is_none():
    assert got("query={a}&operationName=").operation_name is None
    assert posted(b'{"query": "{a}", "operationName": ""}').operation_name is None
    assert posted(b'{"query": "{a}", "operationName": "a"}').operation_name == "a"
    for name in (b"0", b"false", b"[]", b"{}"):
        refusal(posted, b'{"query": "{a}", "operationName": %s}' % name)
