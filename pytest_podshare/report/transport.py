"""What a test tells a report, as plain data on pytest's own report of it, and as records again.

pytest-xdist carries the data from its workers to the process that shows it. Only what is shown
travels: no command, no environment and no Secret of a Pod's spec.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest

from pytest_podshare.containers.proof import Note
from pytest_podshare.errors import Fact, PodshareError, PromiseBroken
from pytest_podshare.pods.evidence import HELD, Check, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.records import CheckRecord, ClusterRecord, PhaseReport, PodRecord
from pytest_podshare.report.redaction import secret_mask
from pytest_podshare.report.redaction.secret_mask import Mask
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_ATTRIBUTE = "podshare"
# of a failure that is not ours, which may hold a whole file; in characters
_LONGEST = 4000
# of a check, what may quote what is secret
_QUOTING = ("headline", "method", "lines", "facts")
# what travels of each record
_CLUSTER = tuple(each.name for each in dataclasses.fields(ClusterRecord))
_MOUNT = ("volume", "path", "sub_path", "read_only")
_VOLUME = ("name", "kind", "medium", "size_limit", "source")
# every container has its account's token there, which tells nothing about sharing
_TOKEN = PurePosixPath("/var/run/secrets/kubernetes.io/serviceaccount")


class Sender:
    """Puts the checks of each phase of a test on its report, each of them once."""

    def __init__(self) -> None:
        # a Pod may outlive a test, and be checked by the next
        self._sent: weakref.WeakKeyDictionary[Pod, int] = weakref.WeakKeyDictionary()

    def send(
        self,
        report: pytest.TestReport,
        pods: Iterable[Pod],
        raised: pytest.ExceptionInfo[BaseException] | None,
    ) -> None:
        """Put what is new on the report.

        Args:
            report: pytest's own, of a phase that has just ended.
            pods: those that the test can have checked.
            raised: why it failed; None where it did not.
        """
        shown, checks = list[dict[str, Any]](), list[dict[str, Any]]()
        fresh = [(pod, new) for pod in pods if (new := self._new(pod))]
        is_checked = any(_is_of(check, raised) for _, new in fresh for check in new)
        for pod, new in fresh:
            mask = _mask(pod)
            for check in new:
                plain = _plain(check)
                plain |= {name: mask.data(plain[name]) for name in _QUOTING}
                # where the failure is none of them, each may have to do with it
                failed = _is_of(check, raised) or not is_checked
                checks.append({**plain, "of": len(shown), "failed": failed})
            shown.append(_shown(pod))
        if checks or raised:
            error = "" if is_checked or not raised else Mask().text(_text(raised))[:_LONGEST]
            data = {"pods": shown, "checks": checks, "error": error}
            report.__dict__[_ATTRIBUTE] = _encodable(data)

    def _new(self, pod: Pod) -> list[Check]:
        new = pod.checks[self._sent.get(pod, 0) :]
        self._sent[pod] = len(pod.checks)
        return new


def received(terminalreporter: pytest.TerminalReporter) -> list[PhaseReport]:
    """What the tests of a run told, wherever they ran, in the order of time."""
    found = [
        _told(report, report.__dict__[_ATTRIBUTE])
        for reports in terminalreporter.stats.values()
        for report in reports
        if _ATTRIBUTE in getattr(report, "__dict__", ())
    ]
    return sorted(found, key=lambda each: each.start)


def _told(report: pytest.TestReport, data: Mapping[str, Any]) -> PhaseReport:
    pods = [_pod(each) for each in data["pods"]]
    return PhaseReport(
        test=report.nodeid,
        phase=str(report.when),
        failed=report.failed,
        error=data["error"],
        start=report.start,
        stop=report.stop,
        checks=tuple(
            CheckRecord(
                _check(each), pods[each["of"]], report.nodeid, report.failed and each["failed"]
            )
            for each in data["checks"]
        ),
    )


def _is_of(check: Check, raised: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """Whether a check is the one that a test failed for."""
    error = raised.value if raised else None
    if check.verdict == HELD or not isinstance(error, PodshareError | PromiseBroken):
        return False
    return (check.headline, check.facts) == (error.what, error.facts)


def _text(raised: pytest.ExceptionInfo[BaseException]) -> str:
    """The text by which a test failed: that of one of our errors, else its last words."""
    if isinstance(raised.value, PodshareError | PromiseBroken | pytest.fail.Exception):
        return str(raised.value)
    return raised.exconly()


def _mask(pod: Pod) -> Mask:
    """What hides the secrets of a Pod's manifest, and what looks like one.

    The report of a failed test is masked once more, by those that only the cluster knows.
    """
    secrets = (each for each in pod.manifest.others if each.get("kind") == "Secret")
    return Mask(secret_mask.values(secrets, [pod.manifest.pod]))


def _shown(pod: Pod) -> dict[str, Any]:
    return {
        "manifest": pod.manifest.origin,
        "kind": pod.manifest.subject["kind"],
        "name": str(pod),
        "node": pod.node,
        "stand_in": pod.manifest.stand_in,
        "wiring": _worth_showing(pod.wiring),
        "cluster": _fields(pod.cluster, _CLUSTER),
    }


def _worth_showing(wiring: Wiring) -> dict[str, Any]:
    """Who mounts what where, but for the account's token."""
    mounts = {
        container.name: [each for each in container.mounts if PurePosixPath(each.path) != _TOKEN]
        for container in wiring.containers
    }
    before = {mount.volume for each in wiring.containers for mount in each.mounts}
    tokens = before - {mount.volume for each in mounts.values() for mount in each}
    return {
        "containers": [
            {
                "name": each.name,
                "role": each.role,
                "mounts": [_fields(mount, _MOUNT) for mount in mounts[each.name]],
            }
            for each in wiring.containers
        ],
        "volumes": [_fields(each, _VOLUME) for each in wiring.volumes if each.name not in tokens],
    }


def _fields(record: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _plain(value: Any) -> Any:
    """A record as what anything can carry: dicts and lists of texts and numbers."""
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _encodable(value: Any) -> Any:
    """Return the data in UTF-8: xdist cannot send a file name of other bytes."""
    if isinstance(value, dict):
        return {name: _encodable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _check(data: Mapping[str, Any]) -> Check:
    fields = {each.name: data[each.name] for each in dataclasses.fields(Check)}
    fields |= {name: tuple(data[name]) for name in ("containers", "volumes")}
    fields["facts"] = tuple(Fact(**each) for each in data["facts"])
    fields["lines"] = tuple(
        Step(**each) if "action" in each else Note(**each) for each in data["lines"]
    )
    return Check(**fields)


def _pod(data: Mapping[str, Any]) -> PodRecord:
    wiring = data["wiring"]
    containers = tuple(
        ContainerSpec(
            each["name"], each["role"], tuple(VolumeMount(**mount) for mount in each["mounts"])
        )
        for each in wiring["containers"]
    )
    whole = Wiring(containers, tuple(VolumeSpec(**each) for each in wiring["volumes"]))
    return PodRecord(**{**data, "wiring": whole, "cluster": ClusterRecord(**data["cluster"])})
