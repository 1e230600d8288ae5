"""From a manifest to a Pod that is ready."""

from __future__ import annotations

import contextlib
import copy
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.namespaces import SharedNamespace
from pytest_podshare.cluster.ownership import FIXTURE_LABEL, Ownership
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube import resources
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.watch import Object, Watch
from pytest_podshare.pods import admission, rollout, shared_objects
from pytest_podshare.pods import admission as lacking
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import Manifest, ManifestSource, load
from pytest_podshare.wiring.pod_spec import iter_containers


class Podshare(Closeable):
    """Deploys Pods into one namespace; what the `podshare` fixture gives.

    Close it, or use it as a context manager: that closes the exec sessions of its Pods, and deletes
    the objects of its manifests that live in no namespace. All others go with theirs, or are
    deleted one by one where the namespace stays.

    Args:
        cluster: where to.
        namespace: a namespace that is there.
        run_id: the run, as the value of the label that every object gets.
        timeouts: how long things may take.
        probe_image: what looks into containers that have no shell.
        shared_namespace: the namespace, if it is one that stays when the tests are over.
        afterwards: called when it is closed, at last; whoever made the namespace deletes it there.
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
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.pods: list[Pod] = []
        # all that was to be deployed, also of a Pod that never became ready
        self.manifests: list[Manifest] = []
        self._run_id = run_id
        # what no namespace takes along
        self._astray: list[resources.Created] = []
        self._arrivals: list[rollout.Rollout] = []
        self._timeouts = timeouts or Timeouts()
        self._probe_image = probe_image
        self._shared_namespace = shared_namespace
        # tells its Pods from others of the run, and narrows a list of Pods to them; in a namespace
        # of its own there are no others
        self._mark: dict[str, str] = {}
        self.ours: dict[str, Any] = {}
        if shared_namespace is not None:
            fixture = secrets.token_hex(4)
            self._mark = {FIXTURE_LABEL: fixture}
            self.ours = {"labelSelector": f"{FIXTURE_LABEL}={fixture}"}
        self._watch = Watch(cluster.api, pod_path(namespace), **self.ours)
        self._afterwards = afterwards
        self._kept_for = ""

    def __repr__(self) -> str:
        return f"<Podshare {self.namespace}, {len(self.pods)} Pods>"

    def deploy(self, manifest: ManifestSource | Manifest, *, timeout: float | None = None) -> Pod:
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
        (pod,) = self.deploy_all([manifest], timeout=timeout)
        return pod

    def deploy_all(
        self, manifests: Iterable[ManifestSource | Manifest], *, timeout: float | None = None
    ) -> list[Pod]:
        """Create the objects of several manifests, and then wait until all their Pods are ready.

        They start side by side. When one of them fails, the error is about that one, and those
        that are ready by then are among `pods` all the same.

        Args:
            manifests: each as `deploy` takes it.
            timeout: seconds for all the Pods to become ready.

        Returns:
            The Pods, in the order of their manifests.

        Raises:
            ManifestError: a manifest cannot be used; nothing is created.
            DeployRejected: the API server does not accept one.
            PodError: a Pod will not become ready, or did not in time; the first of them is told.
        """
        loaded = [each if isinstance(each, Manifest) else load(each) for each in manifests]
        self.manifests += loaded
        for manifest in loaded:
            for document in manifest.others:
                self._create(document, manifest.origin)
        deadline = Deadline(self._timeouts.or_given("ready", timeout))
        arrivals = [self._begin(manifest) for manifest in loaded]
        try:
            rollout.wait_until_ready(arrivals, self._watch, deadline)
        finally:
            ready = [self._handle(each) for each in arrivals if each.is_ready]
            self.pods += ready
        return ready

    def keep(self, test: str) -> None:
        """Have everything stay there that is deployed, for a look, also what is in no namespace.

        Args:
            test: what it is kept for; of several tests, the first.
        """
        self._kept_for = self._kept_for or test

    def close(self) -> None:
        """Close sessions and delete what no namespace takes along; never raises."""
        for pod in reversed(self.pods):
            pod.close()
        self._watch.close()
        if self._kept_for:
            self._leave()
        else:
            self._tidy()
        if self._afterwards is not None:
            # a namespace that cannot be deleted goes with the cluster, or is told of at the end
            with contextlib.suppress(errors.PodshareError):
                self._afterwards()
            self._afterwards = None

    def _leave(self) -> None:
        """Say of what goes with no namespace of ours that it is kept."""
        told = {
            "metadata": {"annotations": ownership.keep_annotations(self._kept_for, time.time())}
        }
        while self._astray:
            # one that is gone need not be kept
            with contextlib.suppress(errors.PodshareError):
                self.cluster.api.patch(self._astray.pop().path, told)

    def _tidy(self) -> None:
        if self._shared_namespace is not None and self._astray:
            deadline = Deadline(self._timeouts.delete)
            self._shared_namespace.undeleted += shared_objects.remove(
                self.cluster.api, self._astray, self._controlled, deadline
            )
            self._astray = []
        while self._astray:
            self._astray.pop().delete(self.cluster.api)

    def _controlled(self) -> list[Object]:
        """The Pods that controllers have made of what was deployed here."""
        arrivals = [each for each in self._arrivals if not each.manifest.is_bare]
        if not arrivals:
            return []
        listed = self.cluster.api.get(pod_path(self.namespace), **self.ours)["items"]
        by_name = {each["metadata"]["name"]: each for each in listed}
        return [pod for each in arrivals for pod in each.made(by_name)]

    def _create(self, document: dict[str, Any], origin: str) -> dict[str, Any]:
        document = copy.deepcopy(document)
        metadata = document.setdefault("metadata", {})
        metadata["namespace"] = self.namespace
        self._stamp(metadata)
        try:
            if self._shared_namespace is None:
                created = resources.create(self.cluster.api, document, self.namespace)
            else:
                deadline = Deadline(self._timeouts.ready)
                created = shared_objects.create(
                    self.cluster.api, document, self.namespace, deadline
                )
        except errors.ApiError as error:
            raise admission.rejected(error, origin, document) from None
        if self._shared_namespace is not None or not created.goes_with_namespace:
            self._astray.append(created)
        return created.live

    def _stamp(self, metadata: dict[str, Any]) -> None:
        Ownership.for_run(self._run_id).write(metadata)
        metadata["labels"].update(self._mark)

    def _prepared(self, loaded: Manifest) -> Manifest:
        """The manifest, told to use the images its node holds, where that is ours to say."""
        own = copy.deepcopy(loaded)
        claims = own.subject.get("spec", {}).get("volumeClaimTemplates") or ()
        # what a controller makes of them bears what they bear
        for template in (own.pod, *claims):
            self._stamp(template.setdefault("metadata", {}))
        if claims and self._shared_namespace is not None:
            own.subject["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": "Delete"}
        if self.cluster.own:
            for container in iter_containers(own.pod["spec"]):
                # an image without a tag would always be pulled, also where nothing can be
                container.setdefault("imagePullPolicy", "IfNotPresent")
        return own

    def _begin(self, manifest: Manifest) -> rollout.Rollout:
        def make() -> dict[str, Any]:
            try:
                live = self._create(self._prepared(manifest).subject, manifest.origin)
            except errors.DeployRejected as error:
                raise lacking.named(error, manifest, self.cluster, self.namespace) from None
            lacking.check_kept(manifest, live)
            return live

        api, namespace = self.cluster.api, self.namespace
        if not manifest.is_bare:
            if not self.cluster.own:
                admission.check(api, namespace, manifest)
            make()
        arrival = rollout.Rollout(api, namespace, self._watch, manifest, make)
        self._arrivals.append(arrival)
        arrival.begin()
        return arrival

    def _handle(self, arrival: rollout.Rollout) -> Pod:
        assert arrival.live is not None, "it is ready"
        live = LivePod(arrival.live, self.cluster, self._timeouts, self._watch, self._probe_image)
        return Pod(
            live,
            manifest=arrival.manifest,
            replacement=lambda: arrival.again(Deadline(self._timeouts.ready)),
        )
