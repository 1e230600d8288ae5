"""Find what earlier runs have left on a cluster, and remove what is no longer in use.

Lists only objects that have podshare's labels.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator

from pytest_podshare import errors
from pytest_podshare.cluster.leftover import NAMESPACES, NODES, Leftover, deletion_blocker
from pytest_podshare.cluster.ownership import CORDON_LABEL, RUN_LABEL, Disposition, Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import resources
from pytest_podshare.kube.client import Api, pod_path

# seconds that a sweep spends on removing leftovers of one sort
_SWEEP_TIME = 2.0

Policy = Callable[[Ownership], Disposition]


@dataclasses.dataclass(frozen=True)
class SweepResult:
    """The leftovers that a sweep found.

    Args:
        removed: the title of each object that it removed.
        stuck: the title of each object whose deletion is stuck, with what blocks it.
    """

    removed: tuple[str, ...]
    stuck: tuple[str, ...]


def sweep(api: Api, now: float, shared_namespace: str | None = None) -> SweepResult:
    """Remove what killed runs have left, at the start of a run; never raise.

    Sends two requests if there is nothing. Leaves to the next run what takes too long, and to
    `podshare clean` what the account may not list.

    Args:
        api: the connection to the cluster.
        now: the current time, in seconds since the epoch.
        shared_namespace: the existing namespace that the run works in, if it does.
    """
    removed: list[str] = []
    stuck: list[str] = []

    policy = functools.partial(Ownership.disposition, now=now)
    finders: list[Callable[[Api, Policy], tuple[Leftover, ...]]]
    finders = [find_nodes, find_namespaces, find_cluster_scoped]
    if shared_namespace:
        finders.insert(0, functools.partial(_find_if_pods, namespace=shared_namespace))
    for find in finders:
        if find is find_cluster_scoped and not removed:
            # a killed run leaves cluster-scoped objects only together with a namespace
            break
        with contextlib.suppress(errors.PodshareError):
            leftovers = [found for found in find(api, policy) if found.disposition.removable]
            # starts here, so that something is removed even where listing is slow
            deadline = Deadline(_SWEEP_TIME)
            for leftover in leftovers:
                if leftover.is_stuck(now):
                    blocker = deletion_blocker(leftover.live)
                    stuck.append(f"{leftover.title}, blocked by: {blocker}")
                elif not leftover.is_terminating and not deadline.over:
                    leftover.remove(api)
                    removed.append(leftover.title)
    return SweepResult(tuple(removed), tuple(stuck))


def find_namespaces(api: Api, policy: Policy) -> tuple[Leftover, ...]:
    """Return the namespaces that runs have created."""
    return tuple(_list(api, policy, NAMESPACES, "namespace"))


def find_nodes(api: Api, policy: Policy) -> tuple[Leftover, ...]:
    """Return the nodes that runs have cordoned."""
    return tuple(_list(api, policy, NODES, "cordon of node", CORDON_LABEL))


def find_cluster_scoped(api: Api, policy: Policy) -> tuple[Leftover, ...]:
    """Return the other objects without a namespace, such as StorageClasses.

    They become removable with the last namespace of their run.
    """
    namespaces = find_namespaces(api, policy)
    staying_runs = {found.ownership.run for found in namespaces if not found.disposition.removable}

    def policy_with_namespace(ownership: Ownership) -> Disposition:
        if ownership.run in staying_runs:
            reason = f"run {ownership.run} of {ownership.owner} still has a namespace"
            return Disposition(False, reason)
        return policy(ownership)

    kinds = (kind for kind in resources.list_types(api) if kind.path not in (NAMESPACES, NODES))
    return tuple(_list_kinds(api, policy_with_namespace, kinds))


def find_in_namespace(api: Api, policy: Policy, namespace: str) -> tuple[Leftover, ...]:
    """Return the objects of runs in an existing namespace, except those that a controller owns."""
    return tuple(_list_kinds(api, policy, resources.list_types(api, namespace)))


def _find_if_pods(api: Api, policy: Policy, namespace: str) -> tuple[Leftover, ...]:
    """Return what `find_in_namespace` returns if a Pod is removable, else nothing: one request."""
    pods = _list(api, policy, pod_path(namespace), "pod")
    any_removable = any(pod.disposition.removable for pod in pods)
    return find_in_namespace(api, policy, namespace) if any_removable else ()


def wait_until_removed(
    api: Api, leftovers: Iterable[Leftover], deadline: Deadline
) -> dict[str, str]:
    """Wait until the objects are deleted.

    Returns:
        The title of each object that remains, with what blocks its deletion.
    """
    remaining = tuple(leftovers)

    def read_blockers() -> dict[str, str]:
        nonlocal remaining
        blockers = [(leftover, leftover.read_blocker(api)) for leftover in remaining]
        remaining = tuple(leftover for leftover, blocker in blockers if blocker is not None)
        return {leftover.title: blocker for leftover, blocker in blockers if blocker is not None}

    return poll(read_blockers, until=lambda found: not found, deadline=deadline, first=0.05)


def _list_kinds(
    api: Api, policy: Policy, kinds: Iterable[resources.ResourceType]
) -> Iterator[Leftover]:
    for kind in kinds:
        # an account that may not list a kind has not created objects of it either
        with contextlib.suppress(errors.ApiError):
            for leftover in _list(api, policy, kind.path, kind.kind.lower()):
                if not leftover.live["metadata"].get("ownerReferences"):
                    yield leftover


def _list(
    api: Api, policy: Policy, collection: str, kind: str, label: str = RUN_LABEL
) -> Iterator[Leftover]:
    for live in api.get(collection, labelSelector=label)["items"]:
        ownership, name = Ownership.read(live["metadata"], label), live["metadata"]["name"]
        if ownership is not None:
            path = f"{collection}/{name}"
            yield Leftover(f"{kind} {name}", path, live, ownership, policy(ownership))
