"""Lines for the terminal: the header before a run, its story, and what it left behind."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind.settings import KindSettings

if TYPE_CHECKING:
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.cluster.namespaces import KeptNamespace

# of what was removed, how much is named
_SHOWN = 5


def header(
    *,
    provider: str,
    cluster: str,
    server: str | None,
    version: str | None,
    image: str | None,
    stand_ins: Sequence[str],
    run_id: str,
    stand_in: str | None = None,
) -> list[str]:
    """What a run will use, as far as it is known before any cluster is touched.

    Args:
        provider: `kind` or `existing`.
        cluster: the kind cluster's name, or the context.
        server: the API server by the cluster's kubeconfig file; None if there is none yet.
        version: the Kubernetes version by the node image's tag; None if it tells none.
        image: the node image; None for kind's own.
        stand_ins: images on the nodes that only carry the name of the real ones.
        run_id: the run.
        stand_in: the image that runs in place of the manifests' applications; None for none.
    """
    facts = [f"{provider} cluster {cluster}"]
    if provider == "kind":
        facts.append(server or "made when first needed")
        facts += [f"Kubernetes {version}"] if version else []
        facts.append(f"node image {image or 'by kind'}")
        facts.append("imagePullPolicy IfNotPresent")
    facts.append(f"run {run_id}")
    lines = ["podshare: " + ", ".join(facts)]
    if stand_ins:
        lines.append(
            f"podshare: stand-ins carry the names {', '.join(stand_ins)} on these nodes;"
            " they are not the published images"
        )
    if stand_in:
        lines.append(
            f"podshare: skeletons: {stand_in} runs in place of the applications of manifests,"
            " which do not run"
        )
    return lines


def used(cluster: Cluster, seconds: float) -> list[str]:
    """What a run turned out to use, and what it had to replace."""
    how = "made" if cluster.created else "connected"
    lines = [
        f"podshare: {cluster.provider} cluster {cluster.name}, {cluster.server},"
        f" Kubernetes {cluster.version}, {how} in {seconds:.1f} s"
    ]
    if cluster.replaced:
        lines.insert(0, f"podshare: replaced cluster {cluster.name}: {cluster.replaced}")
    return lines


def capabilities(told: Mapping[str, tuple[bool, str]]) -> list[str]:
    """What the cluster was asked for, and whether it has it.

    Args:
        told: name → whether it is there, and how that is known or why not.
    """
    there = sorted(name for name, (is_there, _) in told.items() if is_there)
    lines = [f"podshare: the cluster has {', '.join(there)}"] if there else []
    for name, (is_there, why) in sorted(told.items()):
        if not is_there:
            lines.append(f"podshare: the cluster lacks {name}: {why}")
    return lines


def stories(evidence: Iterable[tuple[str, str]]) -> list[str]:
    """What each test's assertions did and saw, under the test's name."""
    lines: list[str] = []
    for test, texts in itertools.groupby(evidence, key=lambda pair: pair[0]):
        lines.append(test.lstrip())
        lines += [f"  {line}" for _, text in texts for line in text.splitlines()]
    return lines


def kept_cluster(name: str, kubeconfig: Path, why: str) -> list[str]:
    """How to use, and how to remove, a kind cluster that was left there."""
    return [
        f"podshare: kept cluster {name} ({why})",
        f"  use it     export KUBECONFIG={kubeconfig}",
        f"  remove it  kind delete cluster --name {name} --kubeconfig {kubeconfig}",
    ]


def kept_namespaces(
    kept: Sequence[KeptNamespace],
    cluster: Cluster,
    settings: KindSettings | ExistingSettings,
    run_id: str,
    given: str | None,
) -> list[str]:
    """How to look at what was left there in namespaces, and how to remove it.

    Args:
        kept: the namespaces.
        cluster: where they are.
        settings: how it was found.
        run_id: the run.
        given: the namespace of somebody's that the run was told to use; None for its own.
    """
    if not kept:
        return []
    where = ["--kubeconfig", str(cluster.kubeconfig)] if cluster.kubeconfig else []
    clean = ["--cluster-name", cluster.name]
    if isinstance(settings, ExistingSettings):
        named = ["--context", settings.context] if settings.context else []
        allowed = [word for each in settings.allowed_contexts for word in ("--allow-context", each)]
        inside = ["--namespace", given] if given else []
        clean = ["--provider=existing", *where, *named, *allowed, *inside]
        where = [*where, *named]
    lines: list[str] = []
    for each in kept:
        lines.append(f"podshare: kept namespace {each.name} until {each.until}, for {each.test}")
        looks = [["get", "pods,events"]]
        for pod, containers in each.pods:
            looks.append(["describe", "pod", pod])
            looks.append(["logs", pod, "--all-containers"])
            looks.append(["exec", "-it", pod, "-c", containers[0], "--", "sh"])
        kubectl = ["kubectl", *where, "--namespace", each.name]
        lines += [f"  look at it  {shlex.join([*kubectl, *look])}" for look in looks]
    return [*lines, f"  remove all  {shlex.join(['podshare', 'clean', *clean, '--run', run_id])}"]


def removed(what: Sequence[str]) -> str:
    """What killed runs had left there, and is gone now; of much of it, the first."""
    more = f" and {len(what) - _SHOWN} more" if len(what) > _SHOWN else ""
    return f"podshare: removed what killed runs had left: {', '.join(what[:_SHOWN])}{more}"


def left_objects(namespace: str, left: Sequence[str]) -> str:
    """What was deleted in somebody's namespace, and is there still."""
    return f"podshare: still being deleted in namespace {namespace}: {', '.join(left)}"


def lacking_rights(rights: Sequence[str]) -> list[str]:
    """For which rights tests were skipped, and how many; one right for each test."""
    counted = [f"{right} ({rights.count(right)})" for right in sorted(set(rights))]
    if not counted:
        return []
    tests = "1 test that needs" if len(rights) == 1 else f"{len(rights)} tests that need"
    return [f"podshare: skipped {tests} more rights: {', '.join(counted)}"]


def stuck_before(what: Sequence[str]) -> list[str]:
    """What earlier runs have deleted and what does not go, with what holds it."""
    return [f"podshare: still being deleted since an earlier run: {each}" for each in what]


def stuck_namespaces(names: Sequence[str], seconds: float) -> list[str]:
    """The namespaces whose deletion did not end, and how to look at them."""
    return [
        f"podshare: still being deleted after {seconds:g} s: {', '.join(names)}",
        *(f"  look at it  kubectl get namespace {name} -o yaml" for name in names),
    ]
