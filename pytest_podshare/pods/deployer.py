"""From a manifest to a Pod that is ready."""

from __future__ import annotations

import copy
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.namespaces import RUN_LABEL
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube import objects, watching
from pytest_podshare.kube.client import pod_path
from pytest_podshare.owner import Owner
from pytest_podshare.pods import state
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.load import Manifest, ManifestSource, load

# how many of a crashed container's last lines an error shows
_LAST_LINES = 5


class Podshare(Owner):
    """Deploys Pods into one namespace; what the `podshare` fixture gives.

    Close it, or use it as a context manager: that closes the exec sessions of its Pods, and deletes
    the objects of its manifests that live in no namespace. All others go with theirs.

    Args:
        cluster: where to.
        namespace: a namespace that is there.
        run_id: the run, as the value of the label that every object gets.
        timeouts: how long things may take.
    """

    def __init__(
        self, cluster: Cluster, namespace: str, *, run_id: str, timeouts: Timeouts | None = None
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.pods: list[Pod] = []
        self._run_id = run_id
        self._astray: list[objects.Created] = []
        self._timeouts = timeouts or Timeouts()

    def __repr__(self) -> str:
        return f"<Podshare {self.namespace}, {len(self.pods)} Pods>"

    def deploy(self, manifest: ManifestSource, *, timeout: float | None = None) -> Pod:
        """Create the manifest's objects and wait until its Pod is ready.

        Args:
            manifest: a path, YAML text or a dict with one Pod, or with one workload that makes it
                (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job); other objects in it (a
                ConfigMap, a claim, a Service) are created first.
            timeout: seconds for the Pod to become ready.

        Returns:
            The Pod, with every container ready, or all of them ended well.

        Raises:
            ManifestError: the manifest cannot be used.
            DeployRejected: the API server does not accept it.
            PodError: the Pod will not become ready, or did not in time.
        """
        loaded = load(manifest)
        for document in loaded.others:
            self._create(document, loaded.origin)
        deadline = Deadline(self._timeouts.ready if timeout is None else timeout)
        known: set[str] = set()
        if not loaded.is_bare:
            self._create(self._prepared(loaded).subject, loaded.origin)

        def next_one(deadline: Deadline) -> dict[str, Any]:
            name, uid = self._appear(loaded, known, deadline)
            known.add(uid)
            return self._wait_until_ready(name, uid, deadline)

        pod = Pod(
            self.cluster,
            next_one(deadline),
            timeouts=self._timeouts,
            again=lambda: next_one(Deadline(self._timeouts.ready)),
        )
        self.pods.append(pod)
        return pod

    def close(self) -> None:
        """Close sessions and delete what no namespace takes along; never raises."""
        for pod in reversed(self.pods):
            pod.close()
        while self._astray:
            self._astray.pop().delete(self.cluster.api)

    def _create(self, document: dict[str, Any], origin: str) -> dict[str, Any]:
        document = copy.deepcopy(document)
        metadata = document.setdefault("metadata", {})
        metadata["namespace"] = self.namespace
        metadata.setdefault("labels", {})[RUN_LABEL] = self._run_id
        try:
            created = objects.create(self.cluster.api, document, self.namespace)
        except errors.ApiError as error:
            name = f"{document.get('kind')} {metadata.get('name', '')}".strip()
            raise errors.DeployRejected(
                f"{origin}: the API server rejects {name}: {error.details}", error.remedy
            ) from None
        if not created.goes_with_namespace:
            self._astray.append(created)
        return created.live

    def _prepared(self, loaded: Manifest) -> Manifest:
        """The manifest, told to use the images its node holds, where that is ours to say."""
        own = copy.deepcopy(loaded)
        metadata = own.pod.setdefault("metadata", {})
        metadata.setdefault("labels", {})[RUN_LABEL] = self._run_id
        if self.cluster.own:
            for field in ("initContainers", "containers"):
                for container in own.pod["spec"].get(field) or ():
                    # an image without a tag would always be pulled, also where nothing can be
                    container.setdefault("imagePullPolicy", "IfNotPresent")
        return own

    def _appear(self, loaded: Manifest, known: set[str], deadline: Deadline) -> tuple[str, str]:
        """Name and UID of a Pod that is not known: made here, or by its controller."""
        if loaded.is_bare:
            metadata = self._create(self._prepared(loaded).subject, loaded.origin)["metadata"]
            return metadata["name"], metadata["uid"]
        labels = loaded.pod.get("metadata", {}).get("labels", {})
        selector = ",".join(f"{key}={value}" for key, value in labels.items())

        def look() -> tuple[str, str] | None:
            listed = self.cluster.api.get(pod_path(self.namespace), labelSelector=selector)
            for pod in listed["items"]:
                metadata = pod["metadata"]
                if metadata["uid"] not in known and "deletionTimestamp" not in metadata:
                    return metadata["name"], metadata["uid"]
            return None

        found = poll(look, until=lambda it: it is not None, deadline=deadline, first=0.05)
        if found is None:
            name = f"{loaded.subject['kind']} {loaded.subject['metadata'].get('name')}"
            raise errors.PodNotReady(
                f"{name} made no Pod within {deadline.seconds:g} s.",
                f"See its events: kubectl describe --namespace {self.namespace} {name}",
            )
        return found

    def _wait_until_ready(self, name: str, uid: str, deadline: Deadline) -> dict[str, Any]:
        def settled(pod: watching.Object | None) -> bool:
            if pod is None or pod["metadata"]["uid"] != uid:
                raise errors.PodGone(
                    f"Pod {name} was deleted before it was ready.", "See who deletes it."
                )
            if (problem := state.hopeless(pod)) is not None:
                raise self._with_last_words(problem, pod)
            return state.is_ready(pod)

        seen = watching.wait_for(
            self.cluster.api, pod_path(self.namespace), name, settled, deadline
        )
        if seen is not None and state.is_ready(seen):
            return seen
        raise self._with_last_words(
            errors.PodNotReady(
                f"Pod {name} was not ready within {deadline.seconds:g} s: {state.summary(seen)}.",
                "Mend what holds it up, or raise --podshare-ready-timeout.",
            ),
            seen,
        )

    def _with_last_words(
        self, problem: errors.PodError, pod: dict[str, Any] | None
    ) -> errors.PodError:
        """The same error, with the last lines of the container that ended."""
        container = state.crashed(pod) if pod else None
        if pod is None or container is None:
            return problem
        path = pod_path(self.namespace, pod["metadata"]["name"], "log")
        try:
            said = self.cluster.api.text(path, container=container, tailLines=str(_LAST_LINES))
        except errors.ClusterError:
            return problem
        lines = [f"  {container}: {line}" for line in said.splitlines() if line.strip()]
        return type(problem)(problem.what, "\n".join([problem.remedy, *lines]))
