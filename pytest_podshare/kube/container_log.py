"""The last log lines of a container, for errors and reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import Api, pod_path

# bytes of a log to request, and characters of a line to show
_LOG_BYTES, _LINE_LENGTH = 64 * 1024, 300
# how the kubelet's answer begins if it has no log of a container, or not yet
NO_LOG = "unable to retrieve container logs"
# how many of a crashed container's last log lines an error shows
LAST_LINES = 5


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
    has_ended = "terminated" in pod_status.find_container_status(pod, container)["state"]
    for previous in (False, True) if has_ended else (True, False):
        try:
            lines = read_lines(api, pod, container, count, previous=previous, timeout=timeout)
        except errors.ApiError:
            continue
        except errors.ClusterError:
            break
        if lines and not lines[0].startswith(NO_LOG):
            return lines
    return ()


def read_lines(
    api: Api,
    pod: Mapping[str, Any],
    container: str,
    count: int,
    *,
    previous: bool = False,
    timeout: float | None = None,
) -> tuple[str, ...]:
    """Return the last log lines of a container's latest instance that are not empty.

    With `previous`, those of the instance before its last restart. The other arguments are those
    of `read_last_lines`.

    Raises:
        ClusterError: the API server does not return the log.
    """
    metadata = pod["metadata"]
    log = api.get_text(
        pod_path(metadata["namespace"], metadata["name"], "log"),
        timeout=timeout,
        container=container,
        previous=str(previous).lower(),
        tailLines=str(count),
        limitBytes=str(_LOG_BYTES),
    )
    return tuple(line[:_LINE_LENGTH] for line in log.splitlines() if line.strip())


def with_lines(error: errors.PodError, container: str, lines: Iterable[str]) -> errors.PodError:
    """Return an error that also shows the last log lines of the container that has crashed."""
    shown = (f"  {container}: {line}" for line in lines)
    return error.with_remedy("\n".join([error.remedy, *shown]))
