"""Handles of Pods that exist on no cluster, for code that only reads them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.live_pod import CurrentPod, LivePod
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube.watch import Watch
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def pod(manifest: str, *, token: str = "") -> Pod:
    """Return the handle of a manifest's Pod, as if it were ready on the node `worker`.

    Args:
        manifest: YAML with one Pod.
        token: name of the token volume that the API server would add; "" for none.
    """
    source = load(manifest)
    spec = json.loads(json.dumps(source.pod["spec"]))
    if token:
        spec["volumes"].append({"name": token, "projected": {"sources": []}})
        for entry in spec["containers"]:
            entry["volumeMounts"].append({"name": token, "mountPath": _TOKEN, "readOnly": True})
    live = live_pod(spec, name=source.pod["metadata"]["name"])
    return Pod(live, manifest=source, replacement=lambda: live.raw)


def live_pod(
    spec: dict[str, Any],
    *,
    name: str = "p",
    status: dict[str, Any] | None = None,
    api: Any = None,
    watch: Any = None,
    own: bool = True,
) -> LivePod:
    """Return the record of a Pod of that spec, on the node `worker`.

    Args:
        spec: its spec.
        name: its name, in the namespace `ns`.
        status: its status; an empty one by default.
        api: answers requests; by default nothing does.
        watch: reports its changes; by default a watch of `api`.
        own: whether its cluster is for tests only.
    """
    raw = {
        "metadata": {"name": name, "namespace": "ns", "uid": "u"},
        "spec": {"nodeName": "worker", **spec},
        "status": status or {},
    }
    api = api or SimpleNamespace(server="https://127.0.0.1:1", close=lambda: None)
    cluster = Cluster("kind", "podshare", None, None, own, True, "v1.36.3", api)
    return LivePod(raw, cluster, Timeouts(), watch or Watch(api, "/api/v1/namespaces/ns/pods"))


def container(spec: dict[str, Any], name: str) -> Container:
    """Return the handle of a container of such a Pod."""
    return Container(CurrentPod(live_pod(spec), flush=lambda: None), name)
