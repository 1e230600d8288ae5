"""The ownership of objects, and whether they may be removed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.ownership import CORDON_LABEL, KEPT_LIFETIME, LIFETIME, Ownership
from pytest_podshare.cluster.processes import Process

NOW = 1_800_000_000.0
HOUR = 3600.0
CURRENT = Process.current()
ENDED = dataclasses.replace(CURRENT, start_time="0").tag
ELSEWHERE = dataclasses.replace(CURRENT, pid_namespace="another boot").tag


def owned_by(process, **fields):
    """Return the ownership of an object of run r1, used by that process."""
    return Ownership("r1", "me@here", process, NOW + LIFETIME, **fields)


@pytest.mark.parametrize("label", [ownership.RUN_LABEL, CORDON_LABEL])
def test_ownership_is_read_as_it_was_written(label):
    """Other labels stay."""
    metadata = {"labels": {"app": "a"}, "annotations": None}
    written = owned_by(ENDED, kept_for="test_it.py::test_it[ä\n]")

    written.write(metadata, label)

    assert Ownership.read(metadata, label) == written
    assert metadata["labels"] == {"app": "a", label: "r1"}


@pytest.mark.parametrize("metadata", [{}, {"labels": None}, {"labels": {"app": "a"}}])
def test_an_object_without_the_label_has_no_ownership(metadata):
    """Annotations alone do not count."""
    annotations = {ownership.EXPIRES_ANNOTATION: "2001-01-01T00:00:00Z"}

    assert Ownership.read({**metadata, "annotations": annotations}) is None


def test_an_object_of_a_running_process_is_in_use():
    """Its expiry does not matter: the machine may have been asleep."""
    owned = Ownership.for_run("r1", now=NOW)

    assert owned.expires == NOW + LIFETIME
    assert owned.disposition(NOW + 10 * LIFETIME).removable is False
    assert owned.disposition(NOW + 10 * LIFETIME, selected_run="r1").removable is False
    assert owned.disposition(NOW).reason == f"run r1 of {owned.owner} is using it"


def test_an_object_of_an_ended_process_is_removable_at_once():
    """Another process may have its ID by now."""
    assert owned_by(ENDED).disposition(NOW) == ownership.Disposition(
        True, "run r1 of me@here has ended"
    )


def test_an_object_of_a_process_elsewhere_is_removable_after_its_expiry():
    """One hour later, since the clocks of two machines may differ."""
    owned = owned_by(ELSEWHERE)

    assert owned.disposition(NOW).reason == (
        "run r1 of me@here may be using it from elsewhere, until 2027-01-15T10:00:00Z"
    )
    removable = [
        owned.disposition(NOW + LIFETIME + seconds).removable for seconds in (-1, HOUR - 1, HOUR)
    ]
    assert removable == [False, False, True]
    assert owned.disposition(NOW + LIFETIME + HOUR).reason == (
        "it expired at 2027-01-15T10:00:00Z (run r1 of me@here)"
    )


def test_a_kept_object_outlives_its_process():
    """It is removable after its expiry, or when its run is selected."""
    owned = dataclasses.replace(owned_by(ENDED, kept_for="test_it"), expires=NOW + KEPT_LIFETIME)

    assert owned.disposition(NOW).reason == (
        "run r1 of me@here keeps it until 2027-01-16T08:00:00Z for test_it"
    )
    assert owned.disposition(NOW).removable is False
    assert owned.disposition(NOW, selected_run="r2").removable is False
    assert owned.disposition(NOW, selected_run="r1").removable is True
    assert owned.disposition(NOW + KEPT_LIFETIME + HOUR).removable is True


@pytest.mark.parametrize(
    "process",
    [ENDED, ELSEWHERE, "", "1", "x y z", "² 1 a"],
    ids=["ended", "elsewhere", "none", "short", "no-numbers", "no-digit"],
)
def test_an_object_without_an_expiry_stays_until_its_run_is_selected(process):
    """Someone may have set the label by hand."""
    owned = dataclasses.replace(owned_by(process), expires=None)

    assert owned.disposition(NOW + 1000 * LIFETIME).removable is False
    assert owned.disposition(NOW, selected_run="r1").removable is True


@pytest.mark.slow
@given(st.integers(0, 4_000_000_000))
def test_a_time_is_parsed_as_it_was_formatted(seconds):
    """Its precision is one second."""
    assert ownership.parse_time(ownership.format_time(seconds)) == seconds


@pytest.mark.slow
@given(st.text())
def test_a_text_that_is_not_a_time_is_no_expiry(text):
    """So a typo deletes nothing."""
    assert ownership.parse_time(f"{text}!") is None


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
def test_the_owner_is_the_url_of_the_ci_job(environ, owner):
    """Credentials in the URL are removed."""
    assert ownership.find_owner(environ) == owner


def test_without_a_ci_job_the_owner_is_a_user_and_a_machine(monkeypatch):
    """The user may have no name."""
    monkeypatch.setattr("socket.gethostname", lambda: "machine")
    monkeypatch.setenv("LOGNAME", "me")

    assert ownership.find_owner({}) == "me@machine"

    def fail():
        raise KeyError("no such ID")

    monkeypatch.setattr("getpass.getuser", fail)
    assert ownership.find_owner({}).endswith("@machine")
