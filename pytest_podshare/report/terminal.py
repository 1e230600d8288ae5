"""Lines for the terminal: the header before a run, its story, and what it left behind."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_podshare.cluster.record import Cluster


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


def stuck_namespaces(names: Sequence[str], seconds: float) -> list[str]:
    """The namespaces whose deletion did not end, and how to look at them."""
    return [
        f"podshare: still being deleted after {seconds:g} s: {', '.join(names)}",
        *(f"  look at it  kubectl get namespace {name} -o yaml" for name in names),
    ]
