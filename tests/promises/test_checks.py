"""The checks find what they are for: each forgery breaks one of them, and an honest history breaks none."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.promises import checks
from tests.promises.checks import Stored
from tests.promises.history import BROKEN, OK, UNAVAILABLE, UNKNOWN, Attempt, Read, Window

ACCOUNT = "an account"


def placed(number: int, **facts: object) -> Attempt:
    """The order of that number: it began at its number in seconds, and took half of one."""
    attempt = Attempt(
        "order", "a server", ACCOUNT, began_s=number, ended_s=number + 0.5, key=f"key-{number}", mass_g=number,
        outcome=OK, order_id=f"order-{number}", total_minor=number,
    )  # fmt: skip
    return replace(attempt, **facts)  # type: ignore[arg-type]


def stored(number: int, **facts: object) -> Stored:
    order = Stored(ACCOUNT, f"order-{number}", f"key-{number}", number, number, "FULFILLED", number)
    return replace(order, **facts)  # type: ignore[arg-type]


def history(*more: Attempt) -> Read:
    again = placed(1, began_s=3, ended_s=3.5, replayed=True)
    return Read(
        [placed(1), placed(2), again, *more], [], [Window("a fault", 0, healed_s=9, over_s=9, answers_all=True)]
    )


TABLE = [stored(1), stored(2)]


def judge(found: Read, table: list[Stored]) -> None:
    checks._assert_no_answer_is_a_fault(found, [])
    checks._assert_orders_are_what_was_acknowledged(found, table)
    checks._assert_replays_are_equal(found)
    checks._assert_every_api_refused_in_outages(found)
    checks._assert_requests_without_answer_were_not_carried_out(found)
    checks._assert_accounts_are_in_order(found, table)
    checks._assert_cancellations_are_kept(found, table)


def test_an_honest_history_is_accepted() -> None:
    cut = placed(3, outcome=UNKNOWN, order_id="")
    later = placed(3, began_s=5, ended_s=6)
    cancelled = placed(2, doing="cancel", key="", began_s=7, ended_s=8)
    refused = placed(4, outcome=UNAVAILABLE, has_retry_after=True)
    table = [stored(1), stored(2, status="CANCELLED"), stored(3)]
    judge(history(cut, later, cancelled, refused), table)


FORGED: dict[str, Callable[[], tuple[Read, list[Stored]]]] = {
    "an acknowledged order is lost": lambda: (history(placed(3)), TABLE),
    "an order has another mass than was told": lambda: (history(), [stored(1, mass_g=7), stored(2)]),
    "an order has another total than was told": lambda: (history(), [stored(1, total_minor=7), stored(2)]),
    "a key made two orders": lambda: (history(), [*TABLE, stored(2, id="order-3", seq=3)]),
    "an order that nobody asked for": lambda: (history(), [*TABLE, stored(3)]),
    "a replay tells another order": lambda: (history(placed(2, order_id="order-1", replayed=True)), TABLE),
    "an order is new twice": lambda: (history(placed(2, began_s=5, ended_s=6)), TABLE),
    "a later order comes before an earlier one": lambda: (history(), [stored(1, seq=3), stored(2)]),
    "a cancellation is lost": lambda: (history(placed(2, doing="cancel", key="")), TABLE),
    "a cancellation that nobody asked for": lambda: (history(), [stored(1), stored(2, status="CANCELLED")]),
    "an internal error": lambda: (history(placed(3, outcome=BROKEN)), TABLE),
    "a refusal without Retry-After": lambda: (history(placed(3, outcome=UNAVAILABLE)), TABLE),
    "an API that answers in an outage": lambda: (history(placed(3, doing="Lune", key="")), TABLE),
    "a request without answer that was carried out": lambda: (
        history(placed(3, outcome=UNKNOWN), placed(3, began_s=5, ended_s=6, replayed=True)), [*TABLE, stored(3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forgery_is_found(forgery: str) -> None:
    with pytest.raises(AssertionError):
        judge(*FORGED[forgery]())
