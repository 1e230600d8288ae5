"""The texts that one Pod can be asked for: its YAML, its wiring, its logs, its tables of mounts."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.diagrams.text_table import render_table
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.exec.session import ExecSession
from pytest_podshare.report.redaction.secret_mask import Mask
from pytest_podshare.wiring.pod_spec import CONTAINER_FIELDS, iter_containers, read_wiring

Object = Mapping[str, Any]
Job = Callable[[], str]

# a log is asked for by its last lines, and comes to that many bytes of them at most, from the first
_LAST_LINES, _MOST_BYTES = 2000, 2**20
# every container has its account's token there, which tells nothing about sharing
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
# needs no program of the image but its shell
_MOUNTS = b"while IFS= read -r line; do printf '%s\\n' \"$line\"; done < /proc/self/mountinfo"


def wiring(spec: Object) -> str:
    """Who mounts what where, without the tokens."""
    mounted = (
        mount
        for each in iter_containers(spec, ephemeral=True)
        for mount in each.get("volumeMounts") or ()
    )
    tokens = {mount["name"] for mount in mounted if mount["mountPath"] == _TOKEN}

    def without(entries: Any) -> list[Any]:
        return [each for each in entries or () if each["name"] not in tokens]

    shown: dict[str, Any] = {**spec, "volumes": without(spec.get("volumes"))}
    for field in CONTAINER_FIELDS:
        shown[field] = [
            {**each, "volumeMounts": without(each.get("volumeMounts"))}
            for each in spec.get(field) or ()
        ]
    return render_table(read_wiring(shown))


@dataclasses.dataclass(frozen=True)
class PodTexts:
    """What a Pod can be asked for.

    Args:
        api: the API server.
        live: the Pod, as it gave it.
        mask: hides secrets in its YAML, where they have a place.
        deadline: after which nothing is asked any more.
    """

    api: Api
    live: Object
    mask: Mask
    deadline: Deadline

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """The texts by name, each as a function that asks for it."""
        yield "wiring.txt", functools.partial(wiring, self.live["spec"])
        for name, status in self._containers():
            yield f"logs/{name}.txt", functools.partial(self._log, name)
            if "terminated" in (status.get("lastState") or {}):
                previous = functools.partial(self._log, name, previous=True)
                yield f"logs/{name}.previous.txt", previous
        for name, status in self._containers():
            if "running" in (status.get("state") or {}):
                yield f"mounts/{name}.txt", functools.partial(self._mounts, name)
        yield "pod.yaml", self._yaml

    def _containers(self) -> Iterator[tuple[str, Object]]:
        known = {each["name"]: each for each in pod_status.statuses(self.live, ephemeral=True)}
        for each in iter_containers(self.live["spec"], ephemeral=True):
            yield each["name"], known.get(each["name"], {})

    def _yaml(self) -> str:
        metadata = {key: it for key, it in self.live["metadata"].items() if key != "managedFields"}
        pod = {"apiVersion": "v1", "kind": "Pod", **self.live, "metadata": metadata}
        text: str = yaml.safe_dump(
            # before it is text: there a secret may be broken into lines
            self.mask.data(pod),
            sort_keys=False,
            allow_unicode=True,
            width=float("inf"),
        )
        return text

    def _log(self, container: str, *, previous: bool = False) -> str:
        path = pod_path(self._namespace, self._name, "log")
        try:
            said = self.api.text(
                path,
                patience=self.deadline.left,
                container=container,
                previous=str(previous).lower(),
                tailLines=str(_LAST_LINES),
                limitBytes=str(_MOST_BYTES),
            )
        except errors.ApiError as error:
            # most often it has not been started; the server's own words say so
            return f"({error.details})"
        if len(said.encode(errors="replace")) < _MOST_BYTES:
            return said or "(empty)"
        whole, _, _ = said.rpartition("\n")
        return f"{whole}\n… the lines are too long for all of them to be had: more follow"

    def _mounts(self, container: str) -> str:
        """The lines of its volumes first; the rest is what every container has."""
        left = self.deadline.left
        with ExecSession(self.api, self._namespace, self._name, container, timeout=left) as session:
            said = session.run(_MOUNTS, timeout=self.deadline.left).stdout
        lines = said.decode(errors="replace").splitlines()
        paths = self._paths(container)
        ours = [line for line in lines if _is_at(line, paths)]
        return "\n".join([*ours, "", *(line for line in lines if line not in ours)])

    def _paths(self, container: str) -> tuple[str, ...]:
        every = iter_containers(self.live["spec"], ephemeral=True)
        found = (each for each in every if each["name"] == container)
        return tuple(
            mount["mountPath"].rstrip("/")
            for each in found
            for mount in each.get("volumeMounts") or ()
            if mount["mountPath"] != _TOKEN
        )

    @property
    def _name(self) -> str:
        return str(self.live["metadata"]["name"])

    @property
    def _namespace(self) -> str:
        return str(self.live["metadata"]["namespace"])


def _is_at(line: str, paths: tuple[str, ...]) -> bool:
    """Whether a line of mountinfo is of a mount at or below one of the paths."""
    # the mount point is the fifth field
    at = f"{line.split(' ')[4]}/" if line.count(" ") > 4 else ""
    return any(at.startswith(f"{path}/") for path in paths)
