"""Whatever a volume is filled from and can change: each entry arrives, and is put back."""

import base64

import pytest

from pytest_podshare import assert_update_not_visible, assert_update_visible, errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from tests.support.kubelet_syncs import frequent_syncs

WAIT = {"image": "busybox", "command": ["sh", "-c", "while :; do sleep 1; done"]}
RESOURCES = {"requests": {"cpu": "10m"}, "limits": {"cpu": "200m"}}
TEXT = {"kind": "ConfigMap", "data": {"a.conf": "a", "b.conf": "b"}}
LOGO = base64.b64encode(b"\x89PNG\xff").decode()


def field(path, key):
    """Return an item of the downward API, with a file of that name."""
    return {"path": path, "fieldRef": {"fieldPath": key}}


DOWNWARD = {
    "labels": [field("labels", "metadata.labels")],
    "annotations": [field("annotations", "metadata.annotations")],
    "label": [field("zone", "metadata.labels['zone']")],
    "annotation": [field("team", "metadata.annotations['example.com/team']")],
    "missing": [field("missing", "metadata.annotations['missing']")],
    "several": [
        field("name", "metadata.name"),
        field("deep/zone", "metadata.labels['zone']"),
        field("deep/annotations", "metadata.annotations"),
    ],
}
LIMIT = {"containerName": "app", "resource": "limits.cpu", "divisor": "1m"}
# cannot change, by the reason that the error gives
FIXED = {
    "emptydir": ({"emptyDir": {}}, "no object is behind its emptyDir"),
    "name": (
        {"downwardAPI": {"items": [field("n", "metadata.name"), field("u", "metadata.uid")]}},
        "metadata.name never changes; metadata.uid never changes",
    ),
    "limit": (
        {"downwardAPI": {"items": [{"path": "cpu", "resourceFieldRef": LIMIT}]}},
        "limits.cpu of container app changes only if the Pod is resized in place",
    ),
    "frozen": ({"configMap": {"name": "frozen"}}, "ConfigMap frozen is immutable"),
    "sealed": ({"secret": {"secretName": "sealed"}}, "Secret sealed is immutable"),
    "absent": (
        {"configMap": {"name": "absent", "optional": True}},
        "ConfigMap absent does not exist, and is optional",
    ),
    "empty": ({"configMap": {"name": "empty"}}, "ConfigMap empty has no entries"),
    "token": (
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
        "only Kubernetes itself renews a serviceAccountToken",
    ),
}
OBJECTS = [
    {**TEXT, "metadata": {"name": "text"}},
    {"kind": "ConfigMap", "metadata": {"name": "binary"}, "binaryData": {"logo": LOGO}},
    {"kind": "Secret", "metadata": {"name": "secret"}, "stringData": {"password": "open"}},
    {**TEXT, "metadata": {"name": "frozen"}, "immutable": True},
    {
        "kind": "Secret",
        "metadata": {"name": "sealed"},
        "stringData": {"password": "open"},
        "immutable": True,
    },
    {"kind": "ConfigMap", "metadata": {"name": "empty"}},
]
PROJECTED = [
    {"configMap": {"name": "text"}},
    {"configMap": {"name": "binary"}},
    {"secret": {"name": "secret", "items": [{"key": "password", "path": "deep/password"}]}},
    {"downwardAPI": {"items": DOWNWARD["several"]}},
    {"configMap": {"name": "frozen", "items": [{"key": "a.conf", "path": "frozen/a.conf"}]}},
    {"configMap": {"name": "absent", "optional": True}},
]
VOLUMES = {
    **{name: {"downwardAPI": {"items": items}} for name, items in DOWNWARD.items()},
    **{name: source for name, (source, _) in FIXED.items()},
    "text": {"configMap": {"name": "text"}},
    "binary": {"configMap": {"name": "binary"}},
    "projected": {"projected": {"sources": PROJECTED}},
}


def mounts(paths):
    """Return a mount of each volume, with the given subPath."""
    return [
        {"name": name, "mountPath": f"/{name}", **({"subPath": path} if path else {})}
        for name, path in paths.items()
    ]


SPEC = {
    "terminationGracePeriodSeconds": 1,
    "containers": [
        {
            **WAIT,
            "name": "app",
            "resources": RESOURCES,
            "volumeMounts": mounts(dict.fromkeys(VOLUMES)),
        },
        {
            **WAIT,
            "name": "pinned",
            "volumeMounts": mounts({"labels": "labels", "label": "zone", "text": "b.conf"}),
        },
    ],
    "volumes": [{"name": name, **source} for name, source in VOLUMES.items()],
}
METADATA = {
    "name": "sources",
    "labels": {"zone": "z11"},
    "annotations": {"example.com/team": "blue"},
}


def listed(*items):
    """Return a manifest of several objects."""
    versions = {"Deployment": "apps/v1"}
    return {
        "kind": "List",
        "items": [{"apiVersion": versions.get(item["kind"], "v1"), **item} for item in items],
    }


@pytest.fixture(scope="module")
def pod(podshare_factory):
    """Deploy a Pod with every kind of source."""
    with podshare_factory.make() as podshare:
        manifest = listed(*OBJECTS, {"kind": "Pod", "metadata": METADATA, "spec": SPEC})
        yield podshare.deploy(manifest)


def metadata(pod):
    """Return the Pod's labels and annotations, without the one of `frequent_syncs`."""
    live = pod.api.get(pod_path(pod.namespace, pod.name))["metadata"]
    return live["labels"], {k: v for k, v in live["annotations"].items() if k != "sync"}


def config_map(pod, name):
    """Return the ConfigMap's content."""
    live = pod.api.get(f"/api/v1/namespaces/{pod.namespace}/configmaps/{name}")
    return live.get("data"), live.get("binaryData")


@pytest.mark.parametrize("volume", DOWNWARD)
def test_whatever_of_the_metadata_can_change_changes(pod, volume):
    """Whole maps as well as single labels and annotations; all are as before afterwards."""
    before = metadata(pod)

    evidence = assert_update_visible(pod, container="app", volume=volume)

    assert len(evidence.steps) == {"several": 2}.get(volume, 1)
    assert ("metadata.name never changes" in str(evidence)) is (volume == "several")
    assert metadata(pod) == before


def test_a_single_label_or_all_of_them_do_not_change_through_a_sub_path(pod):
    """The mutated twins of the test above; all are as before though the assertion fails."""
    before = metadata(pod)

    for volume in ("labels", "label"):
        with pytest.raises(AssertionError, match=r"does not see the change[\s\S]*never updates"):
            assert_update_visible(pod, container="pinned", volume=volume, timeout=2)
        assert_update_not_visible(pod, container="pinned", volume=volume)
        with pytest.raises(AssertionError, match="'app' sees the change"):
            assert_update_not_visible(pod, container="app", volume=volume)

    assert metadata(pod) == before


def test_each_mount_of_a_container_must_keep_the_old_content(podshare):
    """The mutated twin: besides the subPath, the container mounts the whole volume."""
    label = {"name": "label", **VOLUMES["label"]}
    both = [*mounts({"label": "zone"}), {"name": "label", "mountPath": "/whole"}]
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [{**WAIT, "name": "twice", "volumeMounts": both}],
        "volumes": [label],
    }
    twice = podshare.deploy({"kind": "Pod", "apiVersion": "v1", "metadata": METADATA, "spec": spec})

    with pytest.raises(AssertionError, match="'twice' sees the change"):
        assert_update_not_visible(twice, container="twice", volume="label")


def test_each_source_of_a_projected_volume_changes(pod):
    """Also text and binary data, a Secret and labels; what is immutable or absent is named."""
    contents = [config_map(pod, name) for name in ("text", "binary")]

    with frequent_syncs(pod):
        evidence = assert_update_visible(pod, container="app", volume="projected")

    files = {step.path.removeprefix("/projected/") for step in evidence.steps}
    assert files == {
        *("a.conf", "b.conf", "logo"),
        *("deep/password", "deep/zone", "deep/annotations"),
    }
    assert "ConfigMap frozen is immutable" in str(evidence)
    assert "ConfigMap absent does not exist, and is optional" in str(evidence)
    assert [config_map(pod, name) for name in ("text", "binary")] == contents
    secret = pod.api.get(f"/api/v1/namespaces/{pod.namespace}/secrets/secret")["data"]
    assert secret == {"password": base64.b64encode(b"open").decode()}


def test_binary_data_changes_and_is_put_back(pod):
    """A ConfigMap with nothing else."""
    with frequent_syncs(pod):
        assert_update_visible(pod, container="app", volume="binary")

        assert config_map(pod, "binary") == (None, {"logo": LOGO})
        path = pod["app"].volume("binary")
        back = poll(
            lambda: path.read("logo"),
            until=lambda seen: seen == b"\x89PNG\xff",
            deadline=Deadline(120),
        )
    assert back == b"\x89PNG\xff"


def test_the_file_of_a_sub_path_is_not_the_first_of_its_volume(pod):
    """The entry that is changed must be the one that the container mounts."""
    with frequent_syncs(pod):
        evidence = assert_update_not_visible(pod, container="pinned", volume="text")

    assert evidence.claim == "pinned does not see a change to b.conf of ConfigMap text"
    assert config_map(pod, "text") == ({"a.conf": "a", "b.conf": "b"}, None)


@pytest.mark.parametrize("volume", FIXED)
def test_what_cannot_change_is_said_to_be_so(pod, volume):
    """Before anything is changed, with the reason and with what to do."""
    for assertion in (assert_update_visible, assert_update_not_visible):
        with pytest.raises(errors.UpdateImpossible) as caught:
            assertion(pod, container="app", volume=volume)

        assert FIXED[volume][1] in caught.value.what
        assert caught.value.remedy.endswith(".")


def test_what_someone_else_has_changed_meanwhile_stays(pod, monkeypatch):
    """Only the value that podshare wrote is replaced by the previous one."""
    path = f"/api/v1/namespaces/{pod.namespace}/configmaps/text"

    def change_both(*_, **__):
        pod.api.patch(path, {"data": {"a.conf": "newer"}})
        raise errors.ExecError("interrupted", "Nothing.")

    monkeypatch.setattr("pytest_podshare.assertions.updates._wait_for", change_both)
    with pytest.raises(errors.ExecError):
        assert_update_visible(pod, container="app", volume="text")
    data, _ = config_map(pod, "text")
    pod.api.patch(path, {"data": TEXT["data"]})

    assert data == {"a.conf": "newer", "b.conf": "b"}


def test_a_resize_in_place_changes_a_limit(podshare):
    """So limits.cpu can change, though not through a ConfigMap, a Secret or metadata."""
    source = {"name": "limit", **FIXED["limit"][0]}
    container = {**SPEC["containers"][0], "volumeMounts": mounts({"limit": None})}
    spec = {**SPEC, "containers": [container], "volumes": [source]}
    resized = podshare.deploy(
        {"kind": "Pod", "apiVersion": "v1", "metadata": METADATA, "spec": spec}
    )
    changes = {"containers": [{"name": "app", "resources": {"limits": {"cpu": "150m"}}}]}

    resized.api.patch(
        pod_path(resized.namespace, resized.name, "resize"), {"spec": changes}, strategic=True
    )

    files = resized["app"].volume("limit")
    seen = poll(lambda: files.read("cpu"), until=lambda seen: seen == b"150", deadline=Deadline(90))
    assert seen == b"150"


def test_a_label_by_which_a_controller_finds_its_pod_is_not_changed(podshare):
    """The controller would create another Pod; all labels in one file can be changed."""
    items = [field("app", "metadata.labels['app']")]
    every = [field("hash", "metadata.labels['pod-template-hash']"), *DOWNWARD["labels"]]
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {**WAIT, "name": "app", "volumeMounts": mounts({"app": None, "every": None})}
        ],
        "volumes": [
            {"name": "app", "downwardAPI": {"items": items}},
            {"name": "every", "downwardAPI": {"items": every}},
        ],
    }
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    web = podshare.deploy(deployment)

    with pytest.raises(errors.UpdateImpossible, match=r"by the label app, .* of Deployment web"):
        assert_update_visible(web, container="app", volume="app")
    evidence = assert_update_visible(web, container="app", volume="every")

    assert "by the label pod-template-hash" in str(evidence)
    assert [pod.uid for pod in podshare.replicas(web)] == [web.uid]
