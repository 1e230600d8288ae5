"""What a container prints, as `kubectl logs` shows it."""

from __future__ import annotations

import re
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.assertions.recording import promise_broken, recorded
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
    """Prove that a container's log shows something, and, if asked, not something else.

    A sidecar that streams a file to its own output proves by that what it sees in the volume.
    What it `lacks` is judged on the same log that shows what it contains: an empty log proves
    nothing.

    Args:
        pod: the Pod.
        container: the container, of any sort, also an init container that has ended.
        text: what a line must contain; or
        pattern: a regular expression that must match in a line.
        lacks: text that no line may contain.
        timeout: seconds until it must be there; None for --podshare-visible-timeout.

    Returns:
        Evidence, with the line.

    Raises:
        AssertionError: no line shows it, or one shows what must be lacking.
        UnknownContainer: the Pod has no such container.
        TypeError: neither a text nor a pattern was given, or both.
    """
    if (text is None) == (pattern is None):
        raise TypeError("give text= or pattern=, one of them")
    begun = time.monotonic()
    patience = pod.live.timeouts.or_given("visible", timeout)
    wanted = re.compile(pattern if pattern is not None else re.escape(text or ""))
    deadline = Deadline(patience)
    lines = poll(
        lambda: _lines(pod[container], deadline),
        until=lambda lines: any(wanted.search(line) for line in lines),
        deadline=deadline,
        first=0.02,
    )
    shown = [line for line in lines if wanted.search(line)]
    asked = f"text {text!r}" if text is not None else f"pattern {pattern!r}"
    if not shown:
        raise promise_broken(
            pod,
            f"the log of {container!r} does not show it",
            expected=asked,
            got=_last(lines) + f"  (for {patience:g} s)",
            where=f"{container} {failure.mounted(pod.wiring, container)}",
            # the API server has the log: nobody looks into the container for it
            containers=[],
            cause=volume_causes.explain_missing_log_line(pod, container),
        )
    wrong = [line for line in lines if lacks is not None and lacks in line]
    if wrong:
        raise promise_broken(
            pod,
            f"the log of {container!r} shows what it must lack",
            expected=f"no line with {lacks!r}",
            got=f"{len(wrong)} of {len(lines)} lines, the first {wrong[0]!r:.100}",
            containers=[],
            cause=Cause("another content", f"{container} has printed it"),
        )
    without = "" if lacks is None else f" and lacks {lacks!r}"
    return pod.record(
        f"the log of {container} shows {asked}{without}",
        method="log of the container",
        begun=begun,
        events=[f"{shown[0]:.100}"],
        containers=[],
    )


def _lines(container: Container, deadline: Deadline) -> list[str]:
    """What it has printed so far; nothing as long as only the API server's asking failed."""
    try:
        return container.logs().splitlines()
    except errors.ClusterError as error:
        # a kubelet that is busy is answered for with 500
        if deadline.over or not is_transient(error, known=False):
            raise
        return []


def _last(lines: list[str]) -> str:
    return f"the last of {len(lines)} lines {lines[-1]!r:.100}" if lines else "an empty log"
