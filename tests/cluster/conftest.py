"""Fixtures for tests on a cluster."""

import os
import secrets
import subprocess
from pathlib import Path

import pytest

from pytest_podshare import Podshare
from pytest_podshare.cluster.kind import binary
from pytest_podshare.diagnosis import facts
from tests.support.pytest_runs import TEST
from tests.support.two_containers import IMAGES, two, with_name


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")


@pytest.fixture(scope="module", params=IMAGES)
def pod(request, podshare_factory):
    """Deploy a Pod of two containers, per kind of shell; tests leave its volume empty."""
    # in a shared namespace, Pods that a test deploys itself have another name
    with podshare_factory.make() as podshare:
        yield podshare.deploy(with_name("of-several-tests", two(request.param)))


@pytest.fixture
def at_leisure(monkeypatch):
    """Give the diagnosis more time, since a busy machine may need more than four seconds."""
    monkeypatch.setitem(facts.gather.__kwdefaults__, "timeout", 60.0)


@pytest.fixture
def another(podshare):
    """Return a function that creates another Podshare in the namespace, with other options."""

    def create(cluster=podshare.cluster, **options):
        objects = podshare.objects
        same = {"run_id": objects.run_id, "shared_namespace": objects.shared_namespace}
        return Podshare(cluster, podshare.namespace, **{**same, **options})

    return create


@pytest.fixture
def local_image(tmp_path):
    """Create a local image that no registry has, with a program that no other image has."""
    name = f"podshare.test/local-{os.getpid()}:1"
    program = tmp_path / "program"
    program.write_text("not to be run\n")
    tar = subprocess.run(["tar", "-C", tmp_path, "-c", "program"], capture_output=True, check=True)
    subprocess.run(
        ["docker", "import", "-", name], input=tar.stdout, capture_output=True, check=True
    )
    yield name
    subprocess.run(["docker", "image", "rm", "-f", name], capture_output=True, check=True)


@pytest.fixture
def kind_bin():
    """Return the kind program that this run uses."""
    return binary.find_kind(Path(os.environ.get("PODSHARE_KIND_BIN") or "kind"))


@pytest.fixture
def clusters(kind_bin):
    """Return a function that lists the kind clusters."""

    def names():
        return subprocess.check_output([kind_bin, "get", "clusters"], text=True).split()

    return names


@pytest.fixture
def own_cluster(kind_bin, pytester, monkeypatch):
    """Yield the name of a cluster that only this test uses, and delete the cluster afterwards."""
    name = f"podshare-own-{os.getpid()}"
    home = pytester.path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_text("not: touched\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    # one node is enough for these tests
    monkeypatch.delenv("PODSHARE_KIND_NODES", raising=False)
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", name)
    monkeypatch.delenv("PODSHARE_KEEP_CLUSTER", raising=False)
    pytester.makepyfile(TEST)
    yield name
    subprocess.run([kind_bin, "delete", "cluster", "--name", name], check=True)
    assert (home / ".kube" / "config").read_text() == "not: touched\n"
    assert [path.name for path in (home / ".kube").iterdir()] == ["config"]
    # the folder of pytest-kind
    assert not (pytester.path / ".pytest-kind").exists()


@pytest.fixture
def api(podshare_cluster):
    """Return the connection to the cluster."""
    return podshare_cluster.api


@pytest.fixture
def run_id():
    """Return the ID of a run that only this test uses."""
    return f"gone{secrets.token_hex(3)}"


@pytest.fixture
def clean_options(podshare_cluster):
    """Return options of `podshare clean`, which also waits for leftovers of other tests."""
    return ("--provider=kind", "--cluster-name", podshare_cluster.name, "--timeout=300")
