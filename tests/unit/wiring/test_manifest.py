"""Manifests from paths, text and dicts, and what is said of bad ones."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.wiring.manifest import load

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "busybox"}]},
}
TEXT = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: busybox}]}\n"
HINT = "Give a manifest with one Pod, or one workload that makes it (a Deployment, …)."


def test_a_path_a_text_and_a_dict_say_the_same(tmp_path):
    """The three ways to give a manifest differ in nothing but where it came from."""
    path = tmp_path / "pod.yaml"
    path.write_text(TEXT)

    loaded = [load(source) for source in (path, str(path), TEXT, POD)]

    assert [each.pod["metadata"]["name"] for each in loaded] == ["p"] * 4
    assert [each.origin for each in loaded] == [
        str(path), str(path), "the given YAML", "the given dict",
    ]  # fmt: skip


def test_the_caller_keeps_its_own_dict():
    """Deploying changes the Pod, never what it was made from."""
    load(POD).pod["spec"]["containers"].clear()

    assert len(POD["spec"]["containers"]) == 1


def test_other_objects_come_with_the_pod():
    """A manifest may bring the ConfigMap its Pod needs, also within a List."""
    text = f"---\n---\nkind: ConfigMap\n---\n{TEXT}---\nkind: List\nitems: [{{kind: Secret}}]\n"

    assert [each["kind"] for each in load(text).others] == ["ConfigMap", "Secret"]


def test_a_foreign_kind_of_a_known_name_is_none_of_ours():
    """Other API groups have Jobs and Deployments of their own, with templates elsewhere."""
    foreign = "---\napiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: []}\n"

    assert load(TEXT + foreign).is_bare
    assert [each["kind"] for each in load(TEXT + foreign).others] == ["Job"]


def test_the_line_of_a_mount_is_known():
    """A failed promise can point at the mount that is to blame, or at its container."""
    loaded = load(
        "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c1\n    volumeMounts:\n"
        "    - {name: v, mountPath: /a}\n    - name: v\n      mountPath: /b/\n  - name: c2\n"
        "    volumeMounts: [{name: v, mountPath: /a}]\n"
    )

    assert loaded.line_of("c1") == 5
    assert loaded.line_of("c1", "/a") == 7
    assert loaded.line_of("c1", "/b") == 8
    assert loaded.line_of("c2", "/a") == 11
    assert loaded.line_of("c2", "/b") is None
    assert loaded.line_of("c3") is None


def test_a_dict_has_no_lines():
    """What came from no text is not given a place in one."""
    mounts = [{"name": "v", "mountPath": "/a"}]
    pod = {**POD, "spec": {"containers": [{"name": "c", "volumeMounts": mounts}]}}

    assert load(pod).line_of("c", "/a") is None
    assert load(pod).wiring.container("c").mounts[0].path == "/a"


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        (
            "just words\n",
            errors.NotAPod,
            f"the given YAML holds 'just words', which is no Kubernetes object.\n{HINT}",
        ),
        ("\n", errors.NotAPod, f"the given YAML holds no Pod (nothing).\n{HINT}"),
        (
            {"kind": "Service"},
            errors.NotAPod,
            f"the given dict holds no Pod (Service).\n{HINT}",
        ),
        ("a: b\n", errors.NotAPod, f"the given YAML holds no Pod (no kind).\n{HINT}"),
        (
            f"{TEXT}---\n{TEXT}",
            errors.NotAPod,
            f"the given YAML holds 2 Pods (Pod, Pod).\n{HINT}",
        ),
        (
            {"kind": "Job"},
            errors.ManifestInvalid,
            "the given dict: the Job has no name.\nGive it one under metadata.name.",
        ),
        (
            {"kind": "Job", "metadata": {"name": "j"}, "spec": {}},
            errors.ManifestInvalid,
            "the given dict: the Job has no template.\nGive it one under spec.template.",
        ),
        (
            {**POD, "spec": {}},
            errors.NoContainers,
            "the given dict: the Pod has no containers.\nList at least one under spec.containers.",
        ),
        (
            {**POD, "metadata": {}},
            errors.ManifestInvalid,
            "the given dict: the Pod has no name.\nGive it one under metadata.name.",
        ),
        (
            {**POD, "spec": {"containers": "c"}},
            errors.ManifestInvalid,
            "the given dict: spec.containers is a string, not a list.\n"
            "Begin each of its entries with a dash.",
        ),
        (
            "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - image: busybox\n",
            errors.ManifestInvalid,
            "the given YAML:5:5: spec.containers[0] has no name.\n"
            "  5 |   - image: busybox\n"
            "    |     ^\n"
            "Give it a name.",
        ),
    ],
)
def test_a_bad_manifest_is_named_and_mended(source, error, text):
    """It says what is the matter, shows the line where there is one, and says what to do."""
    with pytest.raises(error) as caught:
        load(source)

    assert str(caught.value) == text


def test_a_missing_file_is_said_to_be_missing():
    """With the folder that a relative path is looked for from."""
    with pytest.raises(errors.ManifestNotFound) as caught:
        load("no/such.yaml")

    assert str(caught.value) == (
        f"There is no manifest no/such.yaml (looked from {Path.cwd()}).\n"
        "Give the path of a YAML file, YAML text, or a dict."
    )


def test_a_folder_is_no_manifest(tmp_path):
    """What cannot be read is said to be so, without a traceback of ours."""
    with pytest.raises(errors.ManifestInvalid, match="cannot be read"):
        load(tmp_path)
