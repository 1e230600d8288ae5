"""Lines for the terminal about what was kept, and what was removed."""

import dataclasses
from pathlib import Path

import pytest

from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.namespaces import KeptNamespace
from pytest_podshare.deadline import Timeouts
from pytest_podshare.report import terminal

KEPT = (
    KeptNamespace(
        "podshare-1a-2b", "t.py::test_it", "2026-11-22T12:00:00Z", (("p", ("c1", "c2")),)
    ),
)
FILE = Path("/k/kube config")
TEAM = ExistingSettings(FILE, "team", ("team",), Timeouts())
KUBECTL = "kubectl --kubeconfig '/k/kube config'"


def cluster(provider):
    """Return a cluster without a connection."""
    return Cluster(provider, "mine", FILE, None, False, False, "v1", None)


def kept_lines(provider, settings, shared=None):
    """Return the lines about a kept namespace."""
    return terminal.format_kept_namespaces(KEPT, cluster(provider), settings, "1a", shared)


def test_a_kept_namespace_on_kind_has_commands_to_inspect_and_delete_it():
    """The commands are quoted for a shell."""
    inspect = f"  inspect it  {KUBECTL} --namespace podshare-1a-2b"

    assert kept_lines("kind", KindSettings.by_name("mine", Path("/s"))) == [
        "podshare: kept namespace podshare-1a-2b of t.py::test_it until 2026-11-22T12:00:00Z",
        f"{inspect} get pods,events",
        f"{inspect} describe pod p",
        f"{inspect} logs p --all-containers",
        f"{inspect} exec -it p -c c1 -- sh",
        "  delete all  podshare clean --cluster-name mine --run 1a",
    ]


@pytest.mark.parametrize(("shared", "more"), [(None, ""), ("ours", " --namespace ours")])
def test_the_commands_for_an_existing_cluster_repeat_the_options_of_the_run(shared, more):
    """They select the same cluster and namespace."""
    lines = kept_lines("existing", TEAM, shared)

    assert lines[1] == (
        f"  inspect it  {KUBECTL} --context team --namespace podshare-1a-2b get pods,events"
    )
    assert lines[-1] == (
        "  delete all  podshare clean --provider=existing --kubeconfig '/k/kube config'"
        f" --context team --allow-context team{more} --run 1a"
    )


def test_without_kept_namespaces_there_are_no_lines():
    """Most runs keep none."""
    assert terminal.format_kept_namespaces((), cluster("kind"), TEAM, "1a", None) == []


@pytest.mark.parametrize(
    ("count", "end"), [(1, "namespace n0"), (5, "namespace n4"), (7, "namespace n4 and 2 more")]
)
def test_of_many_removed_leftovers_only_the_first_are_named(count, end):
    """Fifty names would be unreadable."""
    line = terminal.format_removed([f"namespace n{number}" for number in range(count)])

    assert line.startswith("podshare: removed leftovers of killed runs: namespace n0")
    assert line.endswith(end)


def test_the_header_states_what_the_run_will_use(tmp_path):
    """It is known before any cluster is touched."""
    image = "kindest/node:v1.36.3"
    settings = dataclasses.replace(KindSettings.by_name("podshare", tmp_path), image=image)

    assert terminal.format_header(
        settings, "1a2b", stand_ins=("nginx:1.27", "redis:7"), stand_in="busybox"
    ) == [
        "podshare: kind cluster podshare, created on first use, Kubernetes v1.36.3,"
        " node image kindest/node:v1.36.3, imagePullPolicy IfNotPresent, run 1a2b",
        "podshare: stand-ins on these nodes, not the published images: nginx:1.27, redis:7",
        "podshare: skeleton mode: busybox runs instead of the manifests' applications",
    ]


def test_a_warning_is_printed_once():
    """However many tests deploy its manifest."""
    lines = terminal.format_warnings(["p.yaml:3: old", "q.yaml:3: old", "p.yaml:3: old"])

    assert lines == ["podshare: warning: p.yaml:3: old", "podshare: warning: q.yaml:3: old"]


def test_missing_permissions_are_counted():
    """Each skipped test names one permission."""
    assert terminal.format_missing_permissions([]) == []
    assert terminal.format_missing_permissions(["patch nodes", "get nodes", "patch nodes"]) == [
        "podshare: skipped 3 tests because of missing permissions: get nodes (1), patch nodes (2)"
    ]


@pytest.mark.parametrize(
    ("actions", "names", "text"),
    [
        ([], [], ""),
        (["", ""], ["a.yaml"], ""),
        (["deletion"], [], "podshare: 1 deletion under way"),
        (["restart", ""], ["a.yaml"], "podshare: 1 restart under way (a.yaml)"),
        (
            ["deployment", "restart", "deployment"],
            ["a.yaml", "b.yaml", "a.yaml"],
            "podshare: 2 deployments, 1 restart under way (a.yaml, …)",
        ),
    ],
)
def test_the_progress_counts_what_is_under_way(actions, names, text):
    """And names the first file."""
    assert terminal.format_progress(actions, names) == text
