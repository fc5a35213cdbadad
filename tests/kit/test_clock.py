from datetime import UTC, datetime, timedelta

from service.kit.clock import system_clock


def test_the_system_clock_is_aware_and_in_utc():
    before = datetime.now(UTC)
    now = system_clock()

    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)
