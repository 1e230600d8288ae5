"""What two Pods share, and what they do not share."""

from pytest_podshare import assert_file_visible, assert_not_shared


def test_the_worker_sees_the_uploads(podshare):
    """Both Pods mount one claim."""
    web, worker = podshare.deploy_all(["manifests/web-and-worker.yaml"])

    assert_file_visible(web, from_c="web", to_c="worker", to_pod=worker)


def test_each_replica_has_its_own_data(podshare):
    """The StatefulSet creates a claim for each of them."""
    first, second = podshare.replicas(podshare.deploy("manifests/database.yaml"))

    assert_not_shared(first, from_c="db", to_c="db", to_pod=second)
