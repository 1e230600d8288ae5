"""Tests of reading a Pod spec."""

import pytest

from pytest_podshare.wiring.model import VolumeMount
from pytest_podshare.wiring.pod_spec import read_wiring


def test_an_init_container_that_always_restarts_is_a_sidecar():
    """It keeps running next to the others, unlike an ordinary init container."""
    wiring = read_wiring(
        {
            "initContainers": [
                {"name": "setup"},
                {"name": "proxy", "restartPolicy": "Always"},
            ],
            "containers": [{"name": "app"}],
        }
    )

    roles = [(container.name, container.role) for container in wiring.containers]
    assert roles == [("setup", "init"), ("proxy", "sidecar"), ("app", "container")]


def test_a_volume_without_a_source_is_an_empty_dir():
    """This is the API server's default."""
    wiring = read_wiring({"containers": [{"name": "c"}], "volumes": [{"name": "v"}]})

    assert wiring.volumes[0].kind == "emptyDir"


def test_containers_do_not_write_to_volumes_of_the_kubelet():
    """No sentinel file can be written to a ConfigMap."""
    wiring = read_wiring(
        {
            "containers": [{"name": "c"}],
            "volumes": [{"name": "v", "configMap": {}}, {"name": "w", "emptyDir": {}}],
        }
    )

    assert [volume.is_written_by_containers for volume in wiring.volumes] == [False, True]


@pytest.mark.parametrize(
    ("mount", "text"),
    [
        (VolumeMount("v", "/a"), "v at /a"),
        (VolumeMount("v", "/a", sub_path="out"), "v at /a (subPath=out)"),
        (VolumeMount("v", "/a", sub_path="out", read_only=True), "v at /a (subPath=out, ro)"),
    ],
)
def test_the_text_of_a_mount_names_its_volume_and_path(mount, text):
    """Failure texts show mounts in this form."""
    assert str(mount) == text


@pytest.mark.parametrize(
    ("spec", "policy"),
    [
        ({"containers": [{"name": "c"}]}, "Always"),
        ({"restartPolicy": "Never", "containers": [{"name": "c"}]}, "Never"),
        ({"restartPolicy": "Never", "initContainers": [{"name": "c"}]}, "Never"),
        (
            {
                "restartPolicy": "Never",
                "initContainers": [{"name": "c", "restartPolicy": "Always"}],
            },
            "Always",
        ),
        (
            {"restartPolicy": "Always", "containers": [{"name": "c", "restartPolicy": "Never"}]},
            "Never",
        ),
    ],
)
def test_the_restart_policy_of_a_container_overrides_that_of_the_pod(spec, policy):
    """A sidecar restarts even in a Pod that does not."""
    assert read_wiring(spec).container("c").restart_policy == policy


@pytest.mark.parametrize(
    ("volume", "kind"),
    [
        ({"hostPath": None, "path": "/srv"}, "emptyDir"),
        ({"claimName": "data"}, "emptyDir"),
        ({"configmap": {"name": "settings"}}, "emptyDir"),
        ({"type": "Directory", "hostPath": {"path": "/srv"}}, "hostPath"),
        ({"marvellousVolume": {"name": "x"}}, "marvellousVolume"),
    ],
)
def test_a_volume_is_of_the_kind_that_the_api_server_keeps(volume, kind):
    """It drops a field beside the source; a source of a newer Kubernetes has a mapping."""
    wiring = read_wiring({"containers": [{"name": "c"}], "volumes": [{"name": "v", **volume}]})

    assert wiring.volumes[0].kind == kind


def test_a_pod_cannot_make_the_root_of_its_containers_read_only():
    """Of the Pod's securityContext, containers only take what the Pod's has."""
    security = {"readOnlyRootFilesystem": True, "privileged": True, "runAsUser": 7}
    wiring = read_wiring(
        {
            "securityContext": security,
            "containers": [{"name": "a"}, {"name": "b", "securityContext": security}],
        }
    )

    found = [(c.read_only_root, c.privileged, c.user) for c in wiring.containers]
    assert found == [(False, False, 7), (True, True, 7)]
