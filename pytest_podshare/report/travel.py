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

from pytest_podshare.errors import PodshareError, PromiseBroken
from pytest_podshare.explain import masking
from pytest_podshare.explain.masking import Mask
from pytest_podshare.pods.evidence import Check
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.shown import ShownCheck, ShownCluster, ShownPod, Told
from pytest_podshare.wiring.model import Container, Mount, Volume, Wiring

_ATTRIBUTE = "podshare"
# of a failure that is not ours, which may hold a whole file; in characters
_LONGEST = 4000
# what travels of each record
_CHECK = tuple(each.name for each in dataclasses.fields(Check))
_CLUSTER = tuple(each.name for each in dataclasses.fields(ShownCluster))
_MOUNT = ("volume", "path", "sub_path", "read_only")
_VOLUME = ("name", "kind", "medium", "size_limit", "source")
# every container has its account's token there, which tells nothing about sharing
_TOKEN = PurePosixPath("/var/run/secrets/kubernetes.io/serviceaccount")


class Sender:
    """Puts the checks of each phase of a test on its report, each of them once."""

    def __init__(self) -> None:
        # a Pod may outlive a test, and be checked by the next
        self._sent: weakref.WeakKeyDictionary[Pod, int] = weakref.WeakKeyDictionary()

    def send(self, report: pytest.TestReport, pods: Iterable[Pod], error: str) -> None:
        """Put what is new on the report.

        Args:
            report: pytest's own, of a phase that has just ended.
            pods: those that the test can have checked.
            error: the text by which it failed; "" where it did not.
        """
        shown, checks = list[dict[str, Any]](), list[dict[str, Any]]()
        fresh = [(pod, new) for pod in pods if (new := self._new(pod))]
        told = any(check.text == error for _, new in fresh for check in new)
        for pod, new in fresh:
            mask = _mask(pod)
            for check in new:
                data = {
                    **_fields(check, _CHECK),
                    "volumes": list(check.volumes),
                    "text": mask.text(check.text),
                }
                # where the failure is none of them, each may have to do with it
                checks.append({**data, "of": len(shown), "failed": check.text == error or not told})
            shown.append(_shown(pod))
        if checks or error:
            text = "" if told else Mask().text(error)[:_LONGEST]
            report.__dict__[_ATTRIBUTE] = {"pods": shown, "checks": checks, "error": text}

    def _new(self, pod: Pod) -> list[Check]:
        new = pod.checks[self._sent.get(pod, 0) :]
        self._sent[pod] = len(pod.checks)
        return new


def error(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The text by which a test failed: that of one of our errors, else its last words."""
    if isinstance(excinfo.value, PodshareError | PromiseBroken | pytest.fail.Exception):
        return str(excinfo.value)
    return excinfo.exconly()


def received(terminalreporter: pytest.TerminalReporter) -> list[Told]:
    """What the tests of a run told, wherever they ran, in the order of time."""
    found = [
        _told(report, report.__dict__[_ATTRIBUTE])
        for reports in terminalreporter.stats.values()
        for report in reports
        if _ATTRIBUTE in getattr(report, "__dict__", ())
    ]
    return sorted(found, key=lambda each: each.start)


def _told(report: pytest.TestReport, data: Mapping[str, Any]) -> Told:
    pods = [_pod(each) for each in data["pods"]]
    return Told(
        test=report.nodeid,
        phase=str(report.when),
        failed=report.failed,
        error=data["error"],
        start=report.start,
        stop=report.stop,
        checks=tuple(
            ShownCheck(
                _check(each), pods[each["of"]], report.nodeid, report.failed and each["failed"]
            )
            for each in data["checks"]
        ),
    )


def _mask(pod: Pod) -> Mask:
    """What hides the secrets of a Pod's manifest, and what looks like one.

    The report of a failed test is masked once more, by those that only the cluster knows.
    """
    secrets = (each for each in pod.manifest.others if each.get("kind") == "Secret")
    return Mask(masking.values(secrets, [pod.manifest.pod]))


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


def _check(data: Mapping[str, Any]) -> Check:
    fields = {name: data[name] for name in _CHECK}
    return Check(**{**fields, "volumes": tuple(data["volumes"])})


def _pod(data: Mapping[str, Any]) -> ShownPod:
    wiring = data["wiring"]
    containers = tuple(
        Container(each["name"], each["role"], tuple(Mount(**mount) for mount in each["mounts"]))
        for each in wiring["containers"]
    )
    whole = Wiring(containers, tuple(Volume(**each) for each in wiring["volumes"]))
    return ShownPod(**{**data, "wiring": whole, "cluster": ShownCluster(**data["cluster"])})
