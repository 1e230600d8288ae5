"""Lines for the terminal: the header of a run, its evidence, and what it leaves behind."""

from __future__ import annotations

import collections
import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind import cluster_config
from pytest_podshare.cluster.kind.binary import format_delete
from pytest_podshare.cluster.kind.settings import KindSettings, read_server

if TYPE_CHECKING:
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.cluster.namespaces import KeptNamespace

# how many removed leftovers are named
_MAX_NAMES = 5


def format_header(
    settings: KindSettings | ExistingSettings,
    run_id: str,
    *,
    stand_ins: Sequence[str],
    stand_in: str | None = None,
) -> list[str]:
    """Return what a run will use, as far as it knows before it connects to a cluster.

    Args:
        settings: which cluster it will use.
        run_id: the run's id.
        stand_ins: images on the nodes that have the name of a published image, but not its content.
        stand_in: the image that replaces the manifests' applications; None if they run.
    """
    if isinstance(settings, KindSettings):
        image, version = settings.image, cluster_config.version_tag(settings.image)
        facts = [f"kind cluster {settings.name}", read_server(settings) or "created on first use"]
        facts += [f"Kubernetes {version}"] if version else []
        facts.append(f"node image {image}" if image else "kind's default node image")
        facts.append("imagePullPolicy IfNotPresent")
    else:
        facts = [f"existing cluster {settings.context or '(current context)'}"]
    lines = [", ".join([*facts, f"run {run_id}"])]
    if stand_ins:
        lines.append(f"stand-ins on these nodes, not the published images: {', '.join(stand_ins)}")
    if stand_in:
        lines.append(f"skeleton mode: {stand_in} runs instead of the manifests' applications")
    return [f"podshare: {line}" for line in lines]


def format_cluster(cluster: Cluster, seconds: float) -> list[str]:
    """Return which cluster a run uses, how long opening it took, and which one it replaced."""
    action = "created" if cluster.created else "started" if cluster.started else "connected"
    lines = [
        f"podshare: {cluster.provider} cluster {cluster.name}, {cluster.server},"
        f" Kubernetes {cluster.version}, {action} in {seconds:.1f} s"
    ]
    if cluster.replaced:
        lines.insert(0, f"podshare: replaced cluster {cluster.name}: {cluster.replaced}")
    return lines


def format_capabilities(capabilities: Mapping[str, tuple[bool, str]]) -> list[str]:
    """Return which capabilities the cluster has, and the reasons why it lacks others."""
    available = sorted(name for name, (is_available, _) in capabilities.items() if is_available)
    lines = [f"podshare: the cluster has {', '.join(available)}"] if available else []
    for name, (is_available, reason) in sorted(capabilities.items()):
        if not is_available:
            lines.append(f"podshare: the cluster lacks {name}: {reason}")
    return lines


def format_story(evidence: Iterable[tuple[str, str]]) -> list[str]:
    """Return what each test's assertions did and saw, below the test's name."""
    lines: list[str] = []
    for test, texts in itertools.groupby(evidence, key=lambda pair: pair[0]):
        lines.append(test.lstrip())
        lines += [f"  {line}" for _, text in texts for line in text.splitlines()]
    return lines


def format_incidents(incidents: Iterable[tuple[str, str]]) -> list[str]:
    """Return what happened to Pods by itself: each incident, with the test that it was during."""
    return [f"podshare: {incident} (during {test})" for test, incident in incidents]


def format_warnings(warnings: Iterable[str]) -> list[str]:
    """Return what the API server warned of, each warning once."""
    return [f"podshare: warning: {text}" for text in dict.fromkeys(warnings)]


def format_progress(actions: Iterable[str], names: Iterable[str]) -> str:
    """Return what is under way: how many of each action, and the first files of all of them.

    Args:
        actions: each deployment, check, restart, replacement or deletion; "" for nothing.
        names: the files of the Pods.
    """
    counts = collections.Counter(filter(None, actions))
    if not counts:
        return ""
    texts = (f"{count} {action}{'s' * (count > 1)}" for action, count in counts.items())
    first, *more = dict.fromkeys(names) or [""]
    where = f" ({first}{', …' if more else ''})" if first else ""
    return f"podshare: {', '.join(texts)} under way{where}"


def format_kept_cluster(settings: KindSettings, reason: str) -> list[str]:
    """Return how to use, and how to delete, a kind cluster that was kept."""
    kubeconfig = shlex.quote(str(settings.kubeconfig))
    return [
        f"podshare: kept cluster {settings.name} ({reason})",
        f"  use it     export KUBECONFIG={kubeconfig}",
        f"  delete it  {format_delete(settings)} --kubeconfig {kubeconfig}",
    ]


def format_kept_namespaces(
    namespaces: Sequence[KeptNamespace],
    cluster: Cluster,
    settings: KindSettings | ExistingSettings,
    run_id: str,
    shared: str | None,
) -> list[str]:
    """Return how to inspect the namespaces that were kept, and how to delete what is in them.

    Args:
        namespaces: the namespaces that were kept.
        cluster: the cluster that they are on.
        settings: how it was found.
        run_id: the run's id.
        shared: the namespace that the run shares with others; None for namespaces of its own.
    """
    if not namespaces:
        return []
    connect = ["--kubeconfig", str(cluster.kubeconfig)] if cluster.kubeconfig else []
    clean = ["--cluster-name", cluster.name]
    if isinstance(settings, ExistingSettings):
        context = ["--context", settings.context] if settings.context else []
        allowed = [word for name in settings.allowed_contexts for word in ("--allow-context", name)]
        only = ["--namespace", shared] if shared else []
        clean = ["--provider=existing", *connect, *context, *allowed, *only]
        connect = [*connect, *context]
    lines: list[str] = []
    for item in namespaces:
        lines.append(f"podshare: kept namespace {item.name} of {item.test} until {item.until}")
        commands = [["get", "pods,events"]]
        for pod, containers in item.pods:
            commands.append(["describe", "pod", pod])
            commands.append(["logs", pod, "--all-containers"])
            commands.append(["exec", "-it", pod, "-c", containers[0], "--", "sh"])
        kubectl = ["kubectl", *connect, "--namespace", item.name]
        lines += [f"  inspect it  {shlex.join([*kubectl, *command])}" for command in commands]
    return [*lines, f"  delete all  {shlex.join(['podshare', 'clean', *clean, '--run', run_id])}"]


def format_removed(leftovers: Sequence[str]) -> str:
    """Return what was removed of killed runs; of many leftovers, the first few."""
    more = f" and {len(leftovers) - _MAX_NAMES} more" if len(leftovers) > _MAX_NAMES else ""
    return f"podshare: removed leftovers of killed runs: {', '.join(leftovers[:_MAX_NAMES])}{more}"


def format_undeleted_objects(namespace: str, names: Sequence[str]) -> str:
    """Return which objects of the run still exist in a shared namespace."""
    return f"podshare: still being deleted in namespace {namespace}: {', '.join(names)}"


def format_missing_permissions(permissions: Sequence[str]) -> list[str]:
    """Return how many tests were skipped for missing permissions; one permission for each test."""
    if not permissions:
        return []
    counts = ", ".join(
        f"{permission} ({permissions.count(permission)})" for permission in sorted(set(permissions))
    )
    tests = f"{len(permissions)} test{'s' * (len(permissions) > 1)}"
    return [f"podshare: skipped {tests} because of missing permissions: {counts}"]


def format_stuck_objects(objects: Iterable[str]) -> list[str]:
    """Return which objects of earlier runs cannot be deleted, each with its reason."""
    return [f"podshare: still being deleted since an earlier run: {item}" for item in objects]


def format_stuck_namespaces(names: Sequence[str], seconds: float) -> list[str]:
    """Return which namespaces were not deleted in time, and how to inspect them."""
    return [
        f"podshare: still being deleted after {seconds:g} s: {', '.join(names)}",
        *(f"  inspect it  kubectl get namespace {name} -o yaml" for name in names),
    ]
