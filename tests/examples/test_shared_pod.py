import pytest

from pytest_podshare import assert_file_visible


@pytest.mark.podshare("manifests/sharevol.yaml")
def test_the_pod_of_a_manifest(podshare_pod):
    assert_file_visible(podshare_pod, from_c="c1", to_c="c2")


@pytest.fixture(scope="module")
def pod(podshare_factory):
    with podshare_factory.make() as podshare:
        yield podshare.deploy("manifests/sharevol.yaml")


def test_one_way(pod):
    assert_file_visible(pod, from_c="c1", to_c="c2")


def test_the_other_way(pod):
    assert_file_visible(pod, from_c="c2", to_c="c1")
