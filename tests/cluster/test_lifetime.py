"""Whole runs of pytest with clusters of their own: made, kept, deleted, interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_podshare.cluster import kind_program
from pytest_podshare.deadline import Deadline, poll

SHAREVOL = Path("manifests/sharevol.yaml").resolve()
TEST = f"""
from pytest_podshare import assert_file_visible

def test_it(podshare):
    pod = podshare.deploy({str(SHAREVOL)!r})
    assert_file_visible(pod, from_c="c1", to_c="c2")
"""


@pytest.fixture
def kind_bin():
    """The kind program this run uses."""
    return kind_program.find_kind(Path(os.environ.get("PODSHARE_KIND_BIN") or "kind"))


@pytest.fixture
def clusters(kind_bin):
    """A function that lists the kind clusters."""

    def names():
        return subprocess.check_output([kind_bin, "get", "clusters"], text=True).split()

    return names


@pytest.fixture
def own(kind_bin, pytester, monkeypatch):
    """A cluster's name and a home of this test's own; whatever is left is removed."""
    name = f"podshare-own-{os.getpid()}"
    home = pytester.path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_text("not: touched\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    # two nodes are for the tests around these
    monkeypatch.delenv("PODSHARE_KIND_NODES", raising=False)
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", name)
    monkeypatch.delenv("PODSHARE_KEEP_CLUSTER", raising=False)
    pytester.makepyfile(TEST)
    yield name
    subprocess.run([kind_bin, "delete", "cluster", "--name", name], check=True)
    assert (home / ".kube" / "config").read_text() == "not: touched\n"
    assert [path.name for path in (home / ".kube").iterdir()] == ["config"]
    # pytest-kind's own folder
    assert not (pytester.path / ".pytest-kind").exists()


def run(pytester, *args):
    """Run pytest to its end, in a process of its own."""
    return pytester.runpytest_subprocess("-p", "no:pytest-kind", "-p", "no:cacheprovider", *args)


def test_a_cluster_is_deleted_unless_it_is_kept_and_found_again(pytester, own, clusters):
    """`always` keeps it and says how to remove it, the next run uses it, and never deletes it."""
    first = run(pytester, "--podshare-keep-cluster=always", "--podshare-story")

    first.assert_outcomes(passed=1)
    first.stdout.fnmatch_lines(
        [
            "*test_it",
            "  c2 sees what c1 wrote to xchange  (* ms, sh in each container over *)",
            "    c1 wrote /tmp/xchange/podshare-*  64 bytes  sha256 *  * ms",
            "    c2 saw   /tmp/data/podshare-*  64 bytes  sha256 *  * ms",
            f"podshare: kind cluster {own}, https://127.0.0.1:*, Kubernetes v1.*, made in * s",
            f"podshare: kept cluster {own} (--podshare-keep-cluster=always)",
            "  use it     export KUBECONFIG=*",
            f"  remove it  kind delete cluster --name {own} --kubeconfig *",
        ]
    )
    assert own in clusters()

    second = run(pytester)

    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(
        [
            f"podshare: kind cluster {own}, https://127.0.0.1:*, node image *",
            f"podshare: kind cluster {own}, *, connected in * s",
            f"podshare: kept cluster {own} (it was there before this run)",
        ]
    )
    assert own in clusters()


def test_a_cluster_that_a_run_made_is_deleted_after_it(pytester, own, clusters, local_image):
    """By default nothing is left; local images are there before the first Pod."""
    pytester.makepyfile(
        test_image=f"""
        from pytest_podshare.cluster import nodes

        def test_the_image_is_there(podshare_cluster):
            listed = nodes.run("{own}-control-plane", "ctr", "-n", "k8s.io", "images", "ls", "-q")
            assert {local_image!r} in listed.split()
        """
    )

    result = run(pytester, "-n", "2", f"--podshare-image={local_image}")

    result.assert_outcomes(passed=2)
    assert "kept cluster" not in result.stdout.str()
    assert own not in clusters()


def test_a_failed_run_keeps_its_cluster_if_it_is_asked_to(pytester, own, clusters):
    """`failed` keeps what there is to look at."""
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'other'")

    result = run(pytester, "--podshare-keep-cluster=failed")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"podshare: kept cluster {own} (--podshare-keep-cluster=failed)"])
    assert own in clusters()


def started(pytester, *args):
    """A pytest run in the background, in a process group of its own as in a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "-s", *args],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # whoever runs these tests in the background may have Ctrl-C ignored, and hand that down
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def ended(process):
    """What the run printed until it ended."""
    try:
        return process.communicate(timeout=120)[0]
    finally:
        process.kill()


def wait_for(process, condition):
    """Wait until a run has come that far."""

    def come():
        assert process.poll() is None, process.communicate()[0]
        return condition()

    assert poll(come, until=bool, deadline=Deadline(120), first=0.1)


def test_ctrl_c_while_the_cluster_is_made_leaves_nothing(pytester, own, clusters):
    """The half-made cluster is removed."""
    process = started(pytester)
    wait_for(process, lambda: own in clusters())

    os.killpg(process.pid, signal.SIGINT)
    printed = ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in printed
    assert own not in clusters()


@pytest.mark.parametrize("keep", ["never", "always"])
def test_sigterm_in_a_test_cleans_up_as_ctrl_c_does(pytester, own, clusters, keep):
    """As CI systems stop a run: the namespace goes, and the cluster if it is not to be kept."""
    marker = pytester.path / "in-the-test"
    pytester.makepyfile(
        f"""
        import time, pathlib
        def test_it(podshare):
            podshare.deploy({str(SHAREVOL)!r})
            pathlib.Path({str(marker)!r}).touch()
            time.sleep(300)
        """
    )
    process = started(pytester, f"--podshare-keep-cluster={keep}")
    wait_for(process, marker.exists)

    begun = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    printed = ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert time.monotonic() - begun < 90
    if keep == "never":
        assert own not in clusters()
    else:
        assert f"podshare: kept cluster {own} (--podshare-keep-cluster=always)" in printed
        assert namespaces(own) == []


def namespaces(name):
    """The namespaces of runs that are on a cluster."""
    node = f"{name}-control-plane"
    kubectl = [
        "kubectl",
        "--kubeconfig=/etc/kubernetes/admin.conf",
        "get",
        "namespaces",
        "-o",
        "name",
    ]
    listed = subprocess.check_output(["docker", "exec", node, *kubectl], text=True)
    return [each for each in listed.split() if each.startswith("namespace/podshare-")]
