"""Lines for the terminal about what was left there, and what was removed."""

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
WHERE = "kubectl --kubeconfig '/k/kube config'"


def cluster(provider):
    """One that needs no connection."""
    return Cluster(provider, "mine", FILE, None, False, False, "v1", None)


def told(provider, settings, given=None):
    """What is said of a namespace that is kept."""
    return terminal.kept_namespaces(KEPT, cluster(provider), settings, "1a", given)


def test_how_to_look_at_a_namespace_on_kind_and_how_to_remove_it():
    """With the words of a shell."""
    look = f"  look at it  {WHERE} --namespace podshare-1a-2b"

    assert told("kind", KindSettings.by_name("mine", Path("/s"))) == [
        "podshare: kept namespace podshare-1a-2b until 2026-11-22T12:00:00Z, for t.py::test_it",
        f"{look} get pods,events",
        f"{look} describe pod p",
        f"{look} logs p --all-containers",
        f"{look} exec -it p -c c1 -- sh",
        "  remove all  podshare clean --cluster-name mine --run 1a",
    ]


@pytest.mark.parametrize(("given", "more"), [(None, ""), ("ours", " --namespace ours")])
def test_how_to_do_so_on_an_existing_cluster(given, more):
    """The command needs to be told what the run was told."""
    lines = told("existing", TEAM, given)

    assert lines[1] == (
        f"  look at it  {WHERE} --context team --namespace podshare-1a-2b get pods,events"
    )
    assert lines[-1] == (
        "  remove all  podshare clean --provider=existing --kubeconfig '/k/kube config'"
        f" --context team --allow-context team{more} --run 1a"
    )


def test_nothing_is_said_where_nothing_is_kept():
    """Most runs keep none."""
    assert terminal.kept_namespaces((), cluster("kind"), TEAM, "1a", None) == []


@pytest.mark.parametrize(
    ("count", "end"), [(1, "namespace n0"), (5, "namespace n4"), (7, "namespace n4 and 2 more")]
)
def test_of_much_that_was_removed_the_first_is_named(count, end):
    """After a storm nobody wants to read fifty names."""
    line = terminal.removed([f"namespace n{number}" for number in range(count)])

    assert line.startswith("podshare: removed what killed runs had left: namespace n0")
    assert line.endswith(end)
