"""Volumes that only the kubelet fills, in several containers."""

import pytest

from pytest_podshare import assert_read_only, assert_same_files, errors

STAY = "while :; do sleep 1; done"
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "config"},
    "data": {"a": "one", "b": "two"},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "keys", "labels": {"app": "same"}},
    "stringData": {"key": "value"},
}
TOKEN = {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 600}}
LABELS = {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}
SOURCES = {
    "a ConfigMap": {"configMap": {"name": "config"}},
    "a Secret": {"secret": {"secretName": "keys"}},
    "a service account token": {"projected": {"sources": [TOKEN]}},
    "the downward API and a ConfigMap": {
        "projected": {"sources": [LABELS, {"configMap": {"name": "config"}}]}
    },
}


def deploy(podshare, source, *, command=STAY, privileged=False, mount=None):
    """Deploy a Pod of two containers with a volume; the second one may be different."""
    containers = [
        {
            "name": name,
            "image": "busybox",
            "command": ["sh", "-c", script],
            "volumeMounts": [{"name": "v", "mountPath": path, **more}],
        }
        for name, path, script, more in (
            *(("c1", "/a", STAY, {}), ("c2", "/b", command, mount or {})),
        )
    ]
    containers[1]["securityContext"] = {"privileged": privileged}
    probe = {"exec": {"command": ["test", "-e", "/tmp/done"]}, "periodSeconds": 1}
    if command != STAY:
        containers[1]["readinessProbe"] = probe
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "same", "labels": {"app": "same"}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": containers,
            "volumes": [{"name": "v", **source}],
        },
    }
    return podshare.deploy({"kind": "List", "items": [CONFIG, SECRET, pod]})


@pytest.mark.parametrize("source", SOURCES)
def test_two_containers_see_the_same_files(podshare, source):
    """Their names and contents, each through its own mount."""
    pod = deploy(podshare, SOURCES[source])

    (compared,) = assert_same_files(pod, volume="v").events

    assert compared.startswith("c1 and c2 have the same ")
    assert not compared.endswith(" 0 were read")


@pytest.mark.parametrize("source", SOURCES)
def test_a_container_that_hides_the_volume_sees_other_files(podshare, source):
    """The twin mounts a file system over it."""
    hide = f"mount -t tmpfs t /b; touch /b/token /tmp/done; {STAY}"
    pod = deploy(podshare, SOURCES[source], command=hide, privileged=True)

    with pytest.raises(errors.PromiseBroken) as caught:
        assert_same_files(pod, volume="v", timeout=1)

    assert caught.value.cause == "shadowed"


def test_equal_names_with_another_content_are_not_the_same(podshare):
    """The twin has the files under the same names."""
    hide = f"cp -a /b /copy; echo more >> /copy/a; mount -o bind /copy /b; touch /tmp/done; {STAY}"
    pod = deploy(podshare, SOURCES["a ConfigMap"], command=hide, privileged=True)

    with pytest.raises(errors.PromiseBroken, match="do not see the same files in volume 'v'"):
        assert_same_files(pod, volume="v", timeout=1)


def test_a_key_and_the_whole_volume_have_that_file_in_common(podshare):
    """Only the file that both see is compared."""
    pod = deploy(podshare, SOURCES["a ConfigMap"], mount={"mountPath": "/k", "subPath": "a"})

    assert assert_same_files(pod, volume="v").events == (
        "c1 and c2 have the same 1 files; 1 were read",
    )


def test_an_empty_volume_proves_nothing(podshare):
    """Two empty folders are the same, whatever they are."""
    pod = deploy(podshare, {"configMap": {"name": "none", "optional": True}})

    with pytest.raises(errors.ControlMissing, match="has no file"):
        assert_same_files(pod, volume="v", timeout=1)


@pytest.mark.podshare_needs("image-volumes")
def test_an_image_gives_its_files_to_all_and_takes_none(podshare):
    """Its files are the same in both, and neither can write there."""
    source = {"image": {"reference": "busybox", "pullPolicy": "IfNotPresent"}}
    pod = deploy(podshare, source)

    assert assert_same_files(pod, volume="v").events
    assert all(assert_read_only(pod, container=name, volume="v") for name in ("c1", "c2"))


@pytest.mark.podshare_needs("image-volumes")
def test_an_image_that_is_hidden_is_not_seen(podshare):
    """The twin of an image volume."""
    source = {"image": {"reference": "busybox", "pullPolicy": "IfNotPresent"}}
    hide = f"mount -t tmpfs t /b; touch /b/f /tmp/done; {STAY}"
    pod = deploy(podshare, source, command=hide, privileged=True)

    with pytest.raises(errors.PromiseBroken):
        assert_same_files(pod, volume="v", timeout=1)
