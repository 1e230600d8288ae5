"""The strategies for ending one container so that the kubelet restarts it.

A strategy either does its part or returns why it cannot. It does not prove a restart.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.pod_spec import get_container

# bit of SIGTERM (15) in the masks of /proc/PID/status
_SIGTERM = 1 << 14
_NODE = "node"
_CTR = ("ctr", "--namespace", "k8s.io")


def apply(container: ContainerShell, raw: Mapping[str, Any], strategy: str | None) -> str:
    """End a container by a strategy, or by the first that is possible.

    Args:
        container: the container.
        raw: its current Pod.
        strategy: the name of the strategy; None for the first that is possible.

    Returns:
        The name of the strategy that was used.

    Raises:
        RestartForbidden: the restart policy is Never, and the strategy cannot bypass it.
        RestartImpossible: the strategy, or all of them, are impossible; says why for each.
        NodeAccessMissing: the same, if it would be possible on the node.
    """
    if strategy is not None and strategy not in _STRATEGIES:
        raise errors.RestartImpossible(
            f"Unknown restart strategy {strategy!r}.", f"Use one of {', '.join(_STRATEGIES)}."
        )
    name, pod = container.name, container.pod
    if strategy != "image" and container.spec.restart_policy == "Never":
        raise errors.RestartForbidden(
            f"Container {name} of {pod} has restartPolicy Never: it is not restarted after it"
            " exits.",
            'Use strategy="image", which restarts it anyway by spelling its image differently.',
        )
    reasons: dict[str, str] = {}
    # a changed image changes the Pod, so that strategy must be chosen explicitly
    for choice in [strategy] if strategy else [_NODE, "resize", "term"]:
        reason = _STRATEGIES[choice](container, raw)
        if reason is None:
            return choice
        reasons[choice] = reason
    error = errors.NodeAccessMissing if _NODE in reasons else errors.RestartImpossible
    described = "; ".join(f"{choice}: {reason}" for choice, reason in reasons.items())
    raise error(
        f"Container {name} of {pod} cannot be restarted ({described}).",
        "Set its resizePolicy to RestartContainer, make process 1 handle SIGTERM, "
        'or use strategy="image".',
    )


def kill_sandbox(pod: LivePod) -> str:
    """Kill the sandbox's own process on the node; return the ID of the sandbox."""
    sandbox = find_sandbox(pod)
    nodes.run(pod.node, *_CTR, "tasks", "kill", "--signal", "SIGKILL", sandbox)
    return sandbox


def find_sandbox(pod: LivePod) -> str:
    """Return the ID of the Pod's running sandbox; "" if there is none.

    Raises:
        NodeAccessMissing: the cluster's nodes cannot be accessed.
    """
    if not pod.cluster.own:
        raise errors.NodeAccessMissing(
            "A sandbox can only be killed on its node, and the cluster's nodes cannot be accessed.",
            "Run this on a kind cluster that the plugin created.",
        )
    labels = f'labels."io.kubernetes.pod.uid"=={pod.uid},labels."io.cri-containerd.kind"==sandbox'
    running = {line.split()[0] for line in nodes.run(pod.node, *_CTR, "tasks", "ls").splitlines()}
    sandboxes = nodes.run(pod.node, *_CTR, "containers", "ls", "--quiet", labels).split()
    return next((sandbox for sandbox in sandboxes if sandbox in running), "")


def _kill_on_node(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    if not container.pod.cluster.own:
        return "the cluster's nodes cannot be accessed"
    container_id = pod_status.find_runtime_id(raw, container.name)
    nodes.run(container.pod.node, *_CTR, "tasks", "kill", "--signal", "SIGKILL", container_id)
    return None


def _resize(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Change a resource whose resizePolicy requires a restart of the container."""
    spec = get_container(raw["spec"], container.name)
    restarting = {
        policy["resourceName"]
        for policy in spec.get("resizePolicy") or ()
        if policy["restartPolicy"] == "RestartContainer"
    }
    for resource, increase in (("cpu", _increase_cpu), ("memory", _increase_memory)):
        request = (spec.get("resources", {}).get("requests") or {}).get(resource)
        limit = (spec.get("resources", {}).get("limits") or {}).get(resource)
        if resource in restarting and request is not None:
            resources = {"requests": {resource: increase(request)}}
            if limit is not None:
                resources["limits"] = {resource: increase(limit)}
            entry = {"name": container.name, "resources": resources}
            _patch(container.pod, {"containers": [entry]}, "resize")
            return None
    return "no resource that it requests has resizePolicy RestartContainer"


def _terminate(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Send SIGTERM from inside, if process 1 is the container's own and handles it."""
    if raw["spec"].get("shareProcessNamespace"):
        return "process 1 is the sandbox's, because of shareProcessNamespace"
    if raw["spec"].get("hostPID"):
        return "process 1 is the node's, because of hostPID"
    try:
        # an ephemeral container beside a container without a shell sees the same processes
        status = container.run(b"cat /proc/1/status").stdout.decode(errors="replace")
    except errors.ExecError as error:
        return error.what
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    if caught is None or not int(caught[1], 16) & _SIGTERM:
        return "process 1 does not handle SIGTERM, so the kernel would not deliver it"
    # the session ends with its container, usually before it can answer
    with contextlib.suppress(errors.SessionLost):
        # not `container.run`, which may repeat it: by then process 1 may be the new instance's
        container.open().run(b"kill -TERM 1", timeout=container.pod.timeouts.exec)
    return None


def _respell_image(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Spell the image differently: the kubelet treats it as a new one, which is on the node."""
    field = "containers" if container.spec.role == "container" else "initContainers"
    image = _respell(get_container(raw["spec"], container.name)["image"])
    _patch(container.pod, {field: [{"name": container.name, "image": image}]})
    return None


def _patch(pod: LivePod, spec: Mapping[str, Any], subresource: str = "") -> None:
    path = pod_path(pod.namespace, pod.name, subresource)
    pod.api.patch(path, {"spec": spec}, strategic=True)


def _respell(image: str) -> str:
    """Return another spelling of an image: `busybox` ↔ `docker.io/library/busybox`."""
    plain = image.removeprefix("docker.io/").removeprefix("library/")
    if plain != image:
        return plain
    host = image.split("/")[0]
    if "/" in image and ("." in host or ":" in host or host == "localhost"):
        return image.removesuffix(":latest") if image.endswith(":latest") else f"{image}:latest"
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"


def _increase_cpu(cpu: str) -> str:
    milli = int(cpu[:-1]) if cpu.endswith("m") else round(1000 * float(cpu))
    return f"{milli + 1}m"


def _increase_memory(memory: str) -> str:
    return str(quantity.parse_int(memory) + 1024 * 1024)


_STRATEGIES = {
    _NODE: _kill_on_node,
    "resize": _resize,
    "term": _terminate,
    "image": _respell_image,
}
