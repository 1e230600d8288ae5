"""Carry a test's checks to the report, as plain data on pytest's own report of the test.

pytest-xdist carries that data from its workers. Only what reports show is sent: no command, no
environment and no Secret of a Pod's spec.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact, PodshareError, PromiseBroken
from pytest_podshare.pods.evidence import HELD, Check, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.records import CheckRecord, ClusterRecord, PhaseReport, PodRecord
from pytest_podshare.report.redaction import secret_mask
from pytest_podshare.report.redaction.secret_mask import Mask
from pytest_podshare.wiring.account_token import without_account_token
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_ATTRIBUTE = "podshare"
# characters of an error that is not the plugin's, which may contain a whole file
_ERROR_LENGTH = 4000
# the fields of a check that may quote a secret
_QUOTING_FIELDS = ("headline", "method", "lines", "facts")
# the fields that are sent of each record
_CLUSTER_FIELDS = tuple(field.name for field in dataclasses.fields(ClusterRecord))
_MOUNT_FIELDS = ("volume", "path", "sub_path", "read_only")
_VOLUME_FIELDS = ("name", "kind", "medium", "size_limit", "source")


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
    ) -> None:
        """Add all new checks to the report.

        Args:
            report: pytest's report of the phase that has just ended.
            pods: the Pods that the test may have checked.
            raised: why it failed; None if it did not.
            incidents: what happened to the Pods by itself.
            warnings: what the API server warned of when objects were created.
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
            pod_data.append(_from_pod(pod))
        if checks or raised or incidents or warnings:
            error = ""
            if raised and not is_explained:
                error = Mask().redact_text(_describe(raised))[:_ERROR_LENGTH]
            data = {"pods": pod_data, "checks": checks, "error": error, "incidents": incidents}
            data["warnings"] = [Mask().redact_text(text) for text in warnings]
            report.__dict__[_ATTRIBUTE] = _to_sendable(data)

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
    pods = [_to_pod(pod) for pod in data["pods"]]
    checks = (
        CheckRecord(
            _to_check(check),
            pods[check["pod_index"]],
            report.nodeid,
            report.failed and check["failed"],
        )
        for check in data["checks"]
    )
    return PhaseReport(
        test=report.nodeid,
        phase=str(report.when),
        failed=report.failed,
        error=data["error"],
        start=report.start,
        stop=report.stop,
        checks=tuple(checks),
        incidents=tuple(data["incidents"]),
        warnings=tuple(data["warnings"]),
    )


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


def _from_pod(pod: Pod) -> dict[str, Any]:
    return {
        "manifest": pod.manifest.origin,
        "kind": pod.manifest.subject["kind"],
        "name": str(pod),
        "node": pod.node,
        "stand_in": pod.manifest.stand_in,
        "wiring": _from_wiring(without_account_token(pod.wiring)),
        "cluster": _select(pod.cluster, _CLUSTER_FIELDS),
    }


def _from_wiring(wiring: Wiring) -> dict[str, Any]:
    return {
        "containers": [
            {
                "name": container.name,
                "role": container.role,
                "mounts": [_select(mount, _MOUNT_FIELDS) for mount in container.mounts],
            }
            for container in wiring.containers
        ],
        "volumes": [_select(volume, _VOLUME_FIELDS) for volume in wiring.volumes],
    }


def _select(record: object, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in fields}


def _to_sendable(value: Any) -> Any:
    """Return data that xdist can send: lists, and no file name that is not UTF-8."""
    if isinstance(value, dict):
        return {name: _to_sendable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_sendable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _to_check(data: Mapping[str, Any]) -> Check:
    fields = {field.name: data[field.name] for field in dataclasses.fields(Check)}
    fields |= {name: tuple(data[name]) for name in ("containers", "volumes")}
    fields["facts"] = tuple(Fact(**fact) for fact in data["facts"])
    fields["lines"] = tuple(
        Step(**line) if "action" in line else Note(**line) for line in data["lines"]
    )
    return Check(**fields)


def _to_pod(data: Mapping[str, Any]) -> PodRecord:
    containers = tuple(
        ContainerSpec(
            container["name"],
            container["role"],
            tuple(VolumeMount(**mount) for mount in container["mounts"]),
        )
        for container in data["wiring"]["containers"]
    )
    volumes = tuple(VolumeSpec(**volume) for volume in data["wiring"]["volumes"])
    cluster = ClusterRecord(**data["cluster"])
    return PodRecord(**{**data, "wiring": Wiring(containers, volumes), "cluster": cluster})
