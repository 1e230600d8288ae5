"""The content of reports: checks, the Pods that they ran on, and the tests that ran them."""

from __future__ import annotations

import dataclasses

from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check
from pytest_podshare.wiring.model import Wiring

# the verdicts of a check that is broken or unknown in a test that was skipped, or did not fail
# because of it
SKIPPED, EXPECTED = "skipped", "expected"
# all verdicts, the most urgent first
VERDICTS = (BROKEN, UNKNOWN, SKIPPED, EXPECTED, HELD)


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
        template: the kind and name of the object with its Pod template: `Deployment/web`.
        wiring: its mounts, without the service account token.
        name: its namespace and name; "" if it was not deployed.
        node: the node that it ran on; "" if it was not deployed.
        cluster: the cluster that it ran on; None if it was not deployed.
        stand_in: the image that ran instead of the application images; "" if those ran.
    """

    manifest: str
    template: str
    wiring: Wiring
    name: str = ""
    node: str = ""
    cluster: ClusterRecord | None = None
    stand_in: str = ""


@dataclasses.dataclass(frozen=True)
class CheckRecord:
    """A check in a report, or a promise of a manifest that was not checked.

    Args:
        check: what the assertion recorded; of a promise that was not checked, what it is about.
        pod: the Pod that it checked.
        test: the test's node id.
        failed: whether the test failed because of it, as far as this is known.
        reason: why its test was skipped; "" if it was not.
        is_checked: whether the assertion was called.
    """

    check: Check
    pod: PodRecord
    test: str
    failed: bool
    reason: str = ""
    is_checked: bool = True

    @property
    def verdict(self) -> str:
        """Return the check's verdict, or why it does not count if it did not hold."""
        if self.check.verdict == HELD or self.failed:
            return self.check.verdict
        return SKIPPED if self.reason else EXPECTED

    @property
    def needs_attention(self) -> bool:
        """Return whether a person should read it."""
        return self.verdict in (BROKEN, UNKNOWN)


@dataclasses.dataclass(frozen=True)
class PromiseRecord:
    """A promise of a manifest, for the report of a test that ends before it is checked.

    Args:
        assertion: the name of the assertion that proves it.
        containers: the containers that it names, the writer first; empty for all of them.
        volumes: the volumes that it is about.
        pod: the Pod of its template, which may not be deployed.
    """

    assertion: str
    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    pod: PodRecord


@dataclasses.dataclass(frozen=True)
class PhaseReport:
    """The report of one phase of a test.

    Args:
        test: the test's node id.
        phase: `setup`, `call` or `teardown`.
        failed: whether it failed.
        error: the whole failure, if none of its checks contains it; "" otherwise.
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
