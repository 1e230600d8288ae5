"""Tests of the table of lifetimes, and of everything that depends on it."""

import pytest
from kubernetes import client

from pytest_podshare import (
    assert_lost_on_delete,
    assert_lost_on_drain,
    assert_survives_delete,
    assert_survives_drain,
    errors,
)
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring import promises, skeleton
from pytest_podshare.wiring.lifetime import LIFETIMES, Lifetime
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.templates import find_templates
from tests.support import offline_pods

POD, NODE, STORAGE, KUBELET = Lifetime
# from the Kubernetes documentation of volumes and of ephemeral volumes
EXPECTED = {
    POD: "emptyDir ephemeral csi gitRepo",
    NODE: "hostPath",
    STORAGE: "persistentVolumeClaim nfs iscsi fc rbd cephfs cinder glusterfs quobyte flocker"
    " flexVolume awsElasticBlockStore azureDisk azureFile gcePersistentDisk vsphereVolume"
    " photonPersistentDisk portworxVolume scaleIO storageos",
    KUBELET: "configMap secret projected downwardAPI image",
}
KINDS = [(kind, lifetime) for lifetime, kinds in EXPECTED.items() for kind in kinds.split()]
every_kind = pytest.mark.parametrize(("kind", "lifetime"), KINDS, ids=[kind for kind, _ in KINDS])

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  containers:
  - name: app
    image: busybox
    volumeMounts: {mounts}
  volumes:
  - name: v
    {kind}: {facts}
"""


def manifest(kind, mounts="[{name: v, mountPath: /v}]", facts="{}"):
    """Return a Pod with one volume of a kind."""
    return MANIFEST.format(kind=kind, mounts=mounts, facts=facts)


@every_kind
def test_every_kind_has_one_lifetime(kind, lifetime):
    """A volume has the lifetime of its kind."""
    volume = VolumeSpec("v", kind)

    assert LIFETIMES[kind] is volume.lifetime is lifetime
    assert volume.outlives_pod == (lifetime in (NODE, STORAGE))
    assert volume.is_written_by_containers == (lifetime is not KUBELET)


def test_the_table_has_every_volume_source_of_the_api():
    """The sources that a PersistentVolume can have outlive Pods."""
    volumes = set(client.V1Volume.attribute_map.values()) - {"name"}
    persistent = volumes & set(client.V1PersistentVolumeSpec.attribute_map.values())
    lasting = {kind for kind in LIFETIMES if VolumeSpec("v", kind).outlives_pod}

    assert volumes <= set(LIFETIMES)
    assert set(LIFETIMES) == {kind for kind, _ in KINDS}
    # an inline csi volume belongs to its Pod, and a claim leads to a PersistentVolume
    assert lasting == persistent - {"csi"} | {"persistentVolumeClaim"}


def test_an_unknown_kind_has_no_lifetime():
    """Nothing is promised of it, and containers can write to it."""
    volume = VolumeSpec("v", "future")

    assert volume.lifetime is None
    assert not volume.outlives_pod
    assert volume.is_written_by_containers


@every_kind
def test_the_lifetime_decides_what_a_deletion_promises(kind, lifetime):
    """Lost or kept; nothing for a volume to which containers cannot write."""
    expected = {POD: ["lost"], NODE: ["survives"], STORAGE: ["survives"], KUBELET: []}

    found = promises.list_default_promises(load(manifest(kind)).wiring)

    outcomes = [promise.outcome for promise in found if promise.id == "deleted@v"]
    assert outcomes == expected[lifetime]


@every_kind
def test_a_skeleton_keeps_the_lifetime(kind, lifetime):
    """A volume and its stand-in live equally long."""
    (template,) = find_templates(read(manifest(kind)))

    wiring = skeleton.build_skeleton(template, "busybox").wiring

    assert wiring.volumes[0].lifetime is lifetime


@every_kind
@pytest.mark.parametrize(
    ("check", "fits"),
    [
        (assert_survives_delete, (NODE, STORAGE)),
        (assert_survives_drain, (NODE, STORAGE)),
        (assert_lost_on_delete, (POD,)),
        (assert_lost_on_drain, (POD,)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_assertion_chooses_volumes_by_lifetime(kind, lifetime, check, fits):
    """No container mounts the volume, so the error shows whether it was chosen."""
    pod = offline_pods.pod(manifest(kind, mounts="[]"))

    with pytest.raises(errors.NoSharedVolume) as caught:
        check(pod)

    chosen = "No running container of ns/web can write to volume 'v'."
    which = "is deleted with its Pod" if fits == (POD,) else "outlives its Pod"
    assert caught.value.what == (
        chosen if lifetime in fits else f"ns/web has no volume that {which}."
    )


@pytest.mark.parametrize(
    ("check", "kind"),
    [(assert_lost_on_delete, "csi"), (assert_survives_delete, "persistentVolumeClaim")],
)
def test_an_assertion_does_not_choose_a_read_only_volume(check, kind):
    """No sentinel file can be written to the volume of a driver that provides secrets."""
    with pytest.raises(errors.NoSharedVolume, match="has no volume that"):
        check(offline_pods.pod(manifest(kind, facts="{readOnly: true}")))


@every_kind
def test_content_is_lost_because_the_volume_went_with_its_pod(kind, lifetime):
    """Any other kind of volume needs another cause."""
    cause = volume_causes.find_gone_with_pod(offline_pods.pod(manifest(kind)), "v")

    assert (cause is not None) == (lifetime is POD)
    if cause:
        article = "an" if kind in ("emptyDir", "ephemeral") else "a"
        assert cause.kind == "replaced"
        assert cause.text == (
            f"volume v is {article} {kind}, which is deleted with its Pod, and this is another Pod"
        )


@every_kind
def test_content_remains_because_the_volume_outlives_its_pod(kind, lifetime):
    """Or because the kubelet fills it; content that should be lost has no such cause."""
    cause = volume_causes.explain_outliving(offline_pods.pod(manifest(kind)), "v")

    assert cause.kind == ("unknown" if lifetime is POD else "outlives its Pod")
    expected = {
        POD: "should have been deleted with its Pod",
        NODE: "is not deleted with its Pod",
        STORAGE: "is not deleted with its Pod",
        KUBELET: "the kubelet fills again for every Pod",
    }
    assert expected[lifetime] in cause.text


@pytest.mark.parametrize("kind", ["csi", "gitRepo"])
def test_a_volume_that_a_driver_may_fill_does_not_start_empty(kind):
    """It goes with its Pod, but may hold content that no container wrote."""
    assert not VolumeSpec("v", kind).starts_empty
    assert VolumeSpec("v", "emptyDir").starts_empty
    assert VolumeSpec("v", "ephemeral").starts_empty
