from pytest_podshare import assert_file_visible, assert_lost_on_delete, assert_survives_restart


def test_exchange_volume(podshare):
    pod = podshare.deploy("manifests/sharevol.yaml")
    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_file_visible(pod, from_c="c2", to_c="c1")
    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod)
