"""Which changes of a Pod are podshare's own: the log of one Pod, on scripted states."""

from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.incident_log import IncidentLog
from tests.support.kubelet_events import evicted_event
from tests.unit.kube.test_incidents import FAILED, HEALTHY, pod, status, with_metadata

UNREADY = pod(status(ready=False))
EVICTION = 'Usage of EmptyDir volume "work" exceeds the limit "1Mi".'


def served(events):
    """Return an API server that has a log and those Events."""
    return SimpleNamespace(
        get_text=lambda *_, **__: "first\nbad config\n", get=lambda *_, **__: {"items": events}
    )


PRINTED = served([])
DONE = pod(status(state={"terminated": {"exitCode": 0, "reason": "Completed"}}), phase="Succeeded")
ENDING = pod(status(state={"terminated": {"exitCode": 0, "reason": "Completed"}}))
REPLACED = with_metadata(HEALTHY, uid="u2")


def restarted(times):
    """Return the Pod after so many restarts."""
    return pod(status(ended=FAILED, restarts=times))


@pytest.fixture
def log():
    """Return the log of a Pod that is ready."""
    return IncidentLog(PRINTED, HEALTHY)


def taken(log):
    """Return the texts of what has happened since the last call."""
    return [str(incident) for incident in log.take()]


def test_a_change_is_returned_once_with_the_last_log_line(log):
    """The next state differs from the last one only."""
    log.update(restarted(1))
    text = "app of ns/p restarted by itself: exit code 1; last log line: bad config"

    assert taken(log) == [text]
    log.update(restarted(1))
    assert taken(log) == []
    log.update(restarted(2))
    assert taken(log) == [text]


def test_a_change_of_our_own_is_not_returned(log):
    """Only what happened before and after it is."""
    states = iter([restarted(1), restarted(2)])
    with log.own_change(lambda: next(states)):
        pass
    log.update(restarted(2))
    assert len(taken(log)) == 1

    log.update(restarted(3))
    assert len(taken(log)) == 1


def test_a_change_within_a_change_is_one_change(log):
    """The state is read before the first and after the last."""
    states = iter([HEALTHY, restarted(2)])
    with log.own_change(lambda: next(states)):
        with log.own_change(lambda: next(states)):
            log.update(restarted(1))
        log.update(restarted(1))
    log.update(restarted(2))

    assert taken(log) == []


def test_a_change_that_failed_may_still_have_effects(log):
    """What the next state shows is not returned, but what happens later is."""
    with pytest.raises(KeyError), log.own_change(lambda: HEALTHY):
        raise KeyError
    log.update(restarted(1))
    assert taken(log) == []

    log.update(restarted(2))
    assert len(taken(log)) == 1


def test_readiness_does_not_count_until_the_changes_have_been_taken(log):
    """A restart of one container may make the probe of another fail."""
    with log.own_change(lambda: HEALTHY):
        pass
    log.update(UNREADY)
    assert taken(log) == []

    log.update(HEALTHY)
    taken(log)
    log.update(UNREADY)
    assert taken(log) == ["app of ns/p became unready by itself"]


def test_a_pod_that_is_gone_is_returned_once(log):
    """And a Pod that has taken its name is another Pod."""
    log.update(None)
    assert taken(log) == ["Pod ns/p was deleted"]

    log.update(restarted(1))
    assert taken(log) == []


def test_an_api_server_that_does_not_respond_changes_nothing(log):
    """The change is made, and what is known stays known."""

    def read():
        raise errors.ClusterUnreachable("no answer", "wait")

    with log.own_change(read):
        pass
    log.update(HEALTHY)

    assert taken(log) == []


@pytest.mark.parametrize("now", [DONE, ENDING, REPLACED, None])
def test_an_eviction_is_returned_once_whatever_the_pods_state(now):
    """Its containers have handled SIGTERM, or its controller has deleted it; only an Event tells.

    Control: without the Event, something else has happened.
    """
    evicted, other = (
        IncidentLog(served(events), HEALTHY) for events in ([evicted_event(EVICTION)], [])
    )
    for log in (evicted, other):
        log.update(now)
        log.update(DONE)

    assert taken(evicted) == [f"Pod ns/p was evicted: {EVICTION.rstrip('.')}"]
    assert not any("evicted" in text for text in taken(other))
