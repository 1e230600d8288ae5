"""What the kubelet says after a restart, and what that proves."""

import types

import pytest

from pytest_podshare import errors
from pytest_podshare.pods import restarting

POD = types.SimpleNamespace(name="p")


def seen(count, last, **others):
    """A Pod whose container c has started so often; `last` is the instance that ended before."""
    ended = {"terminated": {"containerID": last, "exitCode": 1}} if last else {}
    its = {"c": (f"c{count}", count, ended), **{name: (id_, 0, {}) for name, id_ in others.items()}}
    statuses = [
        {"name": name, "containerID": id_, "restartCount": n, "lastState": state}
        for name, (id_, n, state) in its.items()
    ]
    return {"metadata": {"uid": "u"}, "status": {"containerStatuses": statuses}}


def test_a_restart_of_one_container_is_proved():
    """One more, the old instance ended, and its neighbour as it was."""
    restarting._check_proof(POD, seen(0, "", d="d0"), seen(1, "c0", d="d0"), "c")


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (seen(0, "", d="d0"), "restartCount did not grow; its last state is not the old instance"),
        (seen(1, "x", d="d0"), "alone is not proved: its last state is not the old instance"),
        (seen(1, "c0", d="d1"), "d restarted as well"),
    ],
    ids=["not at all", "another instance", "the neighbour as well"],
)
def test_what_else_there_is_proves_nothing(after, says):
    """The mutated twins."""
    with pytest.raises(errors.RestartImpossible, match=says):
        restarting._check_proof(POD, seen(0, "", d="d0"), after, "c")


def test_one_that_ended_again_keeps_ending():
    """It may be running again, for a moment, when it is looked at."""
    with pytest.raises(errors.ContainerCrashing, match=r"^Container c of Pod p keeps ending: what"):
        restarting._check_proof(POD, seen(0, ""), seen(2, "c1"), "c")
