"""The verdicts of podshare on a generated Pod, and where they differ from what kubectl shows."""

from __future__ import annotations

import dataclasses
import itertools

import pytest_podshare
from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.containers.fileops import mountinfo
from pytest_podshare.wiring.promise import OFF
from pytest_podshare.wiring.promises import list_options
from pytest_podshare.wiring.run_order import list_running
from pytest_podshare.wiring.shared_mounts import find_shared_mount
from pytest_podshare.wiring.skeleton import build_skeleton, pin_to_node
from tests.support.fault_table import NAMED, TRUE, WRONG
from tests.support.generated_pods import READER, WRITER

HOLDS, BROKEN = "holds", "is broken"
_NEED_A_FILE = ("apart", "survives", "lost")
_PATHS = {"writer": WRITER, "reader": READER}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What podshare says of one outcome of a promise.

    Args:
        promise: the id of the promise.
        outcome: the outcome that was checked.
        result: `holds`, `is broken`, or the name of an error that says neither.
        is_default: whether the wiring promises it.
        message: the first line of the error.
    """

    promise: str
    outcome: str
    result: str
    is_default: bool
    message: str = ""


@dataclasses.dataclass
class Verdicts:
    """What podshare says of a Pod.

    Args:
        findings: what the static check finds, each with its severity.
        verdicts: the verdicts of the assertions.
        shared: (container, other) → whether they share a folder by (the wiring, the live mounts).
        not_ready: why the skeleton is not ready; "" if it is.
    """

    findings: list[str]
    verdicts: list[Verdict]
    shared: dict[tuple[str, str], tuple[bool, bool]]
    not_ready: str = ""


def judge(podshare, template, node):
    """Deploy the skeleton of a template on a node, and return what podshare says of it."""
    findings = [f"{found.severity} {found.rule}: {found}" for found in rules.check(template)]
    says = Verdicts(findings, [], {})
    try:
        pod = podshare.deploy(pin_to_node(build_skeleton(template, "busybox"), node))
    except errors.PodError as error:
        says.not_ready = str(error)
        return says
    names = [one.name for one in list_running(template.wiring) if one.name in _PATHS]
    for pair in itertools.combinations(names, 2):
        by_wiring = find_shared_mount(template.wiring, *pair, "v") is not None
        says.shared[pair] = (by_wiring, _share_folder(pod, *pair))
    for option in list_options(template.wiring):
        for outcome in _outcomes(option):
            says.verdicts.append(_check(pod, option, outcome))
    return says


def compare(says, seen):
    """Yield each verdict as (what was checked, whether it is true, wrong, or a named error)."""
    if not seen.is_ready or says.not_ready:
        is_same = seen.is_ready is not bool(says.not_ready)
        yield f"ready: {seen.is_ready}, {says.not_ready}", TRUE if is_same else WRONG
        return
    for verdict in says.verdicts:
        truth = seen.truth(verdict.promise, verdict.outcome)
        if truth is not None:
            outcome = {HOLDS: (WRONG, TRUE), BROKEN: (TRUE, WRONG)}.get(verdict.result)
            yield f"{verdict}", outcome[truth] if outcome else NAMED
    for pair, (by_wiring, by_mounts) in says.shared.items():
        yield f"{pair}: the wiring says {by_wiring}", TRUE if by_wiring == by_mounts else WRONG
    for finding in filter(_is_missing_key, says.findings):
        (container,) = (name for name in seen.keys if f"container {name!r}" in finding)
        yield finding, WRONG if seen.keys[container] else TRUE
    broken = [one for one in says.verdicts if one.is_default and one.result == BROKEN]
    # no promise is about the content of a ConfigMap
    errors_found = [finding for finding in says.findings if finding.startswith("error")]
    certain = [finding for finding in errors_found if not _is_missing_key(finding)]
    is_consistent = bool(says.findings) if broken else not certain
    yield f"the static check: {says.findings}, {broken}", TRUE if is_consistent else WRONG


def _is_missing_key(finding):
    return finding.startswith("error missing-key: ")


def _outcomes(option):
    if "→" in option.id.partition("@")[0] or option.id.startswith(("read-only@", "propagated@")):
        return tuple(option.assertions)
    return () if option.default == OFF else (option.default,)


def _check(pod, option, outcome):
    promise = option.promise(outcome)
    result, message = HOLDS, ""
    try:
        getattr(pytest_podshare, promise.assertion)(pod, **promise.arguments)
    except errors.PromiseBroken as error:
        result, message = BROKEN, str(error).splitlines()[0]
        if outcome in _NEED_A_FILE and error.cause in ("permission denied", "read-only"):
            # nothing could be written, so nothing was learned of what others see
            result = error.cause
    except errors.PodshareError as error:
        result, message = type(error).__name__, str(error).splitlines()[0]
    return Verdict(option.id, outcome, result, outcome == option.default, message)


def _share_folder(pod, first, second):
    """Return whether one container's live mount is in the folder that the other has mounted."""
    mounts = [mountinfo.find_mount(pod[name], _PATHS[name]) for name in (first, second)]
    (device, root), (other_device, other_root) = (mount.source for mount in mounts)
    folders = sorted((f"{root.rstrip('/')}/", f"{other_root.rstrip('/')}/"))
    return device == other_device and folders[1].startswith(folders[0])
