from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from service.api.graphql.error_presentation import MaskedSchema, present, refusal_extensions
from service.errors import Code, Refused

Ask: TypeAlias = Callable[..., Awaitable[ExecutionResult]]


async def error_of(ask: Ask, text: str, **variables: Any) -> dict[str, Any]:
    result = await ask(text, **variables)
    assert len(result.errors) == 1
    return result.errors[0].formatted


async def test_a_refusal_is_shown_with_its_code_and_details(ask: Ask, logged: list[dict[str, Any]]):
    error = await error_of(ask, "{ refused }")

    assert error["message"] == "The order is retired."
    assert error["path"] == ["refused"]
    assert error["extensions"] == {
        "code": "ORDER_STATE",
        "requestId": "req-1",
        "inputPath": ["input", "id"],
        "mayRetry": False,
        "state": "COMPLETE",
        "total": "1.50",
    }
    assert logged == []


async def test_a_fault_is_masked_and_logged_once_with_its_traceback(ask: Ask, logged: list[dict[str, Any]]):
    error = await error_of(ask, "{ crash }")

    assert error == {
        "message": "Internal error",
        "locations": [{"line": 1, "column": 3}],
        "path": ["crash"],
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "mayRetry": True, "requestId": "req-1"},
    }
    (line,) = logged
    assert (line["event"], line["log_level"], line["where"], line["request_id"]) == ("fault", "error", "crash", "req-1")
    assert "hunter2" in str(line["exc_info"])


async def test_null_in_a_non_null_field_is_a_fault_of_the_service(ask: Ask, logged: list[dict[str, Any]]):
    assert (await error_of(ask, "{ empty }"))["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("text", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{" * 900, {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...nope }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ orders(first: "x") { totalCount } }', {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { orders(first: $n) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("query ($n: Int) { orders(first: $n) { totalCount } }", {"n": "x"}, "BAD_USER_INPUT"),
        ("{ orders(first: 0) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("{ orders(first: 101) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("{ graphqlError }", {}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_client_mistake_has_a_code_and_is_not_logged(
    ask: Ask, logged: list[dict[str, Any]], text: str, variables: dict[str, Any], code: str
):
    error = await error_of(ask, text, **variables)

    assert (error["extensions"]["code"], error["extensions"]["requestId"]) == (code, "req-1")
    assert error["message"]
    assert logged == []


async def test_a_failed_stream_is_masked_like_an_answer(shop: MaskedSchema):
    stream = await shop.subscribe("subscription { nothing }")
    (answer,) = [each async for each in stream]

    assert answer.errors[0].extensions == {"code": "GRAPHQL_VALIDATION_FAILED", "mayRetry": False, "requestId": "req-1"}


async def test_an_event_that_fails_is_masked(shop: MaskedSchema, logged: list[dict[str, Any]]):
    stream = await shop.subscribe("subscription { broken }")
    answers = [each async for each in stream]

    assert [error.message for error in answers[-1].errors] == ["Internal error"]
    assert len(logged) == 1


def test_one_exception_behind_many_fields_is_logged_once(shop: MaskedSchema, logged: list[dict[str, Any]]):
    lost = ConnectionError("10.0.0.7")
    errors = [GraphQLError(str(lost), path=["a", n], original_error=lost) for n in range(3)]

    shown = shop.presented(errors, validated=True)

    assert [error.message for error in shown] == ["Internal error"] * 3
    assert len(logged) == 1


def test_presenting_twice_changes_nothing():
    once = present(GraphQLError("x"), "a")

    assert present(once, "b") is once


def test_a_refusal_that_may_succeed_later_says_so():
    assert refusal_extensions(Refused(Code.UNAVAILABLE, "Later."))["mayRetry"] is True
