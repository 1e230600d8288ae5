"""The last log lines of a container, for errors and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import Api, pod_path

# bytes of a log to request, and characters of a line to show
_LOG_BYTES, _LINE_LENGTH = 64 * 1024, 300
# how the kubelet's answer begins if it has no log of a container, or not yet
_NO_LOG = "unable to retrieve container logs"


def read_last_lines(
    api: Api, pod: Mapping[str, Any], container: str, count: int, *, timeout: float | None = None
) -> tuple[str, ...]:
    """Return a container's last log lines that are not empty; () if they cannot be read.

    They are those of the instance that ended last; of a running one if none has ended.

    Args:
        api: the API server.
        pod: the Pod.
        container: the container's name.
        count: how many lines to return at most.
        timeout: seconds for the API server to answer; None for the default.
    """
    metadata = pod["metadata"]
    path = pod_path(metadata["namespace"], metadata["name"], "log")
    has_ended = "terminated" in pod_status.find_container_status(pod, container)["state"]
    for previous in ("false", "true") if has_ended else ("true", "false"):
        try:
            log = api.get_text(
                path,
                timeout=timeout,
                container=container,
                previous=previous,
                tailLines=str(count),
                limitBytes=str(_LOG_BYTES),
            )
        except errors.ApiError:
            continue
        except errors.ClusterError:
            break
        lines = [line[:_LINE_LENGTH] for line in log.splitlines() if line.strip()]
        if lines and not log.startswith(_NO_LOG):
            return tuple(lines)
    return ()
