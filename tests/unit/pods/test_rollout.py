"""Which Pod is waited for, and what becomes of it: from states that a watch might have seen."""

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.watch import Watch
from pytest_podshare.pods.rollout import Rollout, wait_until_ready
from pytest_podshare.wiring.manifest import load
from tests.support.fake_clock import FakeClock
from tests.support.fake_pods import FakePods

SPEC = {"containers": [{"name": "c1", "image": "busybox"}]}
BARE = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": SPEC}

JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "web"},
    "spec": {"template": {"spec": {**SPEC, "restartPolicy": "Never"}}},
}


def workload(kind):
    """One that makes Pods with a label."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": SPEC}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def owned(kind, name="web"):
    """What a controller writes into its Pods."""
    return [{"kind": kind, "name": name, "controller": True}]


def pod(name, uid, *, ready=False, labels=None, owners=None, **metadata):
    """One as the API server has it."""
    condition = {"type": "Ready", "status": str(ready)}
    own = {"name": name, "uid": uid, "resourceVersion": "1", **metadata}
    own["ownerReferences"] = owned("ReplicaSet", "web-1a2b") if owners is None else owners
    return {
        "metadata": {**own, "labels": {"app": "web"} if labels is None else labels},
        "status": {"phase": "Running" if ready else "Pending", "conditions": [condition]},
    }


def seen(*pods):
    """What a watch has seen."""
    return {each["metadata"]["name"]: each for each in pods}


@pytest.fixture
def arrival():
    """A function that begins to wait for the Pod of a manifest."""

    def begin(manifest, make=lambda: pod("web", "uid-1")):
        made = Rollout(None, "ns", None, load(manifest), make)
        made.begin()
        return made

    return begin


def test_a_bare_pod_is_ready_when_it_is(arrival):
    """And stays the one that is waited for until then."""
    it = arrival(BARE)

    assert not it.look(seen(pod("web", "uid-1"), pod("other", "uid-2", ready=True)))
    assert it.look(seen(pod("web", "uid-1", ready=True)))
    assert it.live["metadata"]["uid"] == "uid-1"


@pytest.mark.parametrize("now", [seen(), seen(pod("web", "uid-2", ready=True))])
def test_a_pod_that_is_gone_or_another_is_not_waited_for(arrival, now):
    """A name is not a Pod."""
    with pytest.raises(errors.PodGone, match="Pod web was deleted before it was ready"):
        arrival(BARE).look(now)


def test_a_pod_that_is_no_longer_ready_is_waited_for_again(arrival):
    """While others start, one that was ready first may fail."""
    it = arrival(BARE)

    assert it.look(seen(pod("web", "uid-1", ready=True)))
    assert not it.look(seen(pod("web", "uid-1")))


def test_a_controllers_pod_is_found_by_the_templates_labels(arrival):
    """Not one that is about to go, nor one of somebody else."""
    it = arrival(workload("Deployment"))
    going = pod("web-0", "uid-0", deletionTimestamp="now")

    assert not it.look(seen(going, pod("web", "uid-9", labels={"app": "other"})))
    assert it.live is None
    assert it.look(seen(going, pod("web-1", "uid-1", ready=True)))
    assert it.live["metadata"]["uid"] == "uid-1"


def test_a_job_knows_its_pod_without_any_label(arrival):
    """Neither a bare Pod nor another Job's is taken for it."""
    it = arrival(JOB)
    others = [
        pod("bare", "uid-8", ready=True, owners=[]),
        pod("other", "uid-9", ready=True, owners=owned("Job", "other")),
        pod("replica", "uid-7", ready=True),
    ]

    assert not it.look(seen(*others))
    assert it.live is None
    assert it.look(seen(*others, pod("web-x", "uid-1", ready=True, owners=owned("Job"))))


def test_a_replacement_is_none_of_the_replicas_that_were_there(arrival):
    """Not even when they come before it in the list."""
    it = arrival(workload("Deployment"))
    beside = [pod("web-0", "uid-0"), pod("web-2", "uid-2", ready=True)]
    it.look(seen(pod("web-1", "uid-1", ready=True), *beside))

    it.begin()

    assert not it.look(seen(*beside))
    assert it.look(seen(*beside, pod("web-3", "uid-3", ready=True)))
    assert it.live["metadata"]["uid"] == "uid-3"


def test_a_stateful_sets_replacement_has_the_same_name(arrival):
    """Another replica may come first, and is not it."""
    it, owners = arrival(workload("StatefulSet")), owned("StatefulSet")
    it.look(seen(pod("web-0", "uid-0", ready=True, owners=owners)))

    it.begin()

    assert not it.look(seen(pod("web-1", "uid-1", ready=True, owners=owners)))
    assert it.look(seen(pod("web-0", "uid-2", ready=True, owners=owners)))


def test_a_controller_that_makes_none_is_named(arrival):
    """With the command that shows why."""
    it = arrival(workload("Deployment"))

    with pytest.raises(errors.PodNotReady) as caught:
        it.arrived(Deadline(3))

    assert str(caught.value) == (
        "Deployment web made no Pod within 3 s.\n"
        "See its events: kubectl describe --namespace ns Deployment web"
    )


def test_of_several_the_one_that_is_late_is_named():
    """The others are ready by then, and known to be."""
    clock = FakeClock()
    pods = FakePods([], clock)
    pods.pods = seen(pod("a", "uid-a", ready=True), pod("b", "uid-b"))
    with Watch(pods, "/pods") as watch:
        arrivals = []
        for name in ("a", "b"):
            manifest = load({**BARE, "metadata": {"name": name}})
            make = {"a": pod("a", "uid-a"), "b": pod("b", "uid-b")}[name]
            it = Rollout(None, "ns", watch, manifest, lambda make=make: make)
            it.begin()
            arrivals.append(it)

        with pytest.raises(errors.PodNotReady, match="Pod b was not ready within 5 s: phase Pend"):
            wait_until_ready(arrivals, watch, Deadline(5, clock))

    assert [each.is_ready for each in arrivals] == [True, False]
    assert clock.now == 5


class Scheduler:
    """A Pod with a taint in its way until that goes, if ever; given as a watch gives it."""

    def __init__(self, clock, goes_after):
        self.clock = clock
        self.goes_after = goes_after

    def wait_until(self, look, deadline, *, known):
        """Look once a second."""
        while True:
            objects = seen(self.pod(known))
            if look(objects) or deadline.over:
                return objects
            self.clock.sleep(min(1, deadline.left))

    def pod(self, known):
        """What it is at this moment."""
        (it,) = known
        message = "0/2 nodes are available: 2 node(s) had untolerated taint(s)."
        why = {"type": "PodScheduled", "reason": "Unschedulable", "message": message}
        waits = {**it, "status": {"phase": "Pending", "conditions": [why]}}
        return waits if self.clock.now < self.goes_after else pod("web", "uid-1", ready=True)


@pytest.mark.parametrize("goes_after", [1, 2])
def test_a_taint_that_goes_with_the_end_of_a_drain_is_no_verdict(arrival, goes_after):
    """The scheduler sees it for a moment after the node is free."""
    clock, it = FakeClock(), arrival(BARE)

    wait_until_ready([it], Scheduler(clock, goes_after), Deadline(60, clock))

    assert it.is_ready
    assert clock.now == goes_after


def test_a_taint_that_stays_is_one(arrival):
    """After a second look, and long before the deadline."""
    clock, it = FakeClock(), arrival(BARE)

    with pytest.raises(errors.PodUnschedulable, match="had untolerated taint"):
        wait_until_ready([it], Scheduler(clock, goes_after=50), Deadline(60, clock))

    assert clock.now == 15
