"""The floor under a Pod's life: the least that it takes to start, restart and delete Pods here.

Plain requests and one watch, for as many Pods as are given, all at once; a container is killed
through a shell on its node that is open already. Nothing is written, looked at or proved, and none
of our waiting is used: whatever we take beyond that is ours.
"""

from __future__ import annotations

import copy
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from benchmarks.stage import SHAREVOL
from pytest_podshare.cluster import nodes
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.owner import Owner

Live = dict[str, Any]

# seconds for a watch to say anything
_PATIENCE = 600


def sharevol(number: int = 0) -> dict[str, Any]:
    """The Pod of manifests/sharevol.yaml, under a name of its own."""
    manifest: dict[str, Any] = yaml.safe_load(SHAREVOL.read_text())
    manifest["metadata"]["name"] += f"-{number}"
    for container in manifest["spec"]["containers"]:
        container["imagePullPolicy"] = "IfNotPresent"
    return manifest


class Bare(Owner):
    """All Pods of a namespace. Close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: where the Pods are, or are to be.
    """

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._collection = pod_path(namespace)
        self._live: dict[str, Live] = {}
        self._version = ""
        self._shells: dict[str, NodeShell] = {}
        self.adopt()

    def close(self) -> None:
        """End the shells on the nodes; may be called again."""
        while self._shells:
            self._shells.popitem()[1].close()

    def adopt(self) -> None:
        """Take what is there for what is to be driven."""
        listed = self._api.get(self._collection)
        self._version = listed["metadata"]["resourceVersion"]
        self._live = {each["metadata"]["name"]: each for each in listed["items"]}

    def start(self, manifests: Iterable[dict[str, Any]]) -> float:
        """Create them and wait until all are ready; gives the seconds."""
        wanted = list(copy.deepcopy(list(manifests)))
        begun = time.perf_counter()
        for each in wanted:
            self._api.post(self._collection, each)
        self._watch(lambda live: len(live) == len(wanted) and all(map(is_ready, live.values())))
        return time.perf_counter() - begun

    def restart(self, container: str) -> float:
        """Kill that container of all Pods and wait until each is ready again; gives the seconds."""
        old = {name: status(each, container)["containerID"] for name, each in self._live.items()}
        kills: dict[str, list[str]] = {}
        for name, each in self._live.items():
            node = each["spec"]["nodeName"]
            kills.setdefault(node, []).append(self._shell(node).pid_of(old[name]))
        begun = time.perf_counter()
        for node, pids in kills.items():
            self._shell(node).run(f"kill -9 {' '.join(pids)}")
        self._watch(
            lambda live: all(is_anew(each, container, old[name]) for name, each in live.items())
        )
        return time.perf_counter() - begun

    def delete(self) -> float:
        """Delete all of them, with one second of grace, and wait; gives the seconds."""
        begun = time.perf_counter()
        self._api.delete(self._collection, gracePeriodSeconds=1)
        self._watch(lambda live: not live)
        return time.perf_counter() - begun

    def _watch(self, satisfied: Callable[[dict[str, Live]], bool]) -> None:
        query = {"watch": "true", "resourceVersion": self._version}
        if satisfied(self._live):
            return
        for change in self._api.lines(self._collection, patience=lambda: _PATIENCE, **query):
            seen = change["object"]
            assert change["type"] != "ERROR", seen
            self._version = seen["metadata"]["resourceVersion"]
            if change["type"] == "DELETED":
                self._live.pop(seen["metadata"]["name"], None)
            else:
                self._live[seen["metadata"]["name"]] = seen
            if satisfied(self._live):
                return
        raise AssertionError(f"the watch ended before that: {list(self._live)}")

    def _shell(self, node: str) -> NodeShell:
        if node not in self._shells:
            self._shells[node] = NodeShell(node)
        return self._shells[node]


class NodeShell(Owner):
    """A shell on a node of kind, kept open: a command costs a millisecond.

    Args:
        node: its name.
    """

    def __init__(self, node: str) -> None:
        command = [nodes.engine_program(), "exec", "-i", node, "sh"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.run(":")

    def close(self) -> None:
        """End it; may be called again."""
        self._process.communicate()

    def run(self, command: str) -> str:
        """Run a command; gives what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}; echo; echo done\n".encode())
        self._process.stdin.flush()
        lines = []
        while (line := self._process.stdout.readline()) != b"done\n":
            assert line, f"the shell has ended at {command}"
            lines.append(line.decode())
        return "".join(lines)

    def pid_of(self, container_id: str) -> str:
        """The process id of a container's process 1, on the node."""
        wanted = container_id.split("//")[-1]
        for line in self.run("ctr --namespace k8s.io tasks ls").splitlines():
            words = line.split()
            if words[:1] == [wanted]:
                return words[1]
        raise AssertionError(f"no such container on its node: {container_id}")


def is_ready(pod: Live) -> bool:
    """Whether the kubelet says so of the Pod."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_anew(pod: Live, container: str, old: str) -> bool:
    """Whether another instance of a container is ready."""
    now = status(pod, container)
    return bool(now["ready"]) and now["containerID"] != old


def status(pod: Live, container: str) -> Live:
    """What the kubelet says of a container."""
    found: Live = next(
        each for each in pod["status"]["containerStatuses"] if each["name"] == container
    )
    return found
