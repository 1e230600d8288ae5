"""The Pods of a manifest, created here or by a controller, and waiting until they are ready."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_log, evictions, pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.watch import Object, Objects, Watch
from pytest_podshare.pods import not_ready
from pytest_podshare.pods.start_failures import INTERVAL, StartFailures
from pytest_podshare.wiring.manifest import Manifest


@dataclasses.dataclass(eq=False, repr=False)
class Rollout:
    """The Pods of one manifest: the first, and each replacement; one is awaited at a time.

    Args:
        api: the API server.
        namespace: the Pods' namespace.
        watch: the watch of that namespace's Pods.
        manifest: the manifest.
        create: creates the manifest's subject; called again for each replacement of a bare Pod.
    """

    api: Api
    namespace: str
    watch: Watch
    manifest: Manifest
    create: Callable[[], Object]

    def __post_init__(self) -> None:
        # the awaited Pod as last seen; None until its controller has created one
        self.live: Object | None = None
        # UIDs of earlier Pods and of other replicas
        self._known: set[str] = set()
        # whether each replica has a rollout, with which it shares what is known
        self._has_siblings = False
        # whether a Pod has waited until others left room on a node
        self.has_waited_for_room = False
        # the name of the first Pod, which the replacement of a StatefulSet's Pod has as well
        self._name = ""

    def __repr__(self) -> str:
        return f"<Rollout of {self.manifest.origin}: {pod_status.summarize(self.live)}>"

    @property
    def is_ready(self) -> bool:
        """Return whether the awaited Pod exists and is ready."""
        return self.live is not None and pod_status.is_ready(self.live)

    def start(self) -> None:
        """Await a new Pod: create a bare one, or look for one that was not known when ready."""
        self.live = self.create() if self.manifest.is_bare else None

    def wait_for_replacement(self, deadline: Deadline) -> Object:
        """Return the Pod that replaces a deleted one, once it is ready.

        Raises:
            PodError: it does not become ready.
        """
        self.start()
        (live,) = wait_until_ready([self], self.watch, deadline)
        return live

    def update(self, objects: Objects, failures: StartFailures) -> bool:
        """Update the awaited Pod from the watched objects; return whether it is ready.

        Args:
            objects: the watched objects.
            failures: finds out whether the Pod cannot become ready.

        Raises:
            PodError: it cannot become ready.
        """
        self.live = self._same(self.live, objects) if self.live else self._new(objects)
        if self.live is None:
            return False
        self.has_waited_for_room |= pod_status.waits_for_room(self.live)
        if (problem := failures.find(self.live, objects)) is not None:
            raise self._with_log(self._with_line(problem), self.live)
        if pod_status.is_over(self.live):
            self.check_not_evicted(self.live)
        if self.is_ready:
            # a replica that exists already is not a replacement later on, unless of a sibling
            others = () if self._has_siblings else self.controlled_pods(objects)
            pods = (self.live, *others)
            self._known |= {pod["metadata"]["uid"] for pod in pods}
            self._name = self._name or str(self.live["metadata"]["name"])
        return self.is_ready

    def result(self, deadline: Deadline) -> Object:
        """Return the Pod that was awaited until the deadline.

        Raises:
            PodError: it is not ready, or does not exist.
        """
        where = (self.api, self.namespace)
        if self.live is None:
            raise not_ready.not_created(*where, self.manifest.subject, deadline.seconds)
        if not self.is_ready:
            error = not_ready.not_ready(*where, self.live, deadline.seconds)
            raise self._with_log(error, self.live)
        return self.live

    def for_replica(self, live: Object) -> Rollout:
        """Return the rollout of another Pod of the same controller, which is ready.

        From then on, every Pod that is new to all of them replaces the Pod of one of them.
        """
        other = dataclasses.replace(self)
        self._known.add(live["metadata"]["uid"])
        self._has_siblings = other._has_siblings = True
        other.live, other._known, other._name = live, self._known, str(live["metadata"]["name"])
        return other

    def controlled_pods(self, objects: Objects) -> list[Object]:
        """Return the Pods that a controller has created from the manifest; [] for a bare Pod."""
        if self.manifest.is_bare:
            return []
        labels = ((self.manifest.pod.get("metadata") or {}).get("labels") or {}).items()
        return [
            pod
            for pod in objects.values()
            if labels <= (pod["metadata"].get("labels") or {}).items() and self._owns(pod)
        ]

    def check_not_evicted(self, pod: Object) -> None:
        """Raise PodGone if the kubelet has evicted a Pod, whose phase may still be `Succeeded`."""
        uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
        eviction = evictions.find_eviction(self.api, self.namespace, uid, pod)
        if eviction is not None:
            raise evictions.to_error(name, eviction)

    def _new(self, objects: Objects) -> Object | None:
        """Return a Pod that a controller has created and that is not known yet."""
        is_stateful = self.manifest.subject["kind"] == "StatefulSet"
        name = self._name if is_stateful else ""
        for pod in self.controlled_pods(objects):
            metadata = pod["metadata"]
            is_new = metadata["uid"] not in self._known and "deletionTimestamp" not in metadata
            if is_new and metadata["name"] == (name or metadata["name"]):
                return pod
        return None

    def _same(self, before: Object, objects: Objects) -> Object:
        """Return the latest state of a Pod that was seen before.

        Before it counts as gone, the API server is asked, whatever the watch has reported.
        """
        metadata = before["metadata"]
        for find in (objects.get, self._get):
            now = find(metadata["name"])
            if now is not None and now["metadata"]["uid"] == metadata["uid"]:
                return now
        self.check_not_evicted(before)
        raise not_ready.gone(self.api, self.namespace, before)

    def _get(self, name: str) -> Object | None:
        try:
            return self.api.get(pod_path(self.namespace, name))
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise

    def _owns(self, pod: Object) -> bool:
        """Return whether the manifest's subject, or a ReplicaSet of its Deployment, controls a Pod.

        Labels are not enough: a Job's template may have none.
        """
        subject = self.manifest.subject
        name = str((subject.get("metadata") or {}).get("name") or "")
        owners = pod["metadata"].get("ownerReferences") or ()
        owner = next((ref for ref in owners if ref.get("controller")), {"kind": "", "name": ""})
        if subject["kind"] == "Deployment":
            # its ReplicaSets are named after it
            is_named_after = owner["name"].startswith(f"{name}-" if name else "")
            return bool(is_named_after and owner["kind"] == "ReplicaSet")
        return owner["kind"] == subject["kind"] and owner["name"] == (name or owner["name"])

    def _with_line(self, problem: errors.PodError) -> errors.PodError:
        """Return the same error with the line of the volume that cannot be mounted."""
        if not isinstance(problem, errors.MountFailed):
            return problem
        line = self.manifest.find_volume_line(problem.volume)
        if line is None:
            return problem
        at = f"{self.manifest.origin}:{line}"
        remedy = f"{problem.remedy} ({at})"
        return errors.MountFailed(problem.what, remedy, volume=problem.volume, at=at)

    def _with_log(self, problem: errors.PodError, pod: Object) -> errors.PodError:
        """Return the same error with the last log lines of the container that failed."""
        container = pod_status.find_crashed_container(pod)
        if container is None:
            return problem
        return container_log.with_lines(problem, container, self._last_lines(pod, container))

    def _last_lines(self, pod: Object, container: str) -> list[str]:
        """Return a container's last log lines; the previous instance's if this one has none."""
        path = pod_path(self.namespace, pod["metadata"]["name"], "log")
        for previous in ("false", "true"):
            try:
                log = self.api.get_text(
                    path,
                    container=container,
                    previous=previous,
                    tailLines=str(container_log.LAST_LINES),
                )
            except errors.ClusterError:
                continue
            lines = [line for line in log.splitlines() if line.strip()]
            if lines and not log.startswith(container_log.NO_LOG):
                return lines
        return []


def wait_until_ready(rollouts: Sequence[Rollout], watch: Watch, deadline: Deadline) -> list[Object]:
    """Wait until the Pods of several rollouts are ready, and return them.

    Raises:
        PodError: a Pod cannot become ready, or is not ready in time; if several, the first.
    """
    if not rollouts:
        return []
    known = [rollout.live for rollout in rollouts if rollout.live is not None]
    others = [document for rollout in rollouts for document in rollout.manifest.others]
    subjects = [rollout.manifest.subject for rollout in rollouts] if len(rollouts) > 1 else []
    first = rollouts[0]
    failures = StartFailures(first.api, first.namespace, deadline, [*others, *subjects])

    def all_ready(objects: Objects) -> bool:
        # every rollout is updated, even if an earlier one is not ready
        ready = [rollout.update(objects, failures) for rollout in rollouts]
        return all(ready)

    watch.wait_until(all_ready, deadline, known=known, interval=INTERVAL)
    return [rollout.result(deadline) for rollout in rollouts]
