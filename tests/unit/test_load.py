"""Manifests from paths, text and dicts, and what is said of bad ones."""

import pytest

from pytest_podshare import errors
from pytest_podshare.wiring.load import load

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "busybox"}]},
}
TEXT = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: busybox}]}\n"


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


@pytest.mark.parametrize(
    ("source", "error", "what"),
    [
        ("no/such.yaml", errors.ManifestNotFound, "There is no manifest no/such.yaml (looked from"),
        ("a: [\n b: }", errors.ManifestInvalid, "the given YAML:2:5 is not YAML: "),
        ("a:\n\t- b\n", errors.ManifestInvalid, "the given YAML:2:1 is not YAML: "),
        ("d: 2026-13-45\n", errors.ManifestInvalid, "the given YAML is not YAML: "),
        ("just words\n", errors.NotAPod, "the given YAML holds 'just words', which is no"),
        ("\n", errors.NotAPod, "the given YAML holds no Pod (nothing)."),
        ({"kind": "Service"}, errors.NotAPod, "the given dict holds no Pod (Service)."),
        ({"kind": "Job"}, errors.ManifestInvalid, "the given dict: the Job has no name."),
        (
            {"kind": "Job", "metadata": {"name": "j"}, "spec": {}},
            errors.ManifestInvalid,
            "the given dict: the Job has no template.",
        ),
        (f"{TEXT}---\n{TEXT}", errors.NotAPod, "the given YAML holds 2 Pods (Pod, Pod)."),
        ({**POD, "spec": {}}, errors.NoContainers, "the given dict: the Pod has no containers."),
        ({**POD, "metadata": {}}, errors.ManifestInvalid, "the given dict: the Pod has no name."),
        (
            {**POD, "spec": {"containers": "c"}},
            errors.ManifestInvalid,
            "the given dict: spec.containers is not a list.",
        ),
        (
            {**POD, "spec": {"containers": [{"image": "busybox"}]}},
            errors.ManifestInvalid,
            "the given dict: spec.containers[0] has no name (a string).",
        ),
        (
            {**POD, "spec": {"containers": [{"name": "c", "volumeMounts": [{"name": "v"}]}]}},
            errors.ManifestInvalid,
            "the given dict: spec.containers[0].volumeMounts[0] has no mountPath (a string).",
        ),
    ],
)
def test_a_bad_manifest_is_named_and_mended(source, error, what):
    """One line says what is the matter, one line what to do, and no more."""
    with pytest.raises(error) as caught:
        load(source)

    first, *rest = str(caught.value).splitlines()
    assert first.startswith(what)
    assert len(rest) == 1


def test_a_folder_is_no_manifest(tmp_path):
    """What cannot be read is said to be so, without a traceback of ours."""
    with pytest.raises(errors.ManifestInvalid, match="cannot be read"):
        load(tmp_path)
