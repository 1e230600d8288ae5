"""A namespace where Pod Security enforces the level `restricted`."""

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
    """Have it enforced."""
    path = f"/api/v1/namespaces/{team.namespace}"
    team.admin.api.patch(path, {"metadata": {"labels": {LEVEL: "restricted"}}})


@pytest.mark.parametrize("manifest", [MANIFEST, deployment(MANIFEST)], ids=["Pod", "Deployment"])
def test_everything_works_there(team, manifest):
    """What the plugin makes and does itself needs no more than the user's Pod has."""
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
def test_a_manifest_that_wants_more_is_told_of_in_the_api_servers_words(team, manifest):
    """At once, also where a controller would try for ever."""
    given, podshare = team.podshare()
    begun = time.monotonic()

    with podshare, pytest.raises(DeployRejected, match=WORDS) as caught:
        podshare.deploy(manifest)

    assert "securityContext" in caught.value.remedy
    # and not when the deadline for a Pod was over, after two minutes
    assert time.monotonic() - begun < 60
    assert given.undeleted == []


def test_an_image_that_runs_as_root_is_told_of(team):
    """Which the API server cannot see: the kubelet says it."""
    import copy

    manifest = copy.deepcopy(MANIFEST)
    del manifest["items"][2]["spec"]["securityContext"]["runAsUser"]
    _, podshare = team.podshare()

    with podshare, pytest.raises(ContainerConfigFailed, match="runAsNonRoot"):
        podshare.deploy(manifest)
