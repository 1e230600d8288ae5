"""Handles of Pods that no cluster has, for what only reads them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube.watching import Watch
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.load import load

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def pod(manifest: str, *, token: str = "") -> Pod:
    """The handle of a manifest's Pod, as if it were ready on the node `worker`.

    Args:
        manifest: YAML with one Pod.
        token: the volume of the account's token that the API server adds; "" for none.
    """
    source = load(manifest)
    spec = {**json.loads(json.dumps(source.pod["spec"])), "nodeName": "worker"}
    if token:
        spec["volumes"].append({"name": token, "projected": {"sources": []}})
        for each in spec["containers"]:
            each["volumeMounts"].append({"name": token, "mountPath": _TOKEN, "readOnly": True})
    live = {
        "metadata": {"name": source.pod["metadata"]["name"], "namespace": "ns", "uid": "u1"},
        "spec": spec,
        "status": {},
    }
    api: Any = SimpleNamespace(server="https://127.0.0.1:1", close=lambda: None)
    return Pod(
        Cluster("kind", "podshare", None, None, True, True, "v1.36.3", api),
        live,
        manifest=source,
        timeouts=Timeouts(),
        watch=Watch(api, "/api/v1/namespaces/ns/pods"),
        again=lambda: live,
    )
