from pytest_podshare import assert_file_visible


def test_exchange_volume(podshare):
    pod = podshare.deploy("manifests/sharevol.yaml")
    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_file_visible(pod, from_c="c2", to_c="c1")
