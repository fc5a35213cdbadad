"""What is kept for a moment is gone after it, counted from when it was asked for."""

from service.kit.ttl_cache import TTLCache


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_a_value_is_believed_until_its_time_is_over():
    clock = Clock()
    cache = TTLCache[int](ttl_ms=1_000, entries_max=10, now_s=clock)
    cache.put("a", 1, asked_at_s=clock.s)
    clock.s += 0.999
    assert cache.get("a") == 1
    clock.s += 0.001
    assert cache.get("a") is None


def test_the_time_runs_from_the_question_not_from_the_answer():
    clock = Clock()
    cache = TTLCache[int](ttl_ms=1_000, entries_max=10, now_s=clock)
    asked_at_s = cache.now_s()
    clock.s += 0.9
    cache.put("a", 1, asked_at_s=asked_at_s)
    clock.s += 0.1
    assert cache.get("a") is None


def test_the_oldest_goes_first():
    cache = TTLCache[int](ttl_ms=1_000, entries_max=2, now_s=Clock())
    for number, name in enumerate("abc"):
        cache.put(name, number, asked_at_s=100.0)
    assert [cache.get(name) for name in "abc"] == [None, 1, 2]


def test_without_a_time_nothing_is_kept():
    cache = TTLCache[int](ttl_ms=0, entries_max=2, now_s=Clock())
    cache.put("a", 1, asked_at_s=100.0)
    assert cache.get("a") is None
