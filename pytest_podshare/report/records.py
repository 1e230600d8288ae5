"""The content of reports: checks, the Pods that they ran on, and the tests that ran them."""

from __future__ import annotations

import dataclasses

from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check
from pytest_podshare.wiring.model import Wiring

# the verdict of a broken or unknown check in a test that did not fail because of it
EXPECTED = "expected"
# all verdicts, the most urgent first
VERDICTS = (BROKEN, UNKNOWN, EXPECTED, HELD)


def verdict_label(verdict: str) -> str:
    """Return a verdict as reports show it."""
    return "expected failure" if verdict == EXPECTED else verdict


@dataclasses.dataclass(frozen=True)
class ClusterRecord:
    """The cluster that a Pod ran on; its fields are named as in `cluster.connection.Cluster`."""

    provider: str
    name: str
    server: str
    version: str


@dataclasses.dataclass(frozen=True)
class PodRecord:
    """A Pod in a report.

    Args:
        manifest: its origin: a path, or `<YAML text>`.
        kind: the kind of the object in the manifest: `Pod`, `Deployment`, …
        name: its namespace and name.
        node: the node that it ran on.
        wiring: its mounts, without the service account token.
        cluster: the cluster that it ran on.
        stand_in: the image that ran instead of the application images; "" if those ran.
    """

    manifest: str
    kind: str
    name: str
    node: str
    wiring: Wiring
    cluster: ClusterRecord
    stand_in: str = ""


@dataclasses.dataclass(frozen=True)
class CheckRecord:
    """A check in a report.

    Args:
        check: what the assertion recorded.
        pod: the Pod that it checked.
        test: the test's node id.
        failed: whether the test failed because of it, as far as this is known.
    """

    check: Check
    pod: PodRecord
    test: str
    failed: bool

    @property
    def verdict(self) -> str:
        """Return the check's verdict; `expected` if it did not hold and its test did not mind."""
        if self.check.verdict == HELD or self.failed:
            return self.check.verdict
        return EXPECTED

    @property
    def needs_attention(self) -> bool:
        """Return whether a person should read it."""
        return self.verdict in (BROKEN, UNKNOWN)


@dataclasses.dataclass(frozen=True)
class PhaseReport:
    """The report of one phase of a test.

    Args:
        test: the test's node id.
        phase: `setup`, `call` or `teardown`.
        failed: whether it failed.
        error: the whole failure, if no check contains it; "" otherwise.
        start: when it started, in seconds since 1970.
        stop: when it ended.
        checks: its checks, in order.
        incidents: what happened to its Pods by itself.
        warnings: what the API server warned of when its objects were created.
    """

    test: str
    phase: str
    failed: bool
    error: str
    start: float
    stop: float
    checks: tuple[CheckRecord, ...]
    incidents: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
