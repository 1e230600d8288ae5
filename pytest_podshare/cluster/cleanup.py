"""What runs have left on a cluster: found by their stamps, and removed if nobody uses it.

Only what carries a label of ours is looked at, and only what its stamp lets go is touched.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.ownership import CORDON_LABEL, RUN_LABEL, Disposition, Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import resources
from pytest_podshare.kube.client import Api, pod_path

NAMESPACES, NODES = "/api/v1/namespaces", "/api/v1/nodes"
# seconds after which what does not go is told of
_SLOW = 60.0
# seconds that the containers of a namespace get to end
_GRACE = 1
# seconds of a run's beginning that may go by for others' objects of a sort
_MOMENT = 2.0
_CONFLICT = 409

Judge = Callable[[Ownership], Disposition]


@dataclasses.dataclass(frozen=True)
class Leftover:
    """An object of ours that is on a cluster.

    Args:
        what: its kind and name, `namespace podshare-1a2b`; of a node, its cordon.
        path: where the API server has it.
        live: the object.
        fate: what is to become of it.
    """

    what: str
    path: str
    live: dict[str, Any]
    fate: Disposition

    @property
    def run(self) -> str:
        """The run that made it."""
        labels: dict[str, str] = self.live["metadata"]["labels"]
        return labels[CORDON_LABEL if self.is_node else RUN_LABEL]

    @property
    def is_going(self) -> bool:
        """Whether its deletion has begun."""
        return "deletionTimestamp" in self.live["metadata"]

    def is_stuck(self, now: float) -> bool:
        """Whether it should have gone long ago; most go within ten seconds."""
        asked = ownership.moment(self.live["metadata"].get("deletionTimestamp", ""))
        return asked is not None and asked + _SLOW < now

    @property
    def is_namespace(self) -> bool:
        """Whether it is a namespace, and goes with all that is in it."""
        return self.path == f"{NAMESPACES}/{self.live['metadata']['name']}"

    @property
    def is_node(self) -> bool:
        """Whether it is a node that was cordoned, which goes back to work."""
        return self.path.startswith(f"{NODES}/")

    def remove(self, api: Api) -> None:
        """Have it deleted, or let a node take Pods again; what is gone already is done.

        Raises:
            ApiError: the API server refuses.
            ClusterUnreachable: it does not answer.
        """
        with _done_if(404, _CONFLICT):
            if self.is_node:
                self._uncordon(api)
                return
            told = self.live["metadata"]
            # one that is extended meanwhile has another version, and stays
            same = {"uid": told["uid"], "resourceVersion": told["resourceVersion"]}
            if not self.is_going:
                api.delete(self.path, preconditions=same, propagationPolicy="Background")
            if self.is_namespace:
                api.delete(pod_path(told["name"]), gracePeriodSeconds=_GRACE)

    def _uncordon(self, api: Api) -> None:
        """Let the node take Pods again, unless a drain has cordoned it anew meanwhile."""
        live, mine = self.live, Ownership.read(self.live["metadata"], CORDON_LABEL)
        while Ownership.read(live["metadata"], CORDON_LABEL) == mine:
            version = {"resourceVersion": live["metadata"]["resourceVersion"]}
            metadata = {**UNCORDON["metadata"], **version}
            try:
                api.patch(self.path, {**UNCORDON, "metadata": metadata})
            except errors.ApiError as error:
                if error.status != _CONFLICT:
                    raise
            else:
                return
            # the kubelet tells of its node now and then
            live = api.get(self.path)

    def held_by(self, api: Api) -> str | None:
        """What keeps it from going, in the API server's words; None if it is gone."""
        try:
            live = api.get(self.path)
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise
        if self.is_node or live["metadata"]["uid"] != self.live["metadata"]["uid"]:
            return None
        return holds(live)


# a merge patch that takes back the mark of a cordon, and the stamp that tells whose it was
UNCORDON: dict[str, Any] = {
    "metadata": {
        "labels": {CORDON_LABEL: None},
        "annotations": dict.fromkeys(
            (ownership.OWNER, ownership.PROCESS, ownership.EXPIRES, ownership.KEPT)
        ),
    },
    "spec": {"unschedulable": None},
}


@dataclasses.dataclass(frozen=True)
class SweepResult:
    """What a run found of those before it.

    Args:
        removed: what was asked to go, each by its kind and name.
        stuck: what had been asked before and cannot go, each with what holds it.
    """

    removed: tuple[str, ...]
    stuck: tuple[str, ...]


def sweep(api: Api, now: float, given: str | None = None) -> SweepResult:
    """Have removed what killed runs left, as the next run does; two requests if there is nothing.

    What takes longer than a moment is left to the run after it, and what may not be asked for, or
    is not answered, to `podshare clean`; never raises.

    Args:
        api: the cluster's connection.
        now: the time of day.
        given: the namespace of somebody's that the run works in, if it does.
    """
    removed: list[str] = []
    stuck: list[str] = []

    def judge(its: Ownership) -> Disposition:
        return its.fate(now)

    looks: list[Callable[[Api, Judge], tuple[Leftover, ...]]] = [nodes, namespaces, cluster_scoped]
    if given:
        looks.insert(0, functools.partial(_of_pods, namespace=given))
    for look in looks:
        if look is cluster_scoped and not removed:
            # what lives in no namespace is left together with one
            break
        with contextlib.suppress(errors.PodshareError):
            found = [each for each in look(api, judge) if each.fate.goes]
            # from here on: where looking takes long, something is removed all the same
            deadline = Deadline(_MOMENT)
            for each in found:
                if each.is_stuck(now):
                    stuck.append(f"{each.what}, held by: {holds(each.live)}")
                elif not each.is_going and not deadline.over:
                    each.remove(api)
                    removed.append(each.what)
    return SweepResult(tuple(removed), tuple(stuck))


def namespaces(api: Api, judge: Judge) -> tuple[Leftover, ...]:
    """The namespaces of runs."""
    listed = api.get(NAMESPACES, labelSelector=RUN_LABEL)["items"]
    return tuple(_judged(NAMESPACES, "namespace", listed, judge))


def nodes(api: Api, judge: Judge) -> tuple[Leftover, ...]:
    """The nodes that runs have cordoned."""
    listed = api.get(NODES, labelSelector=CORDON_LABEL)["items"]
    return tuple(_judged(NODES, "cordon of node", listed, judge, CORDON_LABEL))


def cluster_scoped(api: Api, judge: Judge) -> tuple[Leftover, ...]:
    """The objects of runs that live in no namespace: a StorageClass, a PersistentVolume.

    They go with the last namespace of their run.
    """
    staying = {each.run for each in namespaces(api, judge) if not each.fate.goes}

    def with_its_namespace(its: Ownership) -> Disposition:
        if its.run in staying:
            return Disposition(False, f"run {its.run} of {its.owner} has a namespace that stays")
        return judge(its)

    kinds = (each for each in resources.list_types(api) if each.path not in (NAMESPACES, NODES))
    return tuple(_of(api, with_its_namespace, kinds))


def within(api: Api, judge: Judge, namespace: str) -> tuple[Leftover, ...]:
    """The objects of runs in a namespace that is somebody's; those of a controller go with it."""
    return tuple(_of(api, judge, resources.list_types(api, namespace)))


def _of_pods(api: Api, judge: Judge, namespace: str) -> tuple[Leftover, ...]:
    """The same, if there is a Pod among them: that costs one request if there is nothing."""
    pods = api.get(pod_path(namespace), labelSelector=RUN_LABEL)["items"]
    left = any(each.fate.goes for each in _judged(pod_path(namespace), "pod", pods, judge))
    return within(api, judge, namespace) if left else ()


def gone(api: Api, removed: Iterable[Leftover], deadline: Deadline) -> dict[str, str]:
    """Wait until they are gone.

    Returns:
        What is still there when the deadline is over, each with what holds it.
    """
    left = tuple(removed)

    def look() -> dict[str, str]:
        nonlocal left
        held = [(each, why) for each in left if (why := each.held_by(api)) is not None]
        left = tuple(each for each, _ in held)
        return {each.what: why for each, why in held}

    return poll(look, until=lambda held: not held, deadline=deadline, first=0.05, most=0.5)


def holds(live: dict[str, Any]) -> str:
    """What keeps an object from going that is being deleted: its finalizers, or its content's."""
    told = [
        each["message"]
        for each in live.get("status", {}).get("conditions") or ()
        if each["status"] == "True" and each["type"].startswith("Namespace")
    ]
    finalizers = live["metadata"].get("finalizers")
    if not told and finalizers:
        told = [f"finalizers: {', '.join(finalizers)}"]
    return " ".join(told) or "nothing that it tells of"


def _of(api: Api, judge: Judge, kinds: Iterable[resources.ResourceType]) -> Iterator[Leftover]:
    for kind in kinds:
        with contextlib.suppress(errors.ApiError):  # what may not be listed was not made either
            listed = api.get(kind.path, labelSelector=RUN_LABEL)["items"]
            alone = [each for each in listed if not each["metadata"].get("ownerReferences")]
            yield from _judged(kind.path, kind.kind.lower(), alone, judge)


def _judged(
    root: str, kind: str, listed: list[dict[str, Any]], judge: Judge, label: str = RUN_LABEL
) -> Iterator[Leftover]:
    for live in listed:
        its, name = Ownership.read(live["metadata"], label), live["metadata"]["name"]
        if its is not None:
            yield Leftover(f"{kind} {name}", f"{root}/{name}", live, judge(its))


@contextlib.contextmanager
def _done_if(*statuses: int) -> Iterator[None]:
    try:
        yield
    except errors.ApiError as error:
        if error.status not in statuses:
            raise
