"""Everything that one Pod can be asked for: its YAML, wiring, logs and mount tables."""

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
from pytest_podshare.wiring.account_token import MOUNT_PATH, without_account_token
from pytest_podshare.wiring.pod_spec import iter_containers, read_wiring

Object = Mapping[str, Any]
Job = Callable[[], str]

# the API server returns that many last lines of a log, and of these the first bytes
_LOG_LINES, _LOG_BYTES = 2000, 2**20
# needs no program of the image but its shell
_PRINT_MOUNTS = b"while IFS= read -r line; do printf '%s\\n' \"$line\"; done < /proc/self/mountinfo"


def format_wiring(spec: Object) -> str:
    """Return the mounts of a Pod as a table."""
    return render_table(without_account_token(read_wiring(spec)))


@dataclasses.dataclass(frozen=True)
class PodDump:
    """The attachments of one Pod.

    Args:
        api: the API server.
        pod: the Pod, as the API server returned it.
        mask: hides secrets in its YAML.
        deadline: when to stop asking.
    """

    api: Api
    pod: Object
    mask: Mask
    deadline: Deadline

    def list_jobs(self) -> Iterator[tuple[str, Job]]:
        """Yield the name of each attachment with the function that fetches it."""
        yield "wiring.txt", functools.partial(format_wiring, self.pod["spec"])
        statuses = self._list_statuses()
        for name, status in statuses.items():
            yield f"logs/{name}.txt", functools.partial(self._fetch_log, name)
            if "terminated" in (status.get("lastState") or {}):
                fetch = functools.partial(self._fetch_log, name, previous=True)
                yield f"logs/{name}.previous.txt", fetch
        for name, status in statuses.items():
            if "running" in (status.get("state") or {}):
                yield f"mounts/{name}.txt", functools.partial(self._fetch_mounts, name)
        yield "pod.yaml", self._format_yaml

    def _list_statuses(self) -> dict[str, Object]:
        """Return the status of each container in the spec, even if it has none yet."""
        statuses = pod_status.container_statuses(self.pod, ephemeral=True)
        known = {status["name"]: status for status in statuses}
        specs = iter_containers(self.pod["spec"], ephemeral=True)
        return {spec["name"]: known.get(spec["name"], {}) for spec in specs}

    def _format_yaml(self) -> str:
        metadata = {**self.pod["metadata"]}
        metadata.pop("managedFields", None)
        pod = {"apiVersion": "v1", "kind": "Pod", **self.pod, "metadata": metadata}
        text: str = yaml.safe_dump(
            # masked as data, since YAML may wrap a secret
            self.mask.redact(pod),
            sort_keys=False,
            allow_unicode=True,
            width=float("inf"),
        )
        return text

    def _fetch_log(self, container: str, *, previous: bool = False) -> str:
        try:
            log = self.api.get_text(
                pod_path(*self._path, "log"),
                timeout=self.deadline.left,
                container=container,
                previous=str(previous).lower(),
                tailLines=str(_LOG_LINES),
                limitBytes=str(_LOG_BYTES),
            )
        except errors.ApiError as error:
            # usually the container has not started; the API server's message explains it
            return f"({error.details})"
        if len(log.encode(errors="replace")) < _LOG_BYTES:
            return log or "(empty)"
        complete, _, _ = log.rpartition("\n")
        return f"{complete}\n… truncated: the API server returned no more than 1 MiB"

    def _fetch_mounts(self, container: str) -> str:
        """Return the container's mount table; its own volumes first, then what every one has."""
        left = self.deadline.left
        with ExecSession(self.api, *self._path, container, timeout=left) as session:
            table = session.run(_PRINT_MOUNTS, timeout=self.deadline.left).stdout
        lines = table.decode(errors="replace").splitlines()
        paths = self._list_mount_paths(container)
        volumes = [line for line in lines if _is_below(line, paths)]
        return "\n".join([*volumes, "", *(line for line in lines if line not in volumes)])

    def _list_mount_paths(self, container: str) -> tuple[str, ...]:
        specs = iter_containers(self.pod["spec"], ephemeral=True)
        return tuple(
            mount["mountPath"].rstrip("/")
            for spec in specs
            if spec["name"] == container
            for mount in spec.get("volumeMounts") or ()
            if mount["mountPath"] != MOUNT_PATH
        )

    @property
    def _path(self) -> tuple[str, str]:
        metadata = self.pod["metadata"]
        return metadata["namespace"], metadata["name"]


def _is_below(line: str, paths: tuple[str, ...]) -> bool:
    """Return whether a line of mountinfo is about a mount at or below one of the paths."""
    # the mount point is the fifth field
    mount_point = f"{line.split(' ')[4]}/" if line.count(" ") > 4 else ""
    return any(mount_point.startswith(f"{path}/") for path in paths)
