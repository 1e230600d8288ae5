"""How long a volume's content stays, kind by kind, and everything that follows from it."""

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
from pytest_podshare.wiring.templates import templates
from tests.support import offline_pods

POD, NODE, STORAGE, KUBELET = Lifetime
# by Kubernetes' documentation of volumes and of ephemeral volumes
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
    """A Pod with one volume of that kind."""
    return MANIFEST.format(kind=kind, mounts=mounts, facts=facts)


@every_kind
def test_every_kind_has_one_lifetime(kind, lifetime):
    """And a volume knows its own."""
    volume = VolumeSpec("v", kind)

    assert LIFETIMES[kind] is volume.lifetime is lifetime
    assert volume.outlives_pod == (lifetime in (NODE, STORAGE))
    assert volume.is_written_by_containers == (lifetime is not KUBELET)


def test_the_table_is_that_of_the_api():
    """Every source that Kubernetes has; what a PersistentVolume can be made of outlives Pods."""
    volumes = set(client.V1Volume.attribute_map.values()) - {"name"}
    persistent = volumes & set(client.V1PersistentVolumeSpec.attribute_map.values())
    lasting = {kind for kind in LIFETIMES if VolumeSpec("v", kind).outlives_pod}

    assert volumes <= set(LIFETIMES)
    assert set(LIFETIMES) == {kind for kind, _ in KINDS}
    # inline it is the Pod's own; a claim is no source of a PersistentVolume, but has one
    assert lasting == persistent - {"csi"} | {"persistentVolumeClaim"}


def test_of_an_unknown_kind_nothing_is_known():
    """Neither is promised of it, and containers may write to it."""
    volume = VolumeSpec("v", "future")

    assert volume.lifetime is None
    assert not volume.outlives_pod
    assert volume.is_written_by_containers


@every_kind
def test_what_is_promised_of_a_deletion(kind, lifetime):
    """Lost with the Pod, or there in the next one; nothing of what containers cannot write."""
    wanted = {POD: ["lost"], NODE: ["survives"], STORAGE: ["survives"], KUBELET: []}

    found = promises.of_wiring(load(manifest(kind)).wiring)

    assert [each.word for each in found if each.id == "deleted@v"] == wanted[lifetime]


@every_kind
def test_what_a_skeleton_puts_in_its_place(kind, lifetime):
    """A stand-in lives as long as what it stands in for."""
    (template,) = templates(read(manifest(kind)))

    made = skeleton.skeleton(template, "busybox").wiring

    assert made.volumes[0].lifetime is lifetime


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
def test_which_volumes_an_assertion_is_about(kind, lifetime, check, fits):
    """Where none is named; nobody mounts this one, so that the error says what was chosen."""
    pod = offline_pods.pod(manifest(kind, mounts="[]"))

    with pytest.raises(errors.NoSharedVolume) as caught:
        check(pod)

    chosen = "No running container of ns/web may write to volume 'v'."
    which = "goes with its Pod" if fits == (POD,) else "outlives its Pod"
    assert caught.value.what == (
        chosen if lifetime in fits else f"ns/web has no volume that {which}."
    )


@pytest.mark.parametrize(
    ("check", "kind"),
    [(assert_lost_on_delete, "csi"), (assert_survives_delete, "persistentVolumeClaim")],
)
def test_a_volume_that_says_it_is_read_only_is_not_chosen(check, kind):
    """Nothing can be left in the volume of a driver that hands out secrets."""
    with pytest.raises(errors.NoSharedVolume, match="has no volume that"):
        check(offline_pods.pod(manifest(kind, facts="{readOnly: true}")))


@every_kind
def test_why_nothing_of_an_earlier_pod_is_there(kind, lifetime):
    """It went with its Pod; any other kind needs another reason."""
    cause = volume_causes.find_gone_with_pod(offline_pods.pod(manifest(kind)), "v")

    assert (cause is not None) == (lifetime is POD)
    if cause:
        article = "an" if kind in ("emptyDir", "ephemeral") else "a"
        assert cause.kind == "replaced"
        assert cause.text == (
            f"volume v is {article} {kind}, which is deleted with its Pod, and this is another Pod"
        )


@every_kind
def test_why_something_of_an_earlier_pod_is_there(kind, lifetime):
    """It stays, or the kubelet has filled it anew; what should be gone is not explained away."""
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
def test_what_a_driver_fills_is_not_taken_for_empty(kind):
    """It goes with its Pod, and something may be in it that no container has written."""
    assert [VolumeSpec("v", each).starts_empty for each in ("emptyDir", "ephemeral", kind)] == [
        True,
        True,
        False,
    ]
