"""Why a check ended in an error, according to an API server of the test's own."""

import dataclasses
import time

import pytest

from pytest_podshare import errors
from pytest_podshare.diagnosis import diagnose, facts
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load
from tests.support import offline_pods
from tests.support.fake_api import FakeApi
from tests.support.kubelet_events import evicted_event

MANIFEST = """
kind: Pod
apiVersion: v1
metadata: {name: p, labels: {app: web}}
spec: {containers: [{name: app, image: busybox}]}
"""
PODS, EVENTS = "/api/v1/namespaces/ns/pods", "/api/v1/namespaces/ns/events"
EVICTION = 'Usage of EmptyDir volume "work" exceeds the limit "1Mi".'
GONE = errors.PodGone("Pod p was deleted.", "Find out what deleted it.")
EVICTED = errors.PodGone(f"Pod p was evicted: {EVICTION}", "Raise the limit.", eviction=EVICTION)


@pytest.fixture
def server():
    """Start an API server without any Pod."""
    return FakeApi()


@pytest.fixture
def pod(server, tmp_path):
    """Return the handle of a Pod; the test decides what the API server knows about it."""
    source = load(MANIFEST)
    with server.cluster(tmp_path) as cluster:
        live = offline_pods.live_pod(source.pod["spec"], api=cluster.api)
        live.raw["metadata"]["labels"] = source.pod["metadata"]["labels"]
        yield Pod(live, manifest=source, replacement=dict)


def raw(*, uid="u", status=None, **metadata):
    """Return a Pod as the API server returns it."""
    return {"metadata": {"name": "p", "uid": uid, **metadata}, "status": status or {}}


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "least"), [(1, 0.1), (10, 1.0)])
def test_a_slow_machine_has_more_time(server, pod, monkeypatch, factor, least):
    """--podshare-timeout-factor multiplies the time of an explanation."""
    server.silent.add(f"{PODS}/p")
    monkeypatch.setitem(facts.gather.__kwdefaults__, "timeout", 0.1)
    scaled = dataclasses.replace(pod.live, timeouts=pod.live.timeouts.scale(factor))
    slow = Pod(scaled, manifest=pod.manifest, replacement=dict)
    start = time.monotonic()

    assert diagnose.raised_error(slow, GONE).kind == "API server unreachable"
    assert time.monotonic() - start >= least


BY_LIMIT = "the kubelet evicted the Pod because volume work exceeded its sizeLimit of 1Mi"
BY_STATUS = raw(status={"phase": "Failed", "reason": "Evicted", "message": EVICTION})
# the containers have handled SIGTERM
BY_EVENT = raw(status={"phase": "Succeeded"})
GONE_SINCE = raw(uid="other")


@pytest.mark.parametrize(("error", "text"), [(EVICTED, BY_LIMIT), (GONE, EVICTION)])
@pytest.mark.parametrize("now", [BY_STATUS, BY_EVENT, GONE_SINCE, None])
def test_an_eviction_is_quoted_once(server, pod, now, error, text):
    """The kubelet's message is either in the error or in the cause, and needs no status."""
    if now is not None:
        server.answers[f"{PODS}/p"] = (200, now)
    if now is not BY_STATUS:
        server.answers[EVENTS] = (200, {"items": [evicted_event(EVICTION)]})

    cause = diagnose.raised_error(pod, error)

    assert (cause.kind, cause.text) == ("evicted", text)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (raw(uid="other"), "replaced", "another Pod now has the name p (UID other)"),
        (raw(deletionTimestamp="T"), "deleted", "Pod p has been terminating since T"),
    ],
)
def test_a_pod_that_is_not_the_same_any_more_explains_the_error(server, pod, answer, kind, text):
    """The API server still has a Pod of that name."""
    server.answers[f"{PODS}/p"] = (200, answer)

    cause = diagnose.raised_error(pod, GONE)

    assert (cause.kind, cause.text) == (kind, text)


@pytest.mark.parametrize(
    ("others", "kind", "text"),
    [
        ([], "deleted", "Pod p no longer exists, and no Pod replaced it"),
        ([raw(uid="other", name="q")], "replaced", "Pod p no longer exists; q replaced it"),
    ],
)
def test_a_deleted_pod_may_have_a_replacement(server, pod, others, kind, text):
    """The replacement has the same labels and another name."""
    server.answers[PODS] = (200, {"items": others})

    cause = diagnose.raised_error(pod, GONE)

    assert (cause.kind, cause.text) == (kind, text)
    assert server.requests[-1] == (PODS, {"labelSelector": "app=web"})


def test_an_error_that_says_everything_has_no_cause(pod):
    """The API server is not asked about it."""
    assert diagnose.raised_error(pod, errors.DeployRejected("rejected", "Fix it.")) is None
