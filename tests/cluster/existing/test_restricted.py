"""A namespace in which Pod Security enforces the level `restricted`."""

import time

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_delete,
    assert_medium,
    assert_not_shared,
    assert_survives_restart,
    assert_writable,
)
from pytest_podshare.errors import ContainerConfigFailed, DeployRejected
from tests.support.restricted_pod import MANIFEST, deployment, privileged

LEVEL = "pod-security.kubernetes.io/enforce"
WORDS = 'violates PodSecurity "restricted:latest": .*allowPrivilegeEscalation != false'


@pytest.fixture(scope="module", autouse=True)
def restricted(team):
    """Enforce the level in the team's namespace."""
    path = f"/api/v1/namespaces/{team.namespace}"
    team.admin.api.patch(path, {"metadata": {"labels": {LEVEL: "restricted"}}})


@pytest.mark.parametrize("manifest", [MANIFEST, deployment(MANIFEST)], ids=["Pod", "Deployment"])
def test_everything_works_in_a_restricted_namespace(team, manifest):
    """What the plugin itself creates needs no more privileges than the user's Pod."""
    _, podshare = team.podshare()
    with podshare:
        pod = podshare.deploy(manifest)

        assert_file_visible(pod, from_c="c1", to_c="c2", volume="v")
        assert_medium(pod, container="c1", volume="v", medium="Memory")
        assert_writable(pod, container="c2", volume="v")
        assert_survives_restart(pod, container="c1", volume="v", strategy="resize")
        assert_lost_on_delete(pod, volume="v")
        with pytest.raises(AssertionError):
            assert_not_shared(pod, from_c="c1", to_c="c2", volume="v", window=1.0)


@pytest.mark.parametrize(
    "manifest", [privileged(), deployment(privileged())], ids=["Pod", "Deployment"]
)
def test_a_privileged_manifest_is_rejected_in_the_words_of_the_api_server(team, manifest):
    """It is rejected immediately, even where a controller would try forever."""
    shared, podshare = team.podshare()
    start = time.monotonic()

    with podshare, pytest.raises(DeployRejected, match=WORDS) as caught:
        podshare.deploy(manifest)

    assert "securityContext" in caught.value.remedy
    # the timeout of a Pod is two minutes
    assert time.monotonic() - start < 60
    assert shared.undeleted == []


def test_an_image_that_runs_as_root_is_an_error(team):
    """The API server cannot know the image's user; the kubelet reports it."""
    import copy

    manifest = copy.deepcopy(MANIFEST)
    del manifest["items"][2]["spec"]["securityContext"]["runAsUser"]
    _, podshare = team.podshare()

    with podshare, pytest.raises(ContainerConfigFailed, match="runAsNonRoot"):
        podshare.deploy(manifest)
