"""Whole runs of pytest with clusters of their own: made, kept, deleted, interrupted."""

import os
import signal
import time

import pytest

from pytest_podshare.deadline import Deadline, poll
from tests.support.pytest_runs import SHAREVOL, ended, namespaces, run, started, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.slow]


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
            f"podshare: kind cluster {own}, https://127.0.0.1:*, Kubernetes v1.*, created in * s",
            f"podshare: kept cluster {own} (--podshare-keep-cluster=always)",
            "  use it     export KUBECONFIG=*",
            f"  delete it  kind delete cluster --name {own} --kubeconfig *",
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
        from pytest_podshare.cluster.kind import nodes

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
            time.sleep(3000)
        """
    )
    process = started(pytester, f"--podshare-keep-cluster={keep}")
    wait_for(process, marker.exists)

    begun = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    printed = ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    # deleting a cluster takes a busy machine a minute; the test itself would go on for an hour
    assert time.monotonic() - begun < 300
    if keep == "never":
        assert own not in clusters()
    else:
        assert f"podshare: kept cluster {own} (--podshare-keep-cluster=always)" in printed
        # it was asked to go, and nobody has waited for it
        left = poll(lambda: namespaces(own), until=lambda names: not names, deadline=Deadline(180))
        assert left == []
