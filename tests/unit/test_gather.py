"""Many questions at once: answers, troubles, and those that never end."""

import threading

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, JobFailure, gather
from tests.support.fake_clock import FakeClock


@pytest.fixture
def never():
    """An event that no test sets; whoever waits for it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


def raising(error):
    """A job that ends in that error."""

    def job():
        raise error

    return job


def test_every_job_is_answered_under_its_name_in_the_order_given():
    """Also more jobs than threads."""
    jobs = {f"job {number}": lambda number=number: number for number in range(50)}

    outcomes = gather(jobs, Deadline(60))

    assert list(outcomes.items()) == [(f"job {number}", number) for number in range(50)]


def test_no_jobs_need_no_time():
    """Nothing is waited for."""
    assert gather({}, Deadline(0)) == {}


def test_jobs_run_at_once():
    """Each of these ends only when all of them run."""
    together = threading.Barrier(8)
    jobs = {str(number): lambda: together.wait(timeout=60) >= 0 for number in range(8)}

    outcomes = gather(jobs, Deadline(60))

    assert set(outcomes.values()) == {True}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.ApiError("GET /x: forbidden", "Ask for the right."), "GET /x: forbidden"),
        (ValueError("two\n lines"), "ValueError: two lines"),
        (KeyError(), "KeyError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_error_is_the_trouble_of_that_job_alone(error, text):
    """In one line; the other jobs are answered."""
    outcomes = gather({"bad": raising(error), "good": lambda: 1}, Deadline(60))

    assert outcomes == {"bad": JobFailure(text), "good": 1}


def test_a_job_that_does_not_end_is_left_behind(never):
    """What has ended by the deadline counts; the others have said nothing."""
    outcomes = gather({"stuck": never.wait, "quick": lambda: 1}, Deadline(0.1))

    assert outcomes == {"stuck": JobFailure("no answer within 0.1 s"), "quick": 1}


def test_a_thread_that_was_left_behind_begins_no_other_job(never):
    """It ends with the job it hangs in, and what comes of that is nobody's matter any more."""
    clock = FakeClock()
    begun, ended = [], []

    def job(number):
        begun.append(number)
        # the time is over while the threads are busy, and more jobs wait
        clock.now = 1.0
        never.wait()
        ended.append(threading.current_thread())
        raise ValueError(number)

    outcomes = gather({str(n): lambda n=n: job(n) for n in range(100)}, Deadline(0.2, clock))
    never.set()
    for thread in threading.enumerate():
        if thread.name == "podshare-explain":
            thread.join(60)

    assert set(outcomes.values()) == {JobFailure("no answer within 0.2 s")}
    assert 0 < len(begun) < 100
    assert len(ended) == len(begun)


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_python(tmp_path, pytester):
    """The program ends, although the job never does."""
    program = tmp_path / "program.py"
    program.write_text(
        "import threading\n"
        "from pytest_podshare.deadline import Deadline, gather\n"
        "print(gather({'stuck': threading.Event().wait}, Deadline(0.1)))\n"
    )

    result = pytester.runpython(program)

    assert result.ret == 0
    assert result.outlines == ["{'stuck': JobFailure(text='no answer within 0.1 s')}"]
    assert result.errlines == []


def test_where_no_thread_can_be_had_nothing_is_raised(monkeypatch):
    """A machine at its limits explains less, and hides nothing."""

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)

    assert gather({"job": lambda: 1}, Deadline(0.1)) == {
        "job": JobFailure("no answer within 0.1 s")
    }
