"""Deadlines and polling, with a clock that never sleeps."""

import pytest

from pytest_podshare.deadline import Deadline, Timeouts, poll
from tests.support.fake_clock import FakeClock


def test_a_deadline_counts_down_to_zero_and_not_below():
    """What is left is never negative, so that it can be passed on as a timeout."""
    clock = FakeClock()
    deadline = Deadline(3.0, clock)

    assert (deadline.left, deadline.over) == (3.0, False)

    clock.sleep(5.0)

    assert (deadline.left, deadline.over) == (0.0, True)


def test_poll_returns_the_first_good_result():
    """Nobody waits longer than needed."""
    results = iter([1, 2, 3, 4])
    clock = FakeClock()

    found = poll(lambda: next(results), until=lambda n: n == 3, deadline=Deadline(60, clock))

    assert found == 3
    assert len(clock.pauses) == 2


def test_poll_returns_the_last_bad_result_when_time_is_over():
    """The caller can say what was seen last, instead of just that it took too long."""
    clock = FakeClock()
    attempts = []

    def attempt():
        attempts.append(clock.now)
        return f"attempt {len(attempts)}"

    seen = poll(attempt, until=lambda _: False, deadline=Deadline(1.0, clock))

    assert seen == f"attempt {len(attempts)}"
    assert len(attempts) > 3
    assert clock.now == 1.0


def test_poll_tries_once_even_without_time():
    """A deadline of zero asks once, and does not claim to know without asking."""
    assert poll(lambda: "seen", until=lambda _: False, deadline=Deadline(0, FakeClock())) == "seen"


def test_poll_lets_errors_through():
    """An error is not a result to wait for the end of."""
    clock = FakeClock()

    def attempt():
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        poll(attempt, until=lambda _: True, deadline=Deadline(9, clock))
    assert clock.pauses == []


def test_one_factor_scales_every_timeout():
    """Slow machines need one number, not five."""
    scaled = Timeouts(1, 2, 3, 4, 5, 6, 7).scaled(2)

    assert scaled == Timeouts(2, 4, 6, 8, 10, 12, 14)


def test_what_a_caller_gives_comes_before_what_is_set():
    """Also a timeout of nothing at all."""
    times = Timeouts(visible=7)

    assert times.or_given("visible", None) == 7
    assert times.or_given("visible", 0.0) == 0.0
