"""Carry a test's checks to the report, as plain data on pytest's own report of the test.

pytest-xdist carries that data from its workers.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from pytest_podshare.errors import PodshareError, PromiseBroken
from pytest_podshare.pods.evidence import HELD, Check
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report import record_data
from pytest_podshare.report.records import CheckRecord, PhaseReport, PromiseRecord
from pytest_podshare.report.redaction import secret_mask
from pytest_podshare.report.redaction.secret_mask import Mask

_ATTRIBUTE = "podshare"
# characters of an error that is not the plugin's, which may contain a whole file
_ERROR_LENGTH = 4000
# the fields of a check that may quote a secret
_QUOTING_FIELDS = ("headline", "method", "lines", "facts")


class Sender:
    """Adds the checks of each phase of a test to its report, each check once."""

    def __init__(self) -> None:
        # a Pod may outlive a test, and be checked by the next
        self._sent: weakref.WeakKeyDictionary[Pod, int] = weakref.WeakKeyDictionary()

    def send(
        self,
        report: pytest.TestReport,
        pods: Iterable[Pod],
        raised: pytest.ExceptionInfo[BaseException] | None,
        incidents: Sequence[str] = (),
        warnings: Sequence[str] = (),
        promise: PromiseRecord | None = None,
    ) -> None:
        """Add all new checks to the report.

        Args:
            report: pytest's report of the phase that has just ended.
            pods: the Pods that the test may have checked.
            raised: why it failed; None if it did not.
            incidents: what happened to the Pods by itself.
            warnings: what the API server warned of when objects were created.
            promise: what the test was to check, if it is the test of a promise of a manifest.
        """
        pod_data, checks = list[dict[str, Any]](), list[dict[str, Any]]()
        unsent = [(pod, new) for pod in pods if (new := self._take_new(pod))]
        is_explained = any(_is_failure_of(check, raised) for _, new in unsent for check in new)
        for pod, new in unsent:
            mask = _create_mask(pod)
            for check in new:
                data = dataclasses.asdict(check)
                data |= {name: mask.redact(data[name]) for name in _QUOTING_FIELDS}
                # if no check explains the failure, any of them may have caused it
                failed = _is_failure_of(check, raised) or not is_explained
                checks.append({**data, "pod_index": len(pod_data), "failed": failed})
            pod_data.append(record_data.from_pod(pod))
        is_unchecked = promise is not None and not checks and _has_ended(report)
        if checks or raised or incidents or warnings or is_unchecked:
            error = ""
            if raised and not is_explained:
                error = Mask().redact_text(_describe(raised))[:_ERROR_LENGTH]
            data = {"pods": pod_data, "checks": checks, "error": error, "incidents": incidents}
            data["warnings"] = [Mask().redact_text(text) for text in warnings]
            data["promise"] = (
                record_data.from_promise(promise) if promise and is_unchecked else None
            )
            report.__dict__[_ATTRIBUTE] = record_data.to_sendable(data)

    def _take_new(self, pod: Pod) -> list[Check]:
        new = pod.checks[self._sent.get(pod, 0) :]
        self._sent[pod] = len(pod.checks)
        return new


def receive(terminalreporter: pytest.TerminalReporter) -> list[PhaseReport]:
    """Return the reports of all tests, from every worker, in order of time."""
    reports = [
        _to_phase_report(report, report.__dict__[_ATTRIBUTE])
        for reports in terminalreporter.stats.values()
        for report in reports
        if _ATTRIBUTE in getattr(report, "__dict__", ())
    ]
    return sorted(reports, key=lambda report: report.start)


def _to_phase_report(report: pytest.TestReport, data: Mapping[str, Any]) -> PhaseReport:
    pods = [record_data.to_pod(pod) for pod in data["pods"]]
    error, reason = data["error"], _find_skip_reason(report)
    checks = [
        CheckRecord(
            record_data.to_check(check),
            pods[check["pod_index"]],
            report.nodeid,
            report.failed and check["failed"],
            reason,
        )
        for check in data["checks"]
    ]
    if data["promise"]:
        check, pod = record_data.to_unchecked(data["promise"], error or reason)
        checks.append(CheckRecord(check, pod, report.nodeid, report.failed, reason, False))
        error = ""
    return PhaseReport(
        test=report.nodeid,
        phase=str(report.when),
        failed=report.failed,
        error=error,
        start=report.start,
        stop=report.stop,
        checks=tuple(checks),
        incidents=tuple(data["incidents"]),
        warnings=tuple(data["warnings"]),
    )


def _has_ended(report: pytest.TestReport) -> bool:
    """Return whether a test has failed or was skipped, before it is torn down."""
    is_expected = hasattr(report, "wasxfail")
    return report.when != "teardown" and not report.passed and not is_expected


def _find_skip_reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped; "" if it was not."""
    is_skipped = report.skipped and not hasattr(report, "wasxfail")
    if not is_skipped or not isinstance(report.longrepr, tuple | list):
        return ""
    return Mask().redact_text(str(report.longrepr[-1]).removeprefix("Skipped: "))


def _is_failure_of(check: Check, raised: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """Return whether the test failed because of this check."""
    error = raised.value if raised else None
    if check.verdict == HELD or not isinstance(error, PodshareError | PromiseBroken):
        return False
    return (check.headline, check.facts) == (error.what, error.facts)


def _describe(raised: pytest.ExceptionInfo[BaseException]) -> str:
    if isinstance(raised.value, PodshareError | PromiseBroken | pytest.fail.Exception):
        return str(raised.value)
    return raised.exconly()


def _create_mask(pod: Pod) -> Mask:
    """Return a mask for the secrets of a Pod's manifest.

    The report of a failed test is masked once more, for the secrets that only the cluster knows.
    """
    secrets = (item for item in pod.manifest.others if item.get("kind") == "Secret")
    return Mask(secret_mask.find_secret_values(secrets, [pod.manifest.pod]))
