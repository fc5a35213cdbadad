"""Refusals of callers without a key: each address has so many in a second, and few of their lines in the log.

Seen to fail when: the pause is left out; every refusal has its line; a paused request counts as one in progress; a
refusal for want of room, or of a known caller, is paused; the body is read before the address pays.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from service.api.addresses import Addresses, AddressLimits, address_budget
from service.api.rate_limits import RateLimits
from service.api.refusal_pace import ADDRESSES_MAX, PAUSE_MAX_S, REFUSALS_A_SECOND, Pace, Turn
from service.api.request_facts import FACTS
from service.api.request_limits import RequestLimits
from service.errors import Code, Refused
from tests.api.test_addresses import opened

HERE, THERE = "192.0.2.1", "192.0.2.2"
EVEN_S = 1 / REFUSALS_A_SECOND


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(REFUSALS_A_SECOND, now_s=clock)


def pauses(pace: Pace, count: int, address: str = HERE) -> list[float]:
    return [round(pace.turn(address).pause_s, 6) for _ in range(count)]


def test_refusals_above_those_of_a_second_are_spread_up_to_the_longest_pause(pace: Pace) -> None:
    assert pauses(pace, REFUSALS_A_SECOND) == [0.0] * REFUSALS_A_SECOND
    assert pauses(pace, 3) == [round(EVEN_S * number, 6) for number in (1, 2, 3)]
    assert max(pauses(pace, 1_000)) == PAUSE_MAX_S
    assert pauses(pace, 1, THERE) == [0.0]


def test_one_connection_is_refused_at_the_even_pace_and_forgiven_after_a_rest(pace: Pace, clock: Clock) -> None:
    pauses(pace, REFUSALS_A_SECOND)
    for _ in range(100):
        (pause_s,) = pauses(pace, 1)
        assert pause_s == pytest.approx(EVEN_S)
        clock.now_s += pause_s

    clock.now_s += 1
    assert pauses(pace, REFUSALS_A_SECOND) == [0.0] * REFUSALS_A_SECOND


def test_an_address_has_one_line_a_second_which_counts_those_before(pace: Pace, clock: Clock) -> None:
    def lines(count: int) -> list[tuple[bool, int]]:
        return [(turn.is_logged, turn.unlogged) for turn in (pace.turn(HERE) for _ in range(count))]

    assert lines(5) == [(True, 0), *[(False, 0)] * 4]
    assert pace.turn(THERE) == Turn(0.0, is_logged=True, unlogged=0)
    clock.now_s += 1
    assert lines(2) == [(True, 4), (False, 0)]
    clock.now_s += 10
    assert lines(1) == [(True, 1)]


def test_addresses_that_were_refused_longest_ago_are_forgotten(pace: Pace) -> None:
    pauses(pace, REFUSALS_A_SECOND)
    for number in range(ADDRESSES_MAX - 1):
        pace.turn(f"198.51.100.{number}")
    assert pauses(pace, 1) == [EVEN_S], "it was remembered"
    for number in range(ADDRESSES_MAX):
        pace.turn(f"203.0.113.{number}")

    assert pauses(pace, 1) == [0.0]


class Caller:
    """Requests of one address to an application that refuses all of them."""

    def __init__(self, code: Code = Code.THROTTLED, *, account_id: str = "", pace: Pace | None = None) -> None:
        self.limits = RequestLimits(
            self._refuse,
            in_flight_max=1,
            pace=pace or Pace(1, now_s=asyncio.get_running_loop().time),
            address_of=lambda scope: scope["client"][0],
        )
        self._code = code
        self._account_id = account_id

    async def _refuse(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        facts = FACTS.get()
        assert facts is not None
        if self._account_id:
            facts["account_id"] = self._account_id
        raise Refused(self._code, "No.")

    async def ask(self) -> tuple[int, float]:
        """Return the status of the answer and the time from the request to the answer."""
        answered: list[tuple[int, float]] = []
        loop = asyncio.get_running_loop()
        asked_s = loop.time()

        async def receive() -> dict[str, Any]:
            raise AssertionError("there is no body")

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.append((message["status"], loop.time() - asked_s))

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/a",
            "headers": [],
            "client": (HERE, 1),
        }
        await self.limits(scope, receive, send)
        return answered[0]


@pytest.mark.virtual_time
async def test_a_paused_refusal_is_no_request_in_progress_and_has_no_line() -> None:
    caller = Caller()
    with capture_logs() as logged:
        assert await caller.ask() == (429, 0)
        paused = asyncio.ensure_future(caller.ask())
        await asyncio.sleep(0.5)
        assert caller.limits.in_flight == 0
        assert await paused == (429, pytest.approx(1))
        assert await caller.ask() == (429, pytest.approx(1))

    lines = [(line["event"], line["address"], line.get("unlogged")) for line in logged]
    assert lines == [("request", HERE, None), ("request", HERE, 1)]


async def test_the_time_of_the_line_leaves_out_the_pause() -> None:
    at_s = iter([0.9] * 4 + [1.0])
    caller = Caller(pace=Pace(4, now_s=lambda: next(at_s)))
    for _ in range(4):
        await caller.ask()
    with capture_logs() as logged:
        _, waited_s = await caller.ask()

    (line,) = logged
    assert waited_s * 1_000 - line["ms"] >= 149, "of the pause of 150 ms, with rounding"


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (lambda: Caller(Code.UNAVAILABLE), 503),
        (lambda: Caller(account_id="2f6bd2a4-3b55-4ae2-8f1a-6d5f3a0b0c01"), 429),
    ],
    ids=["an overloaded service", "a known caller"],
)
async def test_refusals_that_a_customer_gets_are_answered_and_logged_at_once(
    caller: Callable[[], Caller], status: int
) -> None:
    refused = caller()
    with capture_logs() as logged:
        assert [await refused.ask() for _ in range(5)] == [(status, 0)] * 5

    assert [line["event"] for line in logged] == ["request"] * 5
    assert [line for line in logged if "address" in line] == []


async def refused_by_head(app: Any, *headers: tuple[bytes, bytes], body: bytes = b"") -> tuple[int, dict[bytes, bytes]]:
    """Return status and headers of the answer to a request; without a body to send, reading one fails."""
    started: list[Any] = []

    async def receive() -> dict[str, Any]:
        assert body, "the body was read"
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        started.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), *headers], "client": (HERE, 1),
    }  # fmt: skip
    await app(scope, receive, send)
    return started[0]["status"], dict(started[0]["headers"])


async def test_an_address_without_points_is_refused_before_its_body_is_read(sqlite_url: str) -> None:
    async with opened(sqlite_url, address_points_a_minute=1) as api:
        app = api.client._transport.app  # type: ignore[attr-defined]  # the transport of httpx
        spent = await refused_by_head(app, (b"content-length", b"900000"))
        large = await refused_by_head(app, (b"content-length", b"90000"))
        chunked = await refused_by_head(app, (b"transfer-encoding", b"chunked"))
        small = await refused_by_head(app, (b"content-length", b"2"), body=b"{}")

    assert spent[0] == 413, "that costs a point too"
    assert [status for status, _ in (large, chunked, small)] == [429] * 3
    assert [headers.get(b"connection") for _, headers in (large, chunked, small)] == [b"close", b"close", None]


@pytest.mark.virtual_time
async def test_addresses_that_cost_nothing_wait_above_so_many_requests_in_a_second() -> None:
    loop = asyncio.get_running_loop()
    rate_limits = RateLimits()
    limits = AddressLimits(
        Caller().limits,
        budget=address_budget(1),
        addresses=Addresses(),
        rate_limits=lambda: rate_limits,
        free=["/health/"],
        pace_of_free=Pace(2, now_s=loop.time),
    )
    scope = {"type": "http", "path": "/health/live", "headers": [], "client": (HERE, 1)}

    admitted_s = []
    for _ in range(5):
        await limits.admit(scope)
        admitted_s.append(round(loop.time(), 6))

    assert admitted_s == [0, 0, 0.5, 1, 1.5]
    await limits.admit(scope | {"path": "/graphql"})
    with pytest.raises(Refused, match="share 1 cost points in 60 s"):
        await limits.admit(scope | {"path": "/graphql"})
