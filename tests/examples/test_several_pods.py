"""One assertion about several Pods."""

from pytest_podshare import assert_lost_on_delete


def test_the_caches_are_lost_together(podshare):
    """Both Pods are replaced at the same time."""
    pods = podshare.deploy_all(["manifests/sharevol.yaml", "manifests/different-paths.yaml"])

    assert_lost_on_delete(pods)
