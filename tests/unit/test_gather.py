"""Tests of jobs that run side by side: results, failures, and jobs that never end."""

import threading

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, JobFailure, gather
from tests.support.fake_clock import FakeClock


@pytest.fixture
def never():
    """Return an event that is not set until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def raising(error):
    """Return a job that raises an error."""

    def job():
        raise error

    return job


def test_every_job_has_a_result_in_the_order_of_the_jobs():
    """There may be more jobs than threads."""
    jobs = {f"job {number}": lambda number=number: number for number in range(50)}

    outcomes = gather(jobs, Deadline(60))

    assert list(outcomes.items()) == [(f"job {number}", number) for number in range(50)]


def test_no_jobs_need_no_time():
    """There is nothing to wait for."""
    assert gather({}, Deadline(0)) == {}


def test_jobs_run_at_the_same_time():
    """Each of these jobs ends only when all of them are running."""
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
def test_an_error_is_the_failure_of_that_job_only(error, text):
    """It is reported in one line, and the other jobs have their results."""
    outcomes = gather({"bad": raising(error), "good": lambda: 1}, Deadline(60))

    assert outcomes == {"bad": JobFailure(text), "good": 1}


def test_a_job_that_does_not_end_is_abandoned(never):
    """Jobs that have ended by the deadline have their results."""
    outcomes = gather({"stuck": never.wait, "quick": lambda: 1}, Deadline(0.1))

    assert outcomes == {"stuck": JobFailure("no answer within 0.1 s"), "quick": 1}


def test_an_abandoned_thread_starts_no_other_job(never):
    """It ends with its job, whose result is dropped."""
    clock = FakeClock()
    started, ended = [], []

    def job(number):
        started.append(number)
        # the deadline passes while all threads are busy and more jobs are waiting
        clock.now = 1.0
        never.wait()
        ended.append(threading.current_thread())
        raise ValueError(number)

    outcomes = gather({str(n): lambda n=n: job(n) for n in range(100)}, Deadline(0.2, clock))
    never.set()
    for thread in threading.enumerate():
        if thread.name == "podshare-gather":
            thread.join(60)

    assert set(outcomes.values()) == {JobFailure("no answer within 0.2 s")}
    assert 0 < len(started) < 100
    assert len(ended) == len(started)


def test_a_hanging_thread_does_not_keep_python_from_exiting(tmp_path, pytester):
    """The program exits, although the job never ends."""
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


def test_a_lack_of_threads_raises_no_error(monkeypatch):
    """On a machine at its limits the jobs just have no results."""

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)

    assert gather({"job": lambda: 1}, Deadline(0.1)) == {
        "job": JobFailure("no answer within 0.1 s")
    }
