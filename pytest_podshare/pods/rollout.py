"""Waiting for the Pods of manifests: made here or by a controller, until they are ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.watch import Object, Objects, Watch
from pytest_podshare.wiring.manifest import Manifest

# how many of a crashed container's last lines an error shows
_LAST_LINES = 5
# seconds after which the scheduler has seen that a claim is there, or a node without its taint, and
# has tried once more: it pauses for one to two seconds in between, and for up to ten in the end
_SECOND_LOOK, _TAINTED = 5.0, 15.0
# how the kubelet begins where it has no log of a container, or not yet
_NO_LOG = "unable to retrieve container logs"


class Rollout:
    """The Pods that a manifest makes, one in the place of another; one is waited for at a time.

    Args:
        api: the API server.
        namespace: where.
        watch: the watch of the namespace's Pods.
        manifest: what they are made of.
        make: creates the Pod of a manifest that holds a bare one.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        watch: Watch,
        manifest: Manifest,
        make: Callable[[], Object],
    ) -> None:
        self.manifest = manifest
        # the Pod as it was seen last; None as long as its controller has made none
        self.live: Object | None = None
        self._api = api
        self._namespace = namespace
        self._watch = watch
        self._make = make
        # UID → name of those that came before it, or beside it
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Arrival of {self.manifest.origin}: {pod_status.summarize(self.live)}>"

    @property
    def is_ready(self) -> bool:
        """Whether its Pod is there and ready."""
        return self.live is not None and pod_status.is_ready(self.live)

    def begin(self) -> None:
        """Look for another Pod than those that are known, which are those that were ready once."""
        self.live = self._make() if self.manifest.is_bare else None

    def again(self, deadline: Deadline) -> Object:
        """Wait for the Pod that comes in the place of the one that is gone.

        Raises:
            PodError: it does not become ready.
        """
        self.begin()
        (live,) = wait_until_ready([self], self._watch, deadline)
        return live

    def look(self, objects: Objects) -> bool:
        """Take what has become of its Pod; gives whether it is ready.

        Raises:
            PodError: it will not become ready.
        """
        self.live = self._same(self.live, objects) if self.live else self._new(objects)
        if self.live is None:
            return False
        if (problem := pod_status.find_permanent_error(self.live)) is not None:
            raise self._with_last_words(problem, self.live)
        if self.is_ready:
            # of several replicas none is the Pod that comes in the place of another
            beside = [] if self.manifest.is_bare else self._made_by_controller(objects)
            for each in (self.live, *beside):
                self._known[each["metadata"]["uid"]] = each["metadata"]["name"]
        return self.is_ready

    def arrived(self, deadline: Deadline) -> Object:
        """The Pod, once nobody waits for it any more.

        Raises:
            PodNotReady: it is not ready, and the deadline is over.
        """
        if self.live is None:
            raise self._never_made(deadline)
        if not self.is_ready:
            error = errors.PodNotReady(
                f"Pod {self.live['metadata']['name']} was not ready within"
                f" {deadline.seconds:g} s: {pod_status.summarize(self.live)}.",
                "Mend what holds it up, or raise --podshare-ready-timeout.",
            )
            raise self._with_last_words(error, self.live)
        return self.live

    def _new(self, objects: Objects) -> Object | None:
        """A Pod that its controller has made and that is not known."""
        subject = self.manifest.subject
        # a StatefulSet gives the name of the Pod that is gone to the one in its place
        names = list(self._known.values())[:1] if subject["kind"] == "StatefulSet" else []
        for each in self._made_by_controller(objects):
            metadata = each["metadata"]
            is_new = metadata["uid"] not in self._known and "deletionTimestamp" not in metadata
            if is_new and (not names or metadata["name"] in names):
                return each
        return None

    def _same(self, before: Object, objects: Objects) -> Object:
        metadata = before["metadata"]
        now = objects.get(metadata["name"])
        if now is None or now["metadata"]["uid"] != metadata["uid"]:
            raise errors.PodGone(
                f"Pod {metadata['name']} was deleted before it was ready.", "See who deletes it."
            )
        return now

    def made(self, objects: Objects) -> list[Object]:
        """The Pods that a controller has made of the manifest; none of a bare one."""
        return [] if self.manifest.is_bare else self._made_by_controller(objects)

    def _made_by_controller(self, objects: Objects) -> list[Object]:
        wanted = (self.manifest.pod.get("metadata") or {}).get("labels") or {}
        return [
            each
            for each in objects.values()
            if wanted.items() <= (each["metadata"].get("labels") or {}).items() and self._owns(each)
        ]

    def _owns(self, pod: Object) -> bool:
        """Whether its controller is of the manifest: a Job's Pods may have no label to tell."""
        subject = self.manifest.subject
        name = str((subject.get("metadata") or {}).get("name") or "")
        owners = pod["metadata"].get("ownerReferences") or ()
        owner = next((each for each in owners if each.get("controller")), {"kind": "", "name": ""})
        if subject["kind"] == "Deployment":
            # there is a ReplicaSet in between, which is named after it
            named = owner["name"].startswith(f"{name}-" if name else "")
            return bool(named and owner["kind"] == "ReplicaSet")
        return owner["kind"] == subject["kind"] and owner["name"] == (name or owner["name"])

    def _never_made(self, deadline: Deadline) -> errors.PodNotReady:
        subject = self.manifest.subject
        name = f"{subject['kind']} {subject['metadata'].get('name')}"
        return errors.PodNotReady(
            f"{name} made no Pod within {deadline.seconds:g} s.",
            f"See its events: kubectl describe --namespace {self._namespace} {name}",
        )

    def _with_last_words(self, problem: errors.PodError, pod: Object) -> errors.PodError:
        """The same error, with the last lines of the container that ended."""
        container = pod_status.find_crashed_container(pod)
        if container is None:
            return problem
        lines = [f"  {container}: {line}" for line in self._said(pod, container)]
        return type(problem)(problem.what, "\n".join([problem.remedy, *lines]))

    def _said(self, pod: Object, container: str) -> list[str]:
        """The last lines of a container; those before its restart if it has just been restarted."""
        path = pod_path(self._namespace, pod["metadata"]["name"], "log")
        for previous in ("false", "true"):
            try:
                said = self._api.get_text(
                    path, container=container, previous=previous, tailLines=str(_LAST_LINES)
                )
            except errors.ClusterError:
                continue
            lines = [line for line in said.splitlines() if line.strip()]
            if lines and not said.startswith(_NO_LOG):
                return lines
        return []


def wait_until_ready(arrivals: Sequence[Rollout], watch: Watch, deadline: Deadline) -> list[Object]:
    """Wait for all of them at once.

    Raises:
        PodError: one will not become ready, or was not in time; of several the first is told.
    """
    made = [each.live for each in arrivals if each.live is not None]

    def look(objects: Objects) -> bool:
        # each of them takes what it sees, also while another is not ready
        ready = [each.look(objects) for each in arrivals]
        return all(ready)

    def is_schedulable(objects: Objects) -> bool:
        try:
            look(objects)
        except errors.PodUnschedulable:
            return False
        return True

    try:
        watch.wait_until(look, deadline, known=made)
    except errors.PodUnschedulable as error:
        # a taint that went just now, with a drain's end, is in the scheduler's mind for a moment
        patience = _TAINTED if "taint" in error.what else _SECOND_LOOK
        pause = Deadline(min(patience, deadline.left), deadline.clock)
        watch.wait_until(is_schedulable, pause, known=made)
        watch.wait_until(look, deadline, known=made)
    return [each.arrived(deadline) for each in arrivals]
