"""Whole runs of pytest that create, keep and delete clusters, and are interrupted."""

import getpass
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pytest_podshare.cluster.kind import engine, nodes
from pytest_podshare.deadline import Deadline, poll
from tests.support.pytest_runs import SHAREVOL, ended, namespaces, run, started, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_a_kept_cluster_stays_and_is_used_again(pytester, own_cluster, clusters):
    """The run prints how to use and delete it; the next run finds it and does not delete it."""
    first = run(pytester, "--podshare-keep-cluster=always", "--podshare-story")

    first.assert_outcomes(passed=1)
    first.stdout.fnmatch_lines(
        [
            "*test_it",
            "  c2 sees what c1 wrote to xchange  (* ms, sh in each container over *)",
            "    c1 wrote /tmp/xchange/podshare-*  64 bytes  sha256 *  * ms",
            "    c2 saw   /tmp/data/podshare-*  64 bytes  sha256 *  * ms",
            f"podshare: kind cluster {own_cluster}, https://127.0.0.1:*, Kubernetes v1.*, "
            "created in * s",
            f"podshare: kept cluster {own_cluster} (--podshare-keep-cluster=always)",
            "  use it     export KUBECONFIG=*",
            f"  delete it  *kind delete cluster --name {own_cluster} --kubeconfig *",
        ]
    )
    assert own_cluster in clusters()

    second = run(pytester)

    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(
        [
            f"podshare: kind cluster {own_cluster}, https://127.0.0.1:*, node image *",
            f"podshare: kind cluster {own_cluster}, *, connected in * s",
            f"podshare: kept cluster {own_cluster} (it existed before this run)",
        ]
    )
    assert own_cluster in clusters()


def test_a_kept_cluster_that_has_stopped_is_started(pytester, own_cluster):
    """It is not created anew: a machine that is restarted stops it as well."""
    node = f"{own_cluster}-control-plane"
    kubectl = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get", "namespace")
    read_uid = (*kubectl, "kube-system", "--output=jsonpath={.metadata.uid}")
    run(pytester, "--podshare-keep-cluster=always").assert_outcomes(passed=1)
    uid = nodes.run(node, *read_uid)
    subprocess.run([engine.find_engine(), "stop", node], check=True)

    second = run(pytester)

    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(
        [
            f"podshare: kind cluster {own_cluster}, *, started in * s",
            f"podshare: kept cluster {own_cluster} (it existed before this run)",
        ]
    )
    assert nodes.run(node, *read_uid) == uid


def test_by_default_a_run_deletes_the_cluster_that_it_created(
    pytester, own_cluster, clusters, local_image
):
    """Local images are on its nodes before the first Pod."""
    pytester.makepyfile(
        test_image=f"""
        from pytest_podshare.cluster.kind import nodes

        def test_the_image_is_there(podshare_cluster):
            node = "{own_cluster}-control-plane"
            listed = nodes.run(node, "ctr", "-n", "k8s.io", "images", "ls", "-q")
            assert {local_image!r} in listed.split()
        """
    )

    result = run(pytester, "-n", "2", f"--podshare-image={local_image}")

    result.assert_outcomes(passed=2)
    assert "kept cluster" not in result.stdout.str()
    assert own_cluster not in clusters()


def test_a_failed_run_keeps_its_cluster_on_request(pytester, own_cluster, clusters):
    """The option is --podshare-keep-cluster=failed."""
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'other'")

    result = run(pytester, "--podshare-keep-cluster=failed")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f"podshare: kept cluster {own_cluster} (--podshare-keep-cluster=failed)"]
    )
    assert own_cluster in clusters()


def test_ctrl_c_during_the_creation_leaves_no_cluster(pytester, own_cluster, clusters):
    """The incomplete cluster is removed."""
    process = started(pytester)
    wait_for(process, lambda: own_cluster in clusters())

    os.killpg(process.pid, signal.SIGINT)
    printed = ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in printed
    assert own_cluster not in clusters()


@pytest.mark.parametrize("keep", ["never", "always"])
def test_sigterm_during_a_test_cleans_up_as_ctrl_c_does(pytester, own_cluster, clusters, keep):
    """CI systems cancel a run this way: the namespace goes, and so does a cluster not to keep."""
    marker = pytester.path / "in-the-test"
    pytester.makepyfile(
        f"""
        import time, pathlib
        def test_it(podshare):
            podshare.deploy({str(SHAREVOL)!r})
            pathlib.Path({str(marker)!r}).touch()
            time.sleep(3000)
        """
    )
    process = started(pytester, f"--podshare-keep-cluster={keep}")
    wait_for(process, marker.exists)

    interrupted = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    printed = ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    # deleting a cluster takes a minute on a busy machine; the test itself would take an hour
    assert time.monotonic() - interrupted < 300
    if keep == "never":
        assert own_cluster not in clusters()
    else:
        assert f"podshare: kept cluster {own_cluster} (--podshare-keep-cluster=always)" in printed
        # the run does not wait for the deletion of the namespace
        remaining = poll(
            lambda: namespaces(own_cluster), until=lambda names: not names, deadline=Deadline(180)
        )
        assert remaining == []


def test_a_cluster_of_another_account_is_left_alone(
    pytester, own_cluster, clusters, monkeypatch, tmp_path
):
    """The other account has a folder of its own, but the same engine; control: the same account."""
    run(pytester, "--podshare-keep-cluster=always").assert_outcomes(passed=1)
    account = getpass.getuser()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    run(pytester).assert_outcomes(passed=1)
    monkeypatch.setenv("LOGNAME", "someone-else")
    refused = run(pytester)

    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(
        [
            f"Cluster '{own_cluster}' belongs to the account {account}, whose runs may"
            " delete it at any time.",
            f"Choose another name: --podshare-cluster-name={own_cluster}-someone-else.",
        ]
    )
    assert own_cluster in clusters()


KUBELET_FAILS = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: InitConfiguration
        apiVersion: kubeadm.k8s.io/v1beta4
        nodeRegistration:
          kubeletExtraArgs:
            - name: no-such-flag
              value: "1"
        timeouts:
          kubeletHealthCheck: 5s
          kubernetesAPICall: 5s
"""


def test_a_kubelet_that_cannot_run_is_named(pytester, own_cluster, clusters):
    """The nodes' logs are kept, though the nodes are not."""
    config = pytester.path / "kind.yaml"
    config.write_text(KUBELET_FAILS)

    failed = run(pytester, f"--podshare-kind-config={config}")

    failed.assert_outcomes(errors=1)
    failed.stdout.fnmatch_lines(
        [
            f"`kind create cluster --name {own_cluster}` failed with exit code 1: the kubelet of"
            f" {own_cluster}-control-plane: failed to parse kubelet flag: unknown flag:"
            " --no-such-flag; error execution phase *",
            "Read kind's messages in *kind.log, and the nodes' logs in */logs; the incomplete"
            " cluster was removed.",
        ]
    )
    words = next(line for line in failed.outlines if line.startswith("Read kind's")).split()
    logs = Path(next(word for word in words if word.endswith("/logs;")).rstrip(";"))
    assert "no-such-flag" in (logs / f"{own_cluster}-control-plane" / "kubelet.log").read_text()
    assert own_cluster not in clusters()
