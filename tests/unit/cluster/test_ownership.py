"""Stamps: what an object says of itself, and what is to become of it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_podshare.cluster import ownership, processes
from pytest_podshare.cluster.ownership import CORDON_LABEL, KEPT_LIFE, LIFE, Ownership
from pytest_podshare.cluster.processes import Process

NOW = 1_800_000_000.0
HOUR = 3600.0
ME = processes.this()
DEAD = processes.tag(Process(ME.pid, "0", ME.space))
ELSEWHERE = processes.tag(Process(ME.pid, ME.started, "another boot"))


def of(process, **more):
    """The stamp of a run, by that process."""
    return Ownership("r1", "me@here", process, NOW + LIFE, **more)


@pytest.mark.parametrize("label", [ownership.RUN_LABEL, CORDON_LABEL])
def test_what_is_written_on_an_object_is_read_from_it(label):
    """Beside what the object says already."""
    metadata = {"labels": {"app": "a"}, "annotations": None}
    written = of(DEAD, kept="test_it.py::test_it[ä\n]")

    written.put(metadata, label)

    assert Ownership.read(metadata, label) == written
    assert metadata["labels"] == {"app": "a", label: "r1"}


@pytest.mark.parametrize("metadata", [{}, {"labels": None}, {"labels": {"app": "a"}}])
def test_what_has_no_label_of_ours_is_not_ours(metadata):
    """Whatever else it says."""
    assert (
        Ownership.read({**metadata, "annotations": {ownership.EXPIRES: "2001-01-01T00:00:00Z"}})
        is None
    )


def test_an_object_of_this_process_is_in_use():
    """Also long after it should have expired, as where a machine was asleep."""
    its = Ownership.of("r1", now=NOW)

    assert its.expires == NOW + LIFE
    assert its.fate(NOW + 10 * LIFE).goes is False
    assert its.fate(NOW + 10 * LIFE, named="r1").goes is False
    assert its.fate(NOW).why == f"run r1 of {its.owner} uses it"


def test_an_object_of_a_process_that_has_ended_goes_at_once():
    """Its id may be another process's by now."""
    assert of(DEAD).fate(NOW) == ownership.Disposition(True, "run r1 of me@here has ended")


def test_an_object_from_elsewhere_goes_when_it_has_expired():
    """With an hour for clocks that differ, whichever of them is off."""
    its = of(ELSEWHERE)

    assert its.fate(NOW).why == (
        "run r1 of me@here runs elsewhere, and may use it until 2027-01-15T10:00:00Z"
    )
    assert [its.fate(NOW + LIFE + more).goes for more in (-1, HOUR - 1, HOUR)] == [
        False,
        False,
        True,
    ]


def test_what_is_kept_for_a_look_outlives_its_process():
    """Until it expires, or its run is named."""
    its = dataclasses.replace(of(DEAD, kept="test_it"), expires=NOW + KEPT_LIFE)

    assert its.fate(NOW).why == (
        "run r1 of me@here keeps it until 2027-01-16T08:00:00Z, for test_it"
    )
    assert its.fate(NOW).goes is False
    assert its.fate(NOW, named="r2").goes is False
    assert its.fate(NOW, named="r1").goes is True
    assert its.fate(NOW + KEPT_LIFE + HOUR).goes is True


@pytest.mark.parametrize(
    "process",
    [DEAD, ELSEWHERE, "", "1", "x y z", "² 1 a"],
    ids=["dead", "elsewhere", "none", "short", "no-numbers", "no-digit"],
)
def test_an_object_that_does_not_say_when_it_may_go_stays_until_it_is_named(process):
    """As one that somebody has put our label on, or an older version has made."""
    its = dataclasses.replace(of(process), expires=None)

    assert its.fate(NOW + 1000 * LIFE).goes is False
    assert its.fate(NOW, named="r1").goes is True


@pytest.mark.slow
@given(st.integers(0, 4_000_000_000))
def test_a_moment_is_read_as_it_was_written(moment):
    """To the second."""
    assert ownership.moment(ownership.text(moment)) == moment


@pytest.mark.slow
@given(st.text())
def test_a_text_that_is_no_moment_never_expires(text):
    """Nobody's typing error deletes anything."""
    assert ownership.moment(f"{text}!") is None


@pytest.mark.parametrize(
    ("environ", "owner"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.com/o/r/actions/runs/7",
        ),
        (
            {"CI_JOB_URL": "https://bot:token@ci.example/job/7?private_token=secret#x"},
            "https://ci.example/job/7",
        ),
    ],
)
def test_the_owner_is_the_ci_job(environ, owner):
    """Without what its address may hold of credentials."""
    assert ownership.owner(environ) == owner


def test_the_owner_is_else_a_person_and_a_machine(monkeypatch):
    """Also where the person has no name."""
    monkeypatch.setattr("socket.gethostname", lambda: "machine")
    monkeypatch.setenv("LOGNAME", "me")

    assert ownership.owner({}) == "me@machine"

    def unknown():
        raise KeyError("no such id")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert ownership.owner({}).endswith("@machine")


def test_a_process_is_known_by_its_tag():
    """One that runs, one that has ended, and one that cannot be asked."""
    tags = (processes.tag(ME), DEAD, ELSEWHERE, processes.tag(Process(1, "", "")))

    assert [processes.tag_runs(each) for each in tags] == [True, False, None, None]
