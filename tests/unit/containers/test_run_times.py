"""Tests of when containers ran, by what the API server and a sharper clock say."""

import math
from types import SimpleNamespace

import pytest

from pytest_podshare.containers.run_clocks import parse_process
from pytest_podshare.containers.run_times import RunTime, combine

# 2026-11-30T12:00:00Z
NOON = 1796040000.0
INSTALL = SimpleNamespace(name="install", role="init")
PREPARE = SimpleNamespace(name="prepare", role="init")
PROXY = SimpleNamespace(name="proxy", role="sidecar")
APP = SimpleNamespace(name="app", role="container")


def at(second):
    """Return a time of the API server, that many seconds after noon."""
    return f"2026-11-30T12:{int(second) // 60:02d}:{int(second) % 60:02d}Z"


def ended(name, start, end, *, code=0, instance=1):
    """Return the state of an instance that has ended."""
    return {
        "terminated": {
            "startedAt": at(start),
            "finishedAt": at(end),
            "exitCode": code,
            "containerID": f"containerd://{name}-{instance}",
        }
    }


def running(start):
    """Return the state of an instance that runs."""
    return {"running": {"startedAt": at(start)}}


def status(name, state, *, restarts=0, last=None):
    """Return the status of a container."""
    return {
        "name": name,
        "containerID": f"containerd://{name}-{restarts + 1}",
        "restartCount": restarts,
        "state": state,
        "lastState": last or {},
    }


def pod(*statuses, start=0):
    """Return a Pod that the kubelet started at that second."""
    return {"status": {"startTime": at(start), "containerStatuses": list(statuses)}}


def spans(run):
    """Return when a container ran, in seconds after noon."""
    intervals = (*run.earlier, (run.start, run.end))
    return [(round(start - NOON, 3), round(end - NOON, 3)) for start, end in intervals]


def test_the_api_servers_times_are_wide():
    """It cuts off fractions of a second, and a process may start before it is noted."""
    raw = pod(status("install", ended("install", 5, 7)), status("app", running(9)))

    times = combine("API", raw, [INSTALL, APP], {})

    assert spans(times.containers["install"]) == [(3, 8)]
    assert spans(times.containers["app"]) == [(7, math.inf)]
    assert times.pod_start == NOON + 1


def test_a_container_starts_after_the_init_containers_have_ended():
    """Though by its own time it may have started earlier."""
    raw = pod(status("install", ended("install", 5, 7)), status("app", running(7)))

    times = combine("API", raw, [INSTALL, APP], {})

    assert spans(times.containers["app"]) == [(7, math.inf)]


def test_a_sharper_clock_narrows_the_times():
    """Of the instance that it is about, and of no other."""
    raw = pod(status("install", ended("install", 5, 7)), status("app", running(7)))
    sharp = {"install-1": (NOON + 5.25, NOON + 7.5), "app-1": (NOON + 7.625, math.inf)}

    times = combine("containerd", raw, [INSTALL, APP], sharp)
    other = combine("containerd", raw, [INSTALL, APP], {"app-7": (NOON + 7.625, math.inf)})

    assert spans(times.containers["install"]) == [(5.25, 7.5)]
    assert spans(times.containers["app"]) == [(7.625, math.inf)]
    assert times.containers["install"].is_exact
    assert spans(other.containers["app"]) == [(7, math.inf)]
    assert not other.containers["app"].is_exact


def test_a_sharper_start_of_what_has_ended_says_nothing_about_its_end():
    """An old reading of an instance that ran at that time."""
    raw = pod(status("install", ended("install", 5, 7)), status("app", running(7)))

    times = combine("containerd", raw, [INSTALL, APP], {"install-1": (NOON + 5.5, math.inf)})

    assert spans(times.containers["install"]) == [(5.5, 8)]
    assert spans(times.containers["app"]) == [(7, math.inf)]


def test_a_sidecar_does_not_end_before_the_next_container_starts():
    """Unlike an init container."""
    raw = pod(status("proxy", running(3)), status("app", running(9)))

    times = combine("API", raw, [PROXY, APP], {})

    assert spans(times.containers["proxy"]) == [(1, math.inf)]
    assert spans(times.containers["app"]) == [(7, math.inf)]


def test_an_init_container_that_failed_first_ran_twice():
    """What ran before it ran once, so its first instance was later."""
    raw = pod(
        status("prepare", ended("prepare", 5, 6)),
        status(
            "install",
            ended("install", 20, 21, instance=2),
            restarts=1,
            last=ended("install", 6, 7, code=1),
        ),
        status("app", running(22)),
    )
    times = combine("API", raw, [PREPARE, INSTALL, APP], {})

    assert spans(times.containers["install"]) == [(6, 8), (18, 22)]
    assert spans(times.containers["app"]) == [(21, math.inf)]


def test_instances_that_the_status_does_not_have_may_have_run_at_any_time_before():
    """It has the last two only, or one."""
    raw = pod(
        status(
            "install",
            ended("install", 40, 41, instance=4),
            restarts=3,
            last=ended("install", 30, 31, code=1, instance=3),
        ),
        status("app", running(42), restarts=2),
        start=2,
    )
    sharp = {"install-4": (NOON + 40.5, NOON + 41.5), "install-3": (NOON + 30.5, NOON + 31.5)}
    times = combine("containerd", raw, [INSTALL, APP], sharp)

    assert spans(times.containers["install"]) == [(2, 30.5), (30.5, 31.5), (40.5, 41.5)]
    assert not times.containers["install"].is_exact
    # a new sandbox would have run the init container again
    assert spans(times.containers["app"]) == [(2, 41.5), (41.5, math.inf)]


def test_after_a_restart_of_the_sandbox_every_container_has_run_twice():
    """The first app ran before the second install, so it did not run after it alone."""
    raw = pod(
        status(
            "install", ended("install", 20, 21, instance=2), restarts=1, last=ended("install", 5, 6)
        ),
        status("app", running(22), restarts=1, last=ended("app", 7, 18, code=137)),
    )
    times = combine("API", raw, [INSTALL, APP], {})

    assert spans(times.containers["install"]) == [(3, 7), (18, 22)]
    assert spans(times.containers["app"]) == [(5, 19), (21, math.inf)]


def test_an_app_that_restarted_alone_ran_after_the_init_container():
    """Which ran once."""
    raw = pod(status("install", ended("install", 5, 6)), status("app", running(22), restarts=5))

    times = combine("API", raw, [INSTALL, APP], {})

    assert spans(times.containers["app"]) == [(6, 20), (20, math.inf)]


def test_without_times_a_container_may_have_run_at_any_time():
    """A Pod without a status."""
    times = combine("API", {"status": {}}, [INSTALL], {})

    assert spans(times.containers["install"]) == [(-math.inf, math.inf)]


@pytest.mark.parametrize(
    ("earliest", "latest", "overlaps"),
    [(0, 1, False), (0, 2, True), (3, 3, True), (5, 9, False), (9, 10, True), (99, 100, True)],
)
def test_a_change_between_two_instances_was_made_by_neither(earliest, latest, overlaps):
    """Nor one before the first."""
    run = RunTime("app", 10, math.inf, earlier=((2, 4),))

    assert run.overlaps(earliest, latest) is overlaps
    assert run.first_start == 2


def test_the_times_are_described_in_utc():
    """Of every instance."""
    run = RunTime("app", NOON + 10.5, math.inf, earlier=((NOON + 2, NOON + 4.25),))

    expected = "app ran from 12:00:02.000 to 12:00:04.250 and from 12:00:10.500 to now"
    assert str(run) == expected


def test_the_start_of_a_process_is_told_by_its_age():
    """10 ms earlier than by the figures, which are cut off."""
    stat = "1 (a (b) c) S " + " ".join(["0"] * 18) + " 12345 0"

    start = parse_process(f"1796040000 2026-11-30 12:00:00.500000000 +0000\n223.45 1.0\n{stat}\n")

    assert start == pytest.approx(NOON + 0.5 - 100 - 0.01)


def test_a_file_system_without_fractions_makes_the_start_earlier():
    """busybox's stat prints none."""
    stat = "1 (sleep) S " + " ".join(["0"] * 18) + " 12345 0"

    start = parse_process(f"1796040000 2026-11-30 12:00:00\n223.45 1.0\n{stat}\n")

    assert start == pytest.approx(NOON - 100 - 0.01)
