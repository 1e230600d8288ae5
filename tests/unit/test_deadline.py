"""Tests of deadlines and polling, with a clock that never sleeps."""

import pytest

from pytest_podshare.deadline import Deadline, Timeouts, poll
from tests.support.fake_clock import FakeClock


def test_a_deadline_counts_down_to_zero():
    """The time left is never negative, so it can be used as a timeout."""
    clock = FakeClock()
    deadline = Deadline(3.0, clock)

    assert (deadline.left, deadline.over) == (3.0, False)

    clock.sleep(5.0)

    assert (deadline.left, deadline.over) == (0.0, True)


def test_poll_returns_the_first_good_result():
    """Polling does not go on longer than needed."""
    results = iter([1, 2, 3, 4])
    clock = FakeClock()

    result = poll(lambda: next(results), until=lambda n: n == 3, deadline=Deadline(60, clock))

    assert result == 3
    assert len(clock.pauses) == 2


def test_poll_returns_the_last_bad_result_at_the_deadline():
    """The caller can report what it saw last, not only that it took too long."""
    clock = FakeClock()
    attempts = []

    def attempt():
        attempts.append(clock.now)
        return f"attempt {len(attempts)}"

    result = poll(attempt, until=lambda _: False, deadline=Deadline(1.0, clock))

    assert result == f"attempt {len(attempts)}"
    assert len(attempts) > 3
    assert clock.now == 1.0


def test_poll_tries_once_even_without_time():
    """With a deadline of zero there is still one attempt."""
    assert poll(lambda: "seen", until=lambda _: False, deadline=Deadline(0, FakeClock())) == "seen"


def test_poll_does_not_catch_errors():
    """An error is not a result that may improve."""
    clock = FakeClock()

    def attempt():
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        poll(attempt, until=lambda _: True, deadline=Deadline(9, clock))
    assert clock.pauses == []


def test_one_factor_scales_all_timeouts():
    """Slow machines need one number, not seven."""
    scaled = Timeouts(1, 2, 3, 4, 5, 6, 7).scale(2)

    assert scaled == Timeouts(2, 4, 6, 8, 10, 12, 14, factor=2)


def test_an_explicit_timeout_overrides_the_setting():
    """A timeout of zero is explicit as well."""
    timeouts = Timeouts(visible=7)

    assert timeouts.resolve("visible", None) == 7
    assert timeouts.resolve("visible", 0.0) == 0.0
