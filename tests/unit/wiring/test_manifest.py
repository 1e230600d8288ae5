"""Tests of loading a manifest with one Pod from a path, text or a dict."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.wiring.manifest import load, load_all

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "busybox"}]},
}
TEXT = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: busybox}]}\n"
REMEDY = "Pass a manifest with one Pod, or with one workload that creates it (a Deployment, …)."


def test_a_path_text_and_a_dict_load_the_same_manifest(tmp_path):
    """They differ only in their origin."""
    path = tmp_path / "pod.yaml"
    path.write_text(TEXT)

    loaded = [load(source) for source in (path, str(path), TEXT, POD)]

    assert [manifest.pod["metadata"]["name"] for manifest in loaded] == ["p"] * 4
    assert [manifest.origin for manifest in loaded] == [
        str(path), str(path), "<YAML text>", "<dict>",
    ]  # fmt: skip


def test_a_dict_is_copied():
    """Deploying changes the copy only."""
    load(POD).pod["spec"]["containers"].clear()

    assert len(POD["spec"]["containers"]) == 1


def test_the_other_objects_are_kept():
    """A manifest may contain the ConfigMap that its Pod needs, also in a List."""
    text = f"---\n---\nkind: ConfigMap\n---\n{TEXT}---\nkind: List\nitems: [{{kind: Secret}}]\n"

    assert [document["kind"] for document in load(text).others] == ["ConfigMap", "Secret"]


def test_a_custom_resource_with_the_name_of_a_workload_is_another_object():
    """Volcano has a kind Job, with its Pod templates elsewhere."""
    foreign = "---\napiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: []}\n"

    assert load(TEXT + foreign).is_bare
    assert [document["kind"] for document in load(TEXT + foreign).others] == ["Job"]


def test_the_line_of_a_mount_or_container_is_found():
    """A broken promise points to what is to blame."""
    loaded = load(
        "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c1\n    volumeMounts:\n"
        "    - {name: v, mountPath: /a}\n    - name: v\n      mountPath: /b/\n  - name: c2\n"
        "    volumeMounts: [{name: v, mountPath: /a}]\n"
    )

    assert loaded.find_line("c1") == 5
    assert loaded.find_line("c1", "/a") == 7
    assert loaded.find_line("c1", "/b") == 8
    assert loaded.find_line("c2", "/a") == 11
    assert loaded.find_line("c2", "/b") is None
    assert loaded.find_line("c3") is None


def test_a_dict_has_no_lines():
    """It was not read from a text."""
    mounts = [{"name": "v", "mountPath": "/a"}]
    pod = {**POD, "spec": {"containers": [{"name": "c", "volumeMounts": mounts}]}}

    assert load(pod).find_line("c", "/a") is None
    assert load(pod).wiring.container("c").mounts[0].path == "/a"


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        (
            "just words\n",
            errors.NotAPod,
            f"<YAML text> contains 'just words', which is not a Kubernetes object.\n{REMEDY}",
        ),
        ("\n", errors.NotAPod, f"<YAML text> contains no Pod (it is empty).\n{REMEDY}"),
        (
            {"kind": "Service"},
            errors.NotAPod,
            f"<dict> contains no Pod (found: Service).\n{REMEDY}",
        ),
        ("a: b\n", errors.NotAPod, f"<YAML text> contains no Pod (found: no kind).\n{REMEDY}"),
        (
            f"{TEXT}---\n{TEXT}",
            errors.NotAPod,
            "<YAML text> contains 2 Pods or workloads (Pod, Pod).\n"
            "Use deploy_all, which returns a Pod for each, or pass a manifest with one.",
        ),
        (
            {"kind": "Job"},
            errors.ManifestInvalid,
            "<dict>: the Job has no name.\nSet metadata.name.",
        ),
        (
            {"kind": "Job", "metadata": {"name": "j"}, "spec": {}},
            errors.ManifestInvalid,
            "<dict>: the Job has no Pod template.\nAdd spec.template.",
        ),
        (
            {**POD, "spec": {}},
            errors.NoContainers,
            "<dict>: the Pod has no containers.\nAdd a container to spec.containers.",
        ),
        (
            {**POD, "metadata": {}},
            errors.ManifestInvalid,
            "<dict>: the Pod has no name.\nSet metadata.name.",
        ),
        (
            {**POD, "spec": {"containers": "c"}},
            errors.ManifestInvalid,
            "<dict>: spec.containers must be a list, but is a string.\n"
            "Start each entry with a dash.",
        ),
        (
            "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - image: busybox\n",
            errors.ManifestInvalid,
            "<YAML text>:5:5: spec.containers[0] has no name.\n"
            "  5 |   - image: busybox\n"
            "    |     ^\n"
            "Add name.",
        ),
    ],
)
def test_an_error_shows_the_problem_the_line_and_the_remedy(source, error, text):
    """The line is shown if the manifest is a text."""
    with pytest.raises(error) as caught:
        load(source)

    assert str(caught.value) == text


def test_a_missing_file_is_an_error():
    """The error names the working directory."""
    with pytest.raises(errors.ManifestNotFound) as caught:
        load("no/such.yaml")

    assert str(caught.value) == (
        f"Manifest no/such.yaml does not exist (working directory: {Path.cwd()}).\n"
        "Pass the path of a YAML file, YAML text, or a dict."
    )


def test_a_folder_is_an_error(tmp_path):
    """Like any path that cannot be read."""
    with pytest.raises(errors.ManifestInvalid, match=r"^Cannot read .*: Is a directory"):
        load(tmp_path)


def test_a_manifest_with_several_workloads_is_split():
    """Each has one; the first has the other objects, so that they are created once."""
    config = "kind: ConfigMap\nmetadata: {name: c}\n"

    first, second = load_all(f"{TEXT}---\n{config}---\n{TEXT}")

    assert [manifest.subject["kind"] for manifest in (first, second)] == ["Pod", "Pod"]
    assert [document["kind"] for document in first.others] == ["ConfigMap"]
    assert second.others == ()
    with pytest.raises(errors.NotAPod, match=r"contains no Pod \(found: ConfigMap\)"):
        load_all(config)
