"""Deploying manifests, and waiting until their Pods are ready."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.namespaces import SharedNamespace
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.watch import Object, Watch
from pytest_podshare.pods import admission, manifest_check
from pytest_podshare.pods.objects import DeployedObjects
from pytest_podshare.pods.pod import Pod
from pytest_podshare.pods.replicas import wait_for_replicas
from pytest_podshare.pods.rollout import Rollout, wait_until_ready
from pytest_podshare.wiring.manifest import Manifest, ManifestSource, load, load_all
from pytest_podshare.wiring.pod_spec import iter_containers


class Podshare(Closeable):
    """Deploys Pods into one namespace; the `podshare` fixture returns one.

    Close it, or use it as a context manager: that closes the exec sessions of its Pods and deletes
    what outlives the namespace, a StorageClass for example; in a shared namespace, every object.

    Args:
        cluster: the cluster to deploy to.
        namespace: an existing namespace.
        run_id: the run, the value of the label of every object.
        timeouts: how long operations may take.
        probe_image: image of the ephemeral containers that inspect containers without a shell.
        shared_namespace: the namespace, if it stays when the tests are over.
        on_close: called at the end of `close`; deletes the namespace, for example.

    Attributes:
        pods: the Pods that became ready.
        manifests: everything deployed, including manifests of Pods that never became ready.
        objects: the objects of the manifests.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        *,
        run_id: str,
        timeouts: Timeouts | None = None,
        probe_image: str = "busybox",
        shared_namespace: SharedNamespace | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.pods: list[Pod] = []
        self.manifests: list[Manifest] = []
        self._rollouts: list[Rollout] = []
        self._rollout_of: dict[Pod, Rollout] = {}
        self._timeouts = timeouts or Timeouts()
        self._probe_image = probe_image
        self.objects = DeployedObjects(
            cluster.api, namespace, run_id, self._timeouts, shared_namespace
        )
        self._watch = Watch(cluster.api, pod_path(namespace), **self.objects.selector)
        self._on_close = on_close
        self._kept_for = ""

    def __repr__(self) -> str:
        return f"<Podshare {self.namespace}, {len(self.pods)} Pods>"

    def deploy(self, manifest: ManifestSource | Manifest, *, timeout: float | None = None) -> Pod:
        """Create a manifest's objects and wait until its Pod is ready.

        Args:
            manifest: a path, YAML text or a dict, with one Pod or one workload that creates it
                (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job). Its other objects, such as a
                ConfigMap, a claim or a Service, are created first.
            timeout: seconds for the Pod to become ready; None for --podshare-ready-timeout.

        Returns:
            The Pod, with every container ready, or all of them completed successfully.

        Raises:
            ManifestError: the manifest cannot be used.
            DeployRejected: the API server rejects it.
            PodError: the Pod cannot become ready, or is not ready in time.
        """
        one = manifest if isinstance(manifest, Manifest) else load(manifest)
        (pod,) = self.deploy_all([one], timeout=timeout)
        return pod

    def deploy_all(
        self, manifests: Iterable[ManifestSource | Manifest], *, timeout: float | None = None
    ) -> list[Pod]:
        """Create the objects of several manifests, then wait until all their Pods are ready.

        The Pods start in parallel. If one fails, the error is about that one; the Pods that are
        ready by then are in `pods`. An object that several manifests contain in the same words,
        such as a claim that their Pods share, is created once.

        Args:
            manifests: the manifests, each as for `deploy`, or with several Pods and workloads.
            timeout: seconds for all Pods to become ready; None for --podshare-ready-timeout.

        Returns:
            The Pods, one for each Pod or workload, in the order of the manifests.

        Raises:
            ManifestError: a manifest cannot be used; nothing is created.
            FieldDropped: the API server would drop a field of one; no Pod starts.
            DeployRejected: the API server rejects one.
            PodError: a Pod cannot become ready, or is not ready in time; if several, the first.
        """
        loaded = [
            one
            for manifest in manifests
            for one in ([manifest] if isinstance(manifest, Manifest) else load_all(manifest))
        ]
        self.manifests += loaded
        for number, manifest in enumerate(loaded):
            manifest_check.check_manifest(self.objects, manifest, self.cluster, first=number == 0)
        for manifest in loaded:
            for document in manifest.others:
                self.objects.create(document, manifest.origin)
        deadline = Deadline(self._timeouts.resolve("ready", timeout))
        rollouts = [self._start_rollout(manifest) for manifest in loaded]
        try:
            wait_until_ready(rollouts, self._watch, deadline)
        finally:
            ready = [self._create_handle(rollout) for rollout in rollouts if rollout.is_ready]
            self.pods += ready
        return ready

    def replicas(self, pod: Pod, *, timeout: float | None = None) -> list[Pod]:
        """Wait until all Pods of a Pod's workload are ready, and return them.

        Args:
            pod: a Pod that was deployed here; `deploy` returns the first that is ready.
            timeout: seconds for all of them to become ready; None for --podshare-ready-timeout.

        Returns:
            The Pods in the order of their names, `pod` among them; of a StatefulSet, by ordinal.

        Raises:
            PodError: a Pod cannot become ready, or is not ready in time.
            ValueError: the Pod was not deployed here.
        """
        rollout = self._rollout_of.get(pod)
        if rollout is None:
            raise ValueError(f"{pod} was not deployed in namespace {self.namespace} by this object")
        deadline = Deadline(self._timeouts.resolve("ready", timeout))
        found = wait_for_replicas(rollout, deadline)
        handles = {known.uid: known for known in self.pods}
        for live in found:
            uid = live["metadata"]["uid"]
            if uid not in handles:
                handles[uid] = self._create_handle(rollout.for_replica(live))
                self.pods.append(handles[uid])
        return [handles[live["metadata"]["uid"]] for live in found]

    @property
    def has_waited_for_room(self) -> bool:
        """Return whether a Pod had to wait until others left room on a node."""
        return any(rollout.has_waited_for_room for rollout in self._rollouts)

    def keep(self, test: str) -> None:
        """Keep everything deployed, for inspection, instead of deleting it.

        Args:
            test: the test it is kept for; of several, the first is recorded.
        """
        self._kept_for = self._kept_for or test

    def close(self) -> None:
        """Close the sessions and delete what outlives the namespace; never raises."""
        for pod in reversed(self.pods):
            pod.close()
        self._watch.close()
        if self._kept_for:
            self.objects.keep(self._kept_for)
        else:
            self.objects.delete(self._controlled_pods)
        if self._on_close is not None:
            # a namespace that cannot be deleted goes with the cluster, or is reported at the end
            with contextlib.suppress(errors.PodshareError):
                self._on_close()
            self._on_close = None

    def _controlled_pods(self) -> list[Object]:
        """List the Pods that controllers have created from the manifests."""
        rollouts = [rollout for rollout in self._rollouts if not rollout.manifest.is_bare]
        if not rollouts:
            return []
        pods = self.cluster.api.get(pod_path(self.namespace), **self.objects.selector)["items"]
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        return [pod for rollout in rollouts for pod in rollout.controlled_pods(by_name)]

    def _prepare(self, manifest: Manifest) -> Manifest:
        """Return the manifest with ownership labels, and pull policies for a cluster of our own."""
        prepared = copy.deepcopy(manifest)
        claims = prepared.subject.get("spec", {}).get("volumeClaimTemplates") or ()
        # a controller copies the metadata of its templates
        for template in (prepared.pod, *claims):
            self.objects.add_ownership(template.setdefault("metadata", {}))
        if claims and self.objects.shared_namespace is not None:
            policy = {"whenDeleted": "Delete"}
            prepared.subject["spec"]["persistentVolumeClaimRetentionPolicy"] = policy
        if self.cluster.own:
            for container in iter_containers(prepared.pod["spec"]):
                # the default for an image without a tag is to pull it, even where nothing can be
                container.setdefault("imagePullPolicy", "IfNotPresent")
        return prepared

    def _start_rollout(self, manifest: Manifest) -> Rollout:
        api, namespace = self.cluster.api, self.namespace

        def create() -> dict[str, Any]:
            try:
                live = self.objects.create(self._prepare(manifest).subject, manifest.origin)
            except errors.DeployRejected as error:
                raise admission.explain_rejection(
                    error, manifest, self.cluster, namespace
                ) from None
            admission.check_fields_kept(manifest, live)
            return live

        if not manifest.is_bare:
            if not self.cluster.own:
                admission.check_pod_security(api, namespace, manifest)
            create()
        rollout = Rollout(api, namespace, self._watch, manifest, create)
        self._rollouts.append(rollout)
        rollout.start()
        return rollout

    def _create_handle(self, rollout: Rollout) -> Pod:
        assert rollout.live is not None, "the rollout is ready"
        live = LivePod(rollout.live, self.cluster, self._timeouts, self._watch, self._probe_image)
        pod = Pod(
            live,
            manifest=rollout.manifest,
            replacement=lambda: rollout.wait_for_replacement(Deadline(self._timeouts.ready)),
        )
        self._rollout_of[pod] = rollout
        return pod
