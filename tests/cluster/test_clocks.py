"""The clocks of files and of containers, on which the proofs about init containers rely."""

import math

import pytest

from pytest_podshare import assert_file_visible
from pytest_podshare.cluster.existing import ExistingSettings, connect_existing
from pytest_podshare.containers import run_clocks, run_times
from pytest_podshare.containers.fileops import changes
from pytest_podshare.deadline import Timeouts
from tests.support.init_pods import STAY, container, init, pod
from tests.support.two_containers import with_name


@pytest.fixture
def without_nodes(podshare_cluster):
    """Connect to the cluster as to an existing one, whose nodes cannot be accessed."""
    cluster = connect_existing(ExistingSettings(podshare_cluster.kubeconfig, None, (), Timeouts()))
    yield cluster
    cluster.close()


def test_without_access_to_the_nodes_the_times_of_processes_are_used(another, without_nodes):
    """They are less exact: what an app writes in the same second is told apart by them alone."""
    app = container("app", f"echo mine > /v/mine; {STAY}", "v")
    manifest = pod([init("fill", "echo x > file", "v")], [app], v={"emptyDir": {}})
    with another(cluster=without_nodes) as podshare:
        deployed = podshare.deploy(with_name("of-processes", manifest))

        evidence = assert_file_visible(deployed, from_c="fill", to_c="app")
        named = assert_file_visible(deployed, from_c="fill", to_c="app", path="/v/mine")

    assert run_clocks.PROCESSES in evidence.method
    assert [step.path for step in evidence.steps] == ["/v/file"]
    assert "its times do not show that fill wrote it" in named.claim


def test_with_the_times_of_the_api_server_only_a_slow_init_container_is_told_apart(
    another, without_nodes
):
    """Containers that share their processes cannot be asked when their own started."""
    inits = [init("slow", "echo x > slow; sleep 4", "v"), init("quick", "echo x > quick", "v")]
    manifest = pod(inits, [container("app", STAY, "v")], v={"emptyDir": {}})
    manifest["spec"]["shareProcessNamespace"] = True
    with another(cluster=without_nodes) as podshare:
        deployed = podshare.deploy(with_name("of-the-api", manifest))

        evidence = assert_file_visible(deployed, from_c="slow", to_c="app")
        named = assert_file_visible(deployed, from_c="quick", to_c="app", path="/v/quick")

    assert run_clocks.API in evidence.method
    assert [step.path for step in evidence.steps] == ["/v/slow"]
    assert "its times do not show that quick wrote it" in named.claim


def test_the_times_of_the_clocks_agree(podshare):
    """The sharper ones are within those of the API server."""
    inits = [init("one", "echo x > file", "v"), init("two", "sleep 0.5", "v")]
    deployed = podshare.deploy(pod(inits, [container("app", STAY, "v")], v={"emptyDir": {}}))
    raw = deployed.live.check_still_there()
    shells = [deployed[spec.name] for spec in deployed.wiring.containers]
    coarse = run_times.combine("API", raw, [shell.spec for shell in shells], {})
    sharp = run_clocks.read_run_times(raw, shells)

    for name, run in sharp.containers.items():
        wide = coarse.containers[name]
        assert wide.start <= run.start <= run.end <= wide.end, (str(wide), str(run))
        assert math.isinf(run.end) == (name == "app")


@pytest.mark.parametrize("folder", ["/disk", "/memory", "/tmp"])
def test_a_change_time_is_the_clocks_or_at_most_a_tick_earlier(of_clocks, folder):
    """On ext4, tmpfs and overlayfs: the kernel uses the time of its last tick."""
    script = (
        f"cd {folder}; for i in $(seq 50); do"
        " date +%s.%N; : > clock-$i; stat -c %.9Z clock-$i; date +%s.%N; done"
    )
    printed = of_clocks["app"].exec(["sh", "-c", script]).stdout.split()
    times = [float(line) for line in printed]

    assert len(times) == 150
    for before, changed, after in zip(times[::3], times[1::3], times[2::3], strict=True):
        assert before - changes.TICK <= changed <= after


@pytest.mark.podshare_needs("node-access")
def test_a_container_changes_nothing_within_a_tick_of_its_creation(of_clocks):
    """Starting a process takes longer, so the folder that the kubelet has created is older."""
    raw = of_clocks.live.check_still_there()
    shells = [of_clocks[spec.name] for spec in of_clocks.wiring.containers]
    times = run_clocks.read_run_times(raw, shells)
    listing = changes.list_changes(of_clocks["app"], "/disk/first")

    (first,) = listing
    assert times.containers["app"].start < first.earliest
    assert times.source == run_clocks.CONTAINERD


@pytest.fixture(scope="module")
def of_clocks(podshare_factory):
    """Deploy a Pod whose app creates a file at once, with a volume on disk and one in memory."""
    app = container("app", f": > /disk/first; {STAY}", "disk", "memory", image="centos:7")
    sources = {"disk": {"emptyDir": {}}, "memory": {"emptyDir": {"medium": "Memory"}}}
    with podshare_factory.make() as podshare:
        # in a shared namespace, Pods that a test deploys itself have another name
        yield podshare.deploy(with_name("of-clocks", pod([], [app], **sources)))
