"""Which Pod a rollout awaits, and what becomes of it, given states that a watch may report."""

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.watch import Watch
from pytest_podshare.pods.rollout import Rollout, wait_until_ready
from pytest_podshare.pods.start_failures import StartFailures
from pytest_podshare.wiring.manifest import load
from tests.support.fake_clock import FakeClock
from tests.support.fake_events import FakeEvents
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
    """Return a workload whose Pods have a label."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": SPEC}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def owned_by(kind, name="web"):
    """Return the owner reference that a controller adds to its Pods."""
    return [{"kind": kind, "name": name, "controller": True}]


def pod(name, uid, *, ready=False, labels=None, owners=None, **metadata):
    """Return a Pod as the API server has it."""
    condition = {"type": "Ready", "status": str(ready)}
    own = {"name": name, "uid": uid, "resourceVersion": "1", **metadata}
    own["ownerReferences"] = owned_by("ReplicaSet", "web-1a2b") if owners is None else owners
    return {
        "metadata": {**own, "labels": {"app": "web"} if labels is None else labels},
        "status": {"phase": "Running" if ready else "Pending", "conditions": [condition]},
    }


def objects(*pods):
    """Return Pods by name, as a watch reports them."""
    return {live["metadata"]["name"]: live for live in pods}


def update(rollout, now):
    """Update a rollout, and return whether its Pod is ready."""
    return rollout.update(now, StartFailures(rollout.api, "ns", Deadline(60, FakeClock())))


@pytest.fixture
def server():
    """Return an API server that has Events, none at first."""
    return FakeEvents()


@pytest.fixture
def start(server):
    """Return a function that starts the rollout of a manifest."""

    def create_and_start(manifest):
        rollout = Rollout(server, "ns", None, load(manifest), lambda: pod("web", "uid-1"))
        rollout.start()
        return rollout

    return create_and_start


def test_a_bare_pod_is_awaited_until_it_is_ready(start):
    """Another Pod that is ready is not taken for it."""
    rollout = start(BARE)

    assert not update(rollout, objects(pod("web", "uid-1"), pod("other", "uid-2", ready=True)))
    assert update(rollout, objects(pod("web", "uid-1", ready=True)))
    assert rollout.live["metadata"]["uid"] == "uid-1"


@pytest.mark.parametrize("now", [objects(), objects(pod("web", "uid-2", ready=True))])
def test_a_deleted_pod_is_not_awaited(start, now):
    """Neither is another Pod of its name."""
    with pytest.raises(errors.PodGone, match="Pod web was deleted before it was ready"):
        update(start(BARE), now)


def test_a_pod_that_still_exists_is_awaited_whatever_the_watch_reports(start):
    """As when the watch is behind, and reports the deletion of an earlier Pod of that name."""
    rollout = start(BARE)
    rollout.api.objects["/api/v1/namespaces/ns/pods/web"] = pod("web", "uid-1", ready=True)

    assert update(rollout, objects())
    assert update(rollout, objects(pod("web", "uid-0")))


@pytest.mark.parametrize("other", [None, "uid-2"])
def test_what_was_reported_last_about_a_pod_that_is_gone_is_in_the_error(start, other):
    """It may say who has deleted the Pod; another one may have its name."""
    rollout = start(BARE)
    rollout.api.add("TaintManagerEviction", "Marking for deletion Pod ns/web", type="Normal")
    if other:
        rollout.api.objects["/api/v1/namespaces/ns/pods/web"] = pod("web", other, ready=True)

    with pytest.raises(errors.PodGone) as caught:
        update(rollout, objects())

    assert caught.value.what == (
        "Pod web was deleted before it was ready."
        " The last event: TaintManagerEviction: Marking for deletion Pod ns/web."
    )


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_evicted_pod_is_not_ready(server, start, is_gone):
    """Its containers have handled SIGTERM, so it ends as one that has done its work.

    Control: without the Event, it has.
    """
    done = pod("web", "uid-1")
    done["status"]["phase"] = "Succeeded"
    assert update(start(BARE), objects(done))

    message = 'Usage of EmptyDir volume "v" exceeds the limit "1Mi".'
    server.add("Evicted", message, source={"component": "kubelet"})

    with pytest.raises(errors.PodGone, match="Pod web was evicted: Usage of EmptyDir volume"):
        update(start(BARE), objects(*([] if is_gone else [done])))


def test_a_suspended_job_is_said_to_be_suspended(start):
    """It creates no Pod until something resumes it. Control: a Job that is not suspended."""
    suspended = {**JOB, "spec": {**JOB["spec"], "suspend": True}}

    with pytest.raises(errors.PodNotReady, match="Job web is suspended, and created no Pod"):
        start(suspended).result(Deadline(0))
    with pytest.raises(errors.PodNotReady, match="Job web created no Pod within"):
        start(JOB).result(Deadline(0))


def test_siblings_share_the_replacements_of_their_pods(start):
    """Each new Pod replaces the Pod of one of them; a Pod that another one awaits is not lost."""
    first = start(workload("Deployment"))
    old = [pod("web-1", "uid-1", ready=True), pod("web-2", "uid-2", ready=True)]
    assert update(first, objects(*old))
    second = first.for_replica(old[1])
    new = [pod("web-3", "uid-3", ready=True), pod("web-4", "uid-4", ready=True)]

    second.start()
    assert not update(second, objects(*old))
    assert update(second, objects(*new))
    first.start()
    assert update(first, objects(*new))

    assert {first.live["metadata"]["uid"], second.live["metadata"]["uid"]} == {"uid-3", "uid-4"}
    second.start()
    assert not update(second, objects(*new))


def test_the_replacement_of_a_stateful_replica_has_its_name(start):
    """However many others are new."""
    first = start(workload("StatefulSet"))
    owners = owned_by("StatefulSet", "web")
    old = [pod(f"web-{index}", f"uid-{index}", ready=True, owners=owners) for index in (0, 1)]
    assert update(first, objects(*old))
    second = first.for_replica(old[1])
    new = [pod(f"web-{index}", f"new-{index}", ready=True, owners=owners) for index in (0, 1)]

    second.start()
    assert update(second, objects(*new))
    first.start()
    assert update(first, objects(*new))

    assert [rollout.live["metadata"]["name"] for rollout in (first, second)] == ["web-0", "web-1"]


def test_a_pod_that_is_no_longer_ready_is_awaited_again(start):
    """It may fail while the Pods of other rollouts start."""
    rollout = start(BARE)

    assert update(rollout, objects(pod("web", "uid-1", ready=True)))
    assert not update(rollout, objects(pod("web", "uid-1")))


def test_the_pod_of_a_controller_is_found_by_the_labels_of_its_template(start):
    """A Pod that is being deleted is not taken for it, nor is one with other labels."""
    rollout = start(workload("Deployment"))
    terminating = pod("web-0", "uid-0", deletionTimestamp="now")

    assert not update(rollout, objects(terminating, pod("web", "uid-9", labels={"app": "other"})))
    assert rollout.live is None
    assert update(rollout, objects(terminating, pod("web-1", "uid-1", ready=True)))
    assert rollout.live["metadata"]["uid"] == "uid-1"


def test_the_pod_of_a_job_is_found_without_any_label(start):
    """Neither a bare Pod nor a Pod of another controller is taken for it."""
    rollout = start(JOB)
    others = [
        pod("bare", "uid-8", ready=True, owners=[]),
        pod("other", "uid-9", ready=True, owners=owned_by("Job", "other")),
        pod("replica", "uid-7", ready=True),
    ]

    assert not update(rollout, objects(*others))
    assert rollout.live is None
    of_job = pod("web-x", "uid-1", ready=True, owners=owned_by("Job"))
    assert update(rollout, objects(*others, of_job))


def test_an_existing_replica_is_not_a_replacement(start):
    """Even if it comes first in the list."""
    rollout = start(workload("Deployment"))
    replicas = [pod("web-0", "uid-0"), pod("web-2", "uid-2", ready=True)]
    update(rollout, objects(pod("web-1", "uid-1", ready=True), *replicas))

    rollout.start()

    assert not update(rollout, objects(*replicas))
    assert update(rollout, objects(*replicas, pod("web-3", "uid-3", ready=True)))
    assert rollout.live["metadata"]["uid"] == "uid-3"


def test_the_replacement_of_a_stateful_sets_pod_has_the_same_name(start):
    """Another new replica is not taken for it."""
    rollout, owners = start(workload("StatefulSet")), owned_by("StatefulSet")
    update(rollout, objects(pod("web-0", "uid-0", ready=True, owners=owners)))

    rollout.start()

    assert not update(rollout, objects(pod("web-1", "uid-1", ready=True, owners=owners)))
    assert update(rollout, objects(pod("web-0", "uid-2", ready=True, owners=owners)))


def test_a_controller_that_creates_no_pod_is_named(start):
    """The remedy is the command that shows why."""
    rollout = start(workload("Deployment"))

    with pytest.raises(errors.PodNotReady) as caught:
        rollout.result(Deadline(3))

    assert str(caught.value) == (
        "Deployment web created no Pod within 3 s.\n"
        "Check its events: kubectl describe --namespace ns Deployment web"
    )


def test_of_several_pods_the_one_that_is_not_ready_is_named():
    """The others are known to be ready."""
    clock = FakeClock()
    pods = FakePods([], clock)
    pods.pods = objects(pod("a", "uid-a", ready=True), pod("b", "uid-b"))
    with Watch(pods, "/pods") as watch:
        rollouts = []
        for name in ("a", "b"):
            manifest = load({**BARE, "metadata": {"name": name}})
            created = pod(name, f"uid-{name}")
            rollout = Rollout(FakeEvents(), "ns", watch, manifest, lambda created=created: created)
            rollout.start()
            rollouts.append(rollout)

        with pytest.raises(errors.PodNotReady, match="Pod b was not ready within 5 s: phase Pend"):
            wait_until_ready(rollouts, watch, Deadline(5, clock))

    assert [rollout.is_ready for rollout in rollouts] == [True, False]
    assert clock.now == 5


class BusyNode:
    """A watch of a Pod that has no node until some time has passed."""

    def __init__(self, clock, message, passes_after):
        self.clock, self.message = clock, message
        self.passes_after = passes_after

    def wait_until(self, satisfied, deadline, *, known, interval):
        """Report the Pod at each interval."""
        while True:
            now = objects(self.pod(known))
            if satisfied(now) or deadline.over:
                return now
            self.clock.sleep(min(interval, deadline.left))

    def pod(self, known):
        """Return the Pod as it is now."""
        (live,) = known
        condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": self.message}
        pending = {**live, "status": {"phase": "Pending", "conditions": [condition]}}
        return pending if self.clock.now < self.passes_after else pod("web", "uid-1", ready=True)


NO_LABEL = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
PASSING = [
    "0/2 nodes are available: 2 node(s) had untolerated taint(s).",
    '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
    "1 No preemption victims found for incoming pod.",
]


@pytest.mark.parametrize("message", PASSING)
def test_a_pod_is_awaited_as_long_as_a_node_may_take_it(start, message):
    """A minute later, its claim exists, or the node is free."""
    clock, rollout = FakeClock(), start(BARE)

    wait_until_ready([rollout], BusyNode(clock, message, 60), Deadline(120, clock))

    assert rollout.is_ready
    assert clock.now == 60


@pytest.mark.parametrize("message", PASSING)
def test_a_pod_that_no_node_takes_in_time_is_unschedulable(start, message):
    """The error has the scheduler's words, and comes at the deadline."""
    clock, rollout = FakeClock(), start(BARE)

    with pytest.raises(errors.PodUnschedulable) as caught:
        wait_until_ready([rollout], BusyNode(clock, message, 200), Deadline(120, clock))

    assert caught.value.what == f"Pod web was not scheduled within 120 s: {message}"
    assert clock.now == 120


@pytest.mark.parametrize("passes_after", [10, 50])
def test_a_pod_that_no_node_will_take_is_unschedulable_early(start, passes_after):
    """Unless a node with the labels comes within the time that an autoscaler needs."""
    clock, rollout = FakeClock(), start(BARE)
    watch = BusyNode(clock, NO_LABEL, passes_after)

    if passes_after == 10:
        wait_until_ready([rollout], watch, Deadline(120, clock))
        assert rollout.is_ready
    else:
        with pytest.raises(errors.PodUnschedulable, match="Pod web cannot be scheduled: 0/1 nodes"):
            wait_until_ready([rollout], watch, Deadline(120, clock))
        assert clock.now == 16


def test_a_pod_is_awaited_if_an_autoscaler_adds_a_node(start):
    """The autoscaler says so in an Event, and the node may take minutes."""
    clock, rollout = FakeClock(), start(BARE)
    rollout.api.add("TriggeredScaleUp", "pod triggered scale-up", type="Normal")

    wait_until_ready([rollout], BusyNode(clock, NO_LABEL, 90), Deadline(120, clock))

    assert rollout.is_ready
    assert clock.now == 90


def test_the_error_is_certain_when_no_time_is_left(start):
    """With less time than a state must last."""
    clock, rollout = FakeClock(), start(BARE)

    with pytest.raises(errors.PodUnschedulable, match="was not scheduled within 5 s: 0/1 nodes"):
        wait_until_ready([rollout], BusyNode(clock, NO_LABEL, 90), Deadline(5, clock))
