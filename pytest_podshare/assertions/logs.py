"""Proof of what a container prints, as `kubectl logs` shows it."""

from __future__ import annotations

import re
import time

from pytest_podshare import errors
from pytest_podshare.assertions.failure import describe_mounts, promise_broken
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.kube.transient import is_transient
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_log_contains(
    pod: Pod,
    *,
    container: str,
    text: str | None = None,
    pattern: str | None = None,
    lacks: str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that a container's log contains a line and, with `lacks`, does not contain another.

    A sidecar that copies a file to its own output proves in this way what it sees in the volume.
    Both claims are about the same log, since an empty log would lack everything.

    Kubernetes promises that the kubelet makes available what a container writes to stdout and
    stderr (documentation: Logging Architecture).

    Args:
        pod: the Pod.
        container: name of a container of any kind, also of a completed init container.
        text: text that a line must contain; pass either this or `pattern`.
        pattern: regular expression that must match in a line.
        lacks: text that no line may contain.
        timeout: seconds until the line must appear; None for --podshare-visible-timeout.

    Returns:
        Evidence, with the line.

    Raises:
        AssertionError: no line contains it, or a line contains `lacks`.
        UnknownContainer: the Pod has no such container.
        TypeError: neither `text` nor `pattern` was passed, or both were.
    """
    if (text is None) == (pattern is None):
        raise TypeError("pass either text= or pattern=")
    handle = pod[container]
    start = time.monotonic()
    expected = re.compile(pattern if pattern is not None else re.escape(text or ""))
    described = f"text {text!r}" if text is not None else f"pattern {pattern!r}"
    deadline = pod.live.deadline("visible", timeout)
    lines = poll(
        lambda: _read_lines(handle, deadline),
        until=lambda lines: any(expected.search(line) for line in lines),
        deadline=deadline,
        first=0.02,
    )
    found = next((line for line in lines if expected.search(line)), None)
    if found is None:
        last = f"{_count(lines)}, the last {lines[-1]!r:.100}" if lines else "an empty log"
        raise promise_broken(
            pod,
            f"the log of {container!r} does not contain the expected line",
            expected=described,
            got=f"{last}  (for {deadline.seconds:g} s)",
            where=f"{container} {describe_mounts(handle)}",
            cause=volume_causes.explain_missing_log_line(pod, handle),
        )
    unwanted = [line for line in lines if lacks is not None and lacks in line]
    if unwanted:
        headline = f"the log of {container!r} contains a line that it must not contain"
        got = f"{len(unwanted)} of {_count(lines)}, the first {unwanted[0]!r:.100}"
        cause = Cause("different content", f"{container} printed the line")
        raise promise_broken(
            pod, headline, expected=f"no line with {lacks!r}", got=got, cause=cause
        )
    without = "" if lacks is None else f" and does not contain {lacks!r}"
    claim, method = f"the log of {container} contains {described}{without}", "log of the container"
    # the API server has the log, so no container is inspected
    return pod.create_evidence(claim, method, start=start, events=[f"{found:.100}"], containers=[])


def _count(lines: list[str]) -> str:
    return f"{len(lines)} line{'' if len(lines) == 1 else 's'}"


def _read_lines(container: Container, deadline: Deadline) -> list[str]:
    """Return what a container has printed so far; nothing while the API server's answer fails."""
    try:
        return container.logs().splitlines()
    except errors.ClusterError as error:
        # the API server answers 500 if the kubelet is busy
        if deadline.over or not is_transient(error, known=False):
            raise
        return []
