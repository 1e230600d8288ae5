"""Who shares what with whom, by the spec alone."""

import pytest

from pytest_podshare import errors
from pytest_podshare.wiring.model import VolumeMount
from pytest_podshare.wiring.pod_spec import of_pod


def pod(*containers, volumes=("v", "w"), init=()):
    """A Pod spec of containers given as name and mounts."""
    return of_pod(
        {
            "initContainers": [_container(*each) for each in init],
            "containers": [_container(*each) for each in containers],
            "volumes": [{"name": name, "emptyDir": {}} for name in volumes],
        }
    )


def _container(name, *mounts, **more):
    return {"name": name, "volumeMounts": list(mounts), **more}


def mount(volume, path, **more):
    """A volumeMount."""
    return {"name": volume, "mountPath": path, **more}


def where(wiring):
    """The folders in which c1 and c2 meet."""
    return [(each.from_dir, each.to_dir) for each in wiring.shared("c1", "c2")]


def test_a_volume_is_shared_at_different_paths():
    """The paths differ per container; the volume ties them."""
    wiring = pod(("c1", mount("v", "/tmp/xchange")), ("c2", mount("v", "/tmp/data")))

    assert where(wiring) == [("/tmp/xchange", "/tmp/data")]


def test_each_shared_volume_is_found():
    """With several shared volumes all of them count."""
    wiring = pod(
        ("c1", mount("v", "/a"), mount("w", "/b")), ("c2", mount("w", "/c"), mount("v", "/d"))
    )

    assert [each.volume.name for each in wiring.shared("c1", "c2")] == ["v", "w"]


def test_equal_paths_of_different_volumes_are_not_shared():
    """The mutated twin: the same path proves nothing."""
    wiring = pod(("c1", mount("v", "/tmp/x")), ("c2", mount("w", "/tmp/x")))

    assert where(wiring) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("", "", [("/a", "/b")]),
        ("out", "out", [("/a", "/b")]),
        ("", "in/deep", [("/a/in/deep", "/b")]),
        ("out/x", "out", [("/a", "/b/x")]),
        ("./out/", "out", [("/a", "/b")]),
        ("out", "in", []),
        ("out", "outer", []),
    ],
)
def test_sub_paths_meet_where_one_lies_within_the_other(mine, theirs, expected):
    """Different subPaths of one volume share nothing, nested ones the deeper."""
    wiring = pod(("c1", mount("v", "/a", subPath=mine)), ("c2", mount("v", "/b", subPath=theirs)))

    assert where(wiring) == expected


def test_of_two_mounts_the_writable_one_is_taken():
    """A writer that has a volume twice uses the mount that it may write to."""
    wiring = pod(
        ("c1", mount("v", "/ro", readOnly=True), mount("v", "/rw")), ("c2", mount("v", "/b"))
    )

    assert where(wiring) == [("/rw", "/b")]


def test_an_init_container_that_always_restarts_is_a_sidecar():
    """Native sidecars stand among the init containers and run beside the others."""
    wiring = of_pod(
        {
            "initContainers": [
                {"name": "setup"},
                {"name": "proxy", "restartPolicy": "Always"},
            ],
            "containers": [{"name": "app"}],
        }
    )

    roles = [(each.name, each.role) for each in wiring.containers]
    assert roles == [("setup", "init"), ("proxy", "sidecar"), ("app", "container")]


def test_a_volume_without_a_source_is_an_empty_dir():
    """As the API server has it."""
    wiring = of_pod({"containers": [{"name": "c"}], "volumes": [{"name": "v"}]})

    assert wiring.volumes[0].kind == "emptyDir"


def test_the_kubelets_volumes_are_not_written_by_containers():
    """A nonce cannot be written to a ConfigMap; every container shares its token."""
    wiring = of_pod(
        {
            "containers": [{"name": "c"}],
            "volumes": [{"name": "v", "configMap": {}}, {"name": "w", "emptyDir": {}}],
        }
    )

    assert [each.is_written_by_containers for each in wiring.volumes] == [False, True]


def test_an_unknown_container_is_named_with_those_there_are():
    """A typing error is mended by reading the message."""
    with pytest.raises(errors.UnknownContainer) as caught:
        pod(("c1",), ("c2",)).shared("c1", "c3")

    assert str(caught.value) == (
        "The Pod has no container 'c3'.\nName one of its containers: 'c1', 'c2'."
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (VolumeMount("v", "/a"), "v at /a"),
        (VolumeMount("v", "/a", sub_path="out"), "v at /a (subPath=out)"),
        (VolumeMount("v", "/a", sub_path="out", read_only=True), "v at /a (subPath=out, ro)"),
    ],
)
def test_a_mount_reads_as_its_parts(given, text):
    """Failure texts show mounts in these words."""
    assert str(given) == text


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
def test_a_containers_own_restart_policy_comes_before_the_pods(spec, policy):
    """A native sidecar is restarted in a Pod that is not."""
    assert of_pod(spec).container("c").restart_policy == policy
