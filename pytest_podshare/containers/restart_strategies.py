"""The ways of ending one container so that the kubelet starts it again.

Each either does its part or says why it cannot; none claims that anything happened.
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
from pytest_podshare.wiring.pod_spec import container_of

# bit of SIGTERM (15) in the masks of /proc/PID/status
_TERM = 1 << 14
_ON_NODE = "node"
_CTR = ("ctr", "--namespace", "k8s.io")


def send(container: ContainerShell, raw: Mapping[str, Any], strategy: str | None) -> str:
    """Have a container ended, by that strategy or by the first that is possible.

    Args:
        container: the container.
        raw: its Pod as it is now.
        strategy: its name; None for the first that is possible.

    Returns:
        The strategy that was used.

    Raises:
        RestartForbidden: its restart policy is Never, and the strategy does not get around it.
        RestartImpossible: the strategy, or every one, is impossible; says why for each.
        NodeAccessMissing: the same, where it would have been possible on the node.
    """
    if strategy is not None and strategy not in _STRATEGIES:
        raise errors.RestartImpossible(
            f"There is no restart strategy {strategy!r}.", f"Use one of {', '.join(_STRATEGIES)}."
        )
    name, pod = container.name, container.pod
    if strategy != "image" and pod.wiring.container(name).restart_policy == "Never":
        raise errors.RestartForbidden(
            f"Container {name} of {pod} has restartPolicy Never: once ended, it stays so.",
            'strategy="image" restarts it all the same, by changing its image\'s spelling.',
        )
    why_not: dict[str, str] = {}
    # a changed image is a changed Pod, so only who asks for it gets it
    for choice in [strategy] if strategy else [_ON_NODE, "resize", "term"]:
        refused = _STRATEGIES[choice](container, raw)
        if refused is None:
            return choice
        why_not[choice] = refused
    reasons = "; ".join(f"{choice}: {reason}" for choice, reason in why_not.items())
    error = errors.NodeAccessMissing if _ON_NODE in why_not else errors.RestartImpossible
    raise error(
        f"Container {name} of {pod} cannot be restarted ({reasons}).",
        "Give it resizePolicy RestartContainer, let process 1 handle SIGTERM, "
        'or ask for strategy="image".',
    )


def kill_sandbox(pod: LivePod) -> str:
    """Kill the sandbox's own process on the node; return the id of the sandbox."""
    sandbox = sandbox_id(pod)
    nodes.run(pod.node, *_CTR, "tasks", "kill", "--signal", "SIGKILL", sandbox)
    return sandbox


def sandbox_id(pod: LivePod) -> str:
    """Return the id of the Pod's newest sandbox.

    Raises:
        NodeAccessMissing: the cluster's nodes cannot be reached.
    """
    if not pod.cluster.own:
        raise errors.NodeAccessMissing(
            "A sandbox is killed on its node, and the nodes of this cluster cannot be reached.",
            "Run this on a kind cluster of the plugin's own.",
        )
    wanted = f'labels."io.kubernetes.pod.uid"=={pod.uid},' + (
        'labels."io.cri-containerd.kind"==sandbox'
    )
    running = {line.split()[0] for line in nodes.run(pod.node, *_CTR, "tasks", "ls").splitlines()}
    listed = nodes.run(pod.node, *_CTR, "containers", "ls", "--quiet", wanted).split()
    return next((sandbox for sandbox in listed if sandbox in running), "")


def _on_node(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    if not container.pod.cluster.own:
        return "the cluster's nodes cannot be reached"
    instance = pod_status.find_runtime_id(raw, container.name)
    nodes.run(container.pod.node, *_CTR, "tasks", "kill", "--signal", "SIGKILL", instance)
    return None


def _by_resize(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Change a resource whose resizePolicy says that the container is to be restarted for it."""
    spec = container_of(raw["spec"], container.name)
    restarting = {
        policy["resourceName"]
        for policy in spec.get("resizePolicy") or ()
        if policy["restartPolicy"] == "RestartContainer"
    }
    for resource, more in (("cpu", _more_cpu), ("memory", _more_memory)):
        now = (spec.get("resources", {}).get("requests") or {}).get(resource)
        limit = (spec.get("resources", {}).get("limits") or {}).get(resource)
        if resource in restarting and now is not None:
            changed = {"requests": {resource: more(now)}}
            if limit is not None:
                changed["limits"] = {resource: more(limit)}
            entry = {"name": container.name, "resources": changed}
            _patch(container.pod, {"containers": [entry]}, "resize")
            return None
    return "no resource it requests has resizePolicy RestartContainer"


def _by_term(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Send SIGTERM from inside, where process 1 is the container's own and handles it."""
    if raw["spec"].get("shareProcessNamespace"):
        return "process 1 is the sandbox's, for the containers share their processes"
    if raw["spec"].get("hostPID"):
        return "process 1 is the node's, for the Pod shares its processes"
    try:
        # an ephemeral container for one that has no shell sees the same processes
        status = container.run(b"cat /proc/1/status").stdout.decode(errors="replace")
    except errors.ExecError as error:
        return error.what
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    if caught is None or not int(caught[1], 16) & _TERM:
        return "process 1 does not handle SIGTERM, so that it would not get it"
    # the session ends with its container, most often before it can answer
    with contextlib.suppress(errors.SessionLost):
        # never twice: the next process 1 is the new instance's
        container.open().run(b"kill -TERM 1", timeout=container.pod.timeouts.exec)
    return None


def _by_image(container: ContainerShell, raw: Mapping[str, Any]) -> str | None:
    """Spell the image another way: the kubelet takes it for a new one, which is there already."""
    name, pod = container.name, container.pod
    field = "containers" if pod.wiring.container(name).role == "container" else "initContainers"
    image = another_spelling(container_of(raw["spec"], name)["image"])
    _patch(pod, {field: [{"name": name, "image": image}]})
    return None


def _patch(pod: LivePod, spec: Mapping[str, Any], subresource: str = "") -> None:
    path = pod_path(pod.namespace, pod.name, subresource)
    pod.api.patch(path, {"spec": spec}, strategic=True)


def another_spelling(image: str) -> str:
    """Spell an image in another way: `busybox` ↔ `docker.io/library/busybox:latest`."""
    plain = image.removeprefix("docker.io/").removeprefix("library/")
    if plain != image:
        return plain
    first = image.split("/")[0]
    if "/" in image and ("." in first or ":" in first or first == "localhost"):
        return image.removesuffix(":latest") if image.endswith(":latest") else f"{image}:latest"
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"


def _more_cpu(given: str) -> str:
    milli = int(given[:-1]) if given.endswith("m") else round(1000 * float(given))
    return f"{milli + 1}m"


def _more_memory(given: str) -> str:
    return str(quantity.whole(given) + 1024 * 1024)


_STRATEGIES = {_ON_NODE: _on_node, "resize": _by_resize, "term": _by_term, "image": _by_image}
