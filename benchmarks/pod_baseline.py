"""The baseline for a Pod's life cycle: the least time to start, restart and delete Pods here.

It uses plain requests and one watch, for any number of Pods at once. A container is killed through
a shell on its node that is open already. Nothing is written, read or proved, and none of the
plugin's waiting is used, so any time beyond this is the plugin's.
"""

from __future__ import annotations

import copy
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from benchmarks.benchmark_cluster import SHAREVOL
from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster.kind import engine
from pytest_podshare.kube.client import Api, pod_path

PodObject = dict[str, Any]

_WATCH_SECONDS = 600


def sharevol(number: int = 0) -> dict[str, Any]:
    """Return the Pod of manifests/sharevol.yaml, with a number added to its name."""
    manifest: dict[str, Any] = yaml.safe_load(SHAREVOL.read_text())
    manifest["metadata"]["name"] += f"-{number}"
    for container in manifest["spec"]["containers"]:
        container["imagePullPolicy"] = "IfNotPresent"
    return manifest


class PodBaseline(Closeable):
    """All Pods of a namespace. Close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: the namespace of the Pods.
    """

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._collection = pod_path(namespace)
        self._pods: dict[str, PodObject] = {}
        self._version = ""
        self._shells: dict[str, KindNodeShell] = {}
        self.list_pods()

    def close(self) -> None:
        """End the shells on the nodes; may be called again."""
        while self._shells:
            self._shells.popitem()[1].close()

    def list_pods(self) -> None:
        """List the Pods that exist, to restart or delete them."""
        listing = self._api.get(self._collection)
        self._version = listing["metadata"]["resourceVersion"]
        self._pods = {pod["metadata"]["name"]: pod for pod in listing["items"]}

    def start(self, manifests: Iterable[dict[str, Any]]) -> float:
        """Create the Pods, wait until all are ready, and return the seconds."""
        bodies = list(copy.deepcopy(list(manifests)))
        start = time.perf_counter()
        for body in bodies:
            self._api.post(self._collection, body)
        self._watch(lambda pods: len(pods) == len(bodies) and all(map(is_ready, pods.values())))
        return time.perf_counter() - start

    def restart(self, container: str) -> float:
        """Kill a container in all Pods, wait until it is ready again, and return the seconds."""
        old_ids = {
            name: container_status(pod, container)["containerID"]
            for name, pod in self._pods.items()
        }
        pids: dict[str, list[str]] = {}
        for name, pod in self._pods.items():
            node = pod["spec"]["nodeName"]
            pids.setdefault(node, []).append(self._shell(node).pid_of(old_ids[name]))
        start = time.perf_counter()
        for node, node_pids in pids.items():
            self._shell(node).run(f"kill -9 {' '.join(node_pids)}")
        self._watch(
            lambda pods: all(
                has_restarted(pod, container, old_ids[name]) for name, pod in pods.items()
            )
        )
        return time.perf_counter() - start

    def delete(self) -> float:
        """Delete all Pods with a grace period of one second, and return the seconds."""
        start = time.perf_counter()
        self._api.delete(self._collection, gracePeriodSeconds=1)
        self._watch(lambda pods: not pods)
        return time.perf_counter() - start

    def _watch(self, satisfied: Callable[[dict[str, PodObject]], bool]) -> None:
        query = {"watch": "true", "resourceVersion": self._version}
        if satisfied(self._pods):
            return
        for event in self._api.stream(self._collection, timeout=lambda: _WATCH_SECONDS, **query):
            pod = event["object"]
            assert event["type"] != "ERROR", pod
            self._version = pod["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                self._pods.pop(pod["metadata"]["name"], None)
            else:
                self._pods[pod["metadata"]["name"]] = pod
            if satisfied(self._pods):
                return
        raise AssertionError(f"the watch ended too early: {list(self._pods)}")

    def _shell(self, node: str) -> KindNodeShell:
        if node not in self._shells:
            self._shells[node] = KindNodeShell(node)
        return self._shells[node]


class KindNodeShell(Closeable):
    """An open shell on a kind node, in which a command takes a millisecond.

    Args:
        node: the name of the node.
    """

    def __init__(self, node: str) -> None:
        command = [engine.find_engine(), "exec", "-i", node, "sh"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.run(":")

    def close(self) -> None:
        """End the shell; may be called again."""
        self._process.communicate()

    def run(self, command: str) -> str:
        """Run a command and return its output."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}; echo; echo done\n".encode())
        self._process.stdin.flush()
        lines = []
        while (line := self._process.stdout.readline()) != b"done\n":
            assert line, f"the shell has ended during: {command}"
            lines.append(line.decode())
        return "".join(lines)

    def pid_of(self, container_id: str) -> str:
        """Return the process ID, on the node, of a container's process 1."""
        task = container_id.split("//")[-1]
        for line in self.run("ctr --namespace k8s.io tasks ls").splitlines():
            words = line.split()
            if words[:1] == [task]:
                return words[1]
        raise AssertionError(f"container not found on its node: {container_id}")


def is_ready(pod: PodObject) -> bool:
    """Return whether the Pod has the condition Ready."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions
    )


def has_restarted(pod: PodObject, container: str, old_id: str) -> bool:
    """Return whether a new instance of the container is ready."""
    status = container_status(pod, container)
    return bool(status["ready"]) and status["containerID"] != old_id


def container_status(pod: PodObject, container: str) -> dict[str, Any]:
    """Return the status of a container."""
    status: dict[str, Any] = next(
        status for status in pod["status"]["containerStatuses"] if status["name"] == container
    )
    return status
