"""What reports show: checks, the Pods they were made on, and the tests that made them."""

from __future__ import annotations

import dataclasses

from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check
from pytest_podshare.wiring.model import Wiring

# beside the verdicts of a check: one that is broken, or unknown, and was meant to be by its test
EXPECTED = "expected"
VERDICTS = (BROKEN, UNKNOWN, EXPECTED, HELD)


@dataclasses.dataclass(frozen=True)
class ClusterRecord:
    """The cluster that a Pod ran on; fields are named as those of `cluster.record.Cluster`."""

    provider: str
    name: str
    server: str
    version: str


@dataclasses.dataclass(frozen=True)
class PodRecord:
    """A Pod as a report shows it.

    Args:
        manifest: where it came from: a path, or `<YAML text>`.
        kind: of the object that it came from: `Pod`, `Deployment`, …
        name: namespace and name.
        node: the node it ran on.
        wiring: who mounts what where, without what every container has.
        cluster: where it ran.
        stand_in: the image that ran in place of the applications; "" where they ran themselves.
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
    """A check, the Pod that it was made on, and the test that made it.

    Args:
        check: what the assertion left.
        pod: what it was made on.
        test: the test's node id.
        failed: whether the test failed for it, as far as one can know.
    """

    check: Check
    pod: PodRecord
    test: str
    failed: bool

    @property
    def verdict(self) -> str:
        """The check's own; `expected` where it is not `held`, and the test is content with that."""
        if self.check.verdict == HELD or self.failed:
            return self.check.verdict
        return EXPECTED


@dataclasses.dataclass(frozen=True)
class PhaseReport:
    """What one phase of a test told.

    Args:
        test: its node id.
        phase: `setup`, `call` or `teardown`.
        failed: whether it failed.
        error: the whole failure, where no check tells it; "" elsewhere.
        start: when it began, in seconds since 1970.
        stop: when it ended.
        checks: what it checked, in order.
    """

    test: str
    phase: str
    failed: bool
    error: str
    start: float
    stop: float
    checks: tuple[CheckRecord, ...]
