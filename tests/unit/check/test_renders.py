"""Manifests of the same render are checked together: a chart with its values, a folder, a file."""

from pathlib import Path

import pytest

from pytest_podshare.check import checker, inputs
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rendering import RenderJob

POD = """apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {checksum/config: 5d41402abc4b2a76}
spec:
  containers:
    - name: web
      image: nginx
      volumeMounts: [{name: config, mountPath: /etc/web.conf, subPath: web.conf}]
  volumes: [{name: config, configMap: {name: web}}]
"""
JOB = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    spec:\n"


def config_map(name="web", key="web.conf"):
    """Return a ConfigMap with one key."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{{key}: a}}\n"


def rendered(name, *texts):
    """Return the manifests of a chart's templates, rendered with some values."""
    job = RenderJob(name, Path("chart"), ("helm", "template", "chart", "--values", name))
    return [
        Input(f"chart ({name}): {number}", None, text.encode(), rendered=True, job=job)
        for number, text in enumerate(texts)
    ]


def find(manifests):
    """Return the rules that find something in each manifest."""
    results = checker.check_all(manifests, ProjectSettings())
    return [[finding.rule for finding in result.findings] for result in results]


def write(folder, **texts):
    """Write manifests, and return the rules that find something below the folder, by file."""
    for name, text in texts.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    manifests = inputs.find([str(folder)]).manifests
    names = [str(manifest.path.relative_to(folder).with_suffix("")) for manifest in manifests]
    return dict(zip(names, find(manifests), strict=True))


def test_the_templates_of_a_chart_are_one_render():
    """A Pod is compared with the ConfigMap of another template, before or after its own."""
    assert find(rendered("a", config_map(key="web.cfg"), POD)) == [[], ["missing-key"]]
    assert find(rendered("a", POD, config_map(key="web.cfg"))) == [["missing-key"], []]
    assert find(rendered("a", POD, config_map())) == [[], []]


def test_each_rendering_of_a_chart_has_its_own_objects():
    """The same Pod is right with some values and wrong with others."""
    right, wrong = config_map(), config_map(key="web.cfg")
    manifests = [
        *rendered("a", POD, right),
        *rendered("b", POD, wrong),
        *rendered("c", POD, wrong),
        *rendered("d", POD, right),
    ]

    assert find(manifests) == [[], [], ["missing-key"], [], ["missing-key"], [], [], []]


def test_a_command_of_another_template_may_create_what_is_missing():
    """The result for the Pod is not used again where there is no such command."""
    job = JOB + "      containers: [{name: j, image: i, args: [--config=web]}]\n"
    other = config_map("webs")
    manifests = [*rendered("a", POD, other, job), *rendered("b", POD, other)]

    assert find(manifests) == [[], [], [], ["missing-object"], []]


def test_what_is_rendered_again_is_read_once(monkeypatch):
    """A ConfigMap that changes has no influence on Pods that do not refer to it."""
    reads = []
    read = Input.read_parts
    monkeypatch.setattr(Input, "read_parts", lambda self: reads.append(self.origin) or read(self))
    texts = [(POD, config_map(), config_map("other", key)) for key in ("k1", "k2", "k1")]

    found = find(
        [one for name, text in zip("abc", texts, strict=True) for one in rendered(name, *text)]
    )

    assert found == [[]] * 9
    assert sorted(reads) == ["chart (a): 0", "chart (a): 1", "chart (a): 2", "chart (b): 2"]


def test_the_files_of_a_folder_are_one_render(tmp_path):
    """Files of another folder with the same names are another variant."""
    found = write(
        tmp_path,
        one__pod=POD,
        one__config=config_map(key="web.cfg"),
        two__pod=POD,
        two__config=config_map(),
    )

    assert found == {"one/config": [], "one/pod": ["missing-key"], "two/config": [], "two/pod": []}


@pytest.mark.parametrize(("name", "expected"), [("web", []), ("api", ["missing-object"])])
def test_an_object_of_another_folder_is_not_missing(tmp_path, name, expected):
    """The folders may be applied together, but nothing is known about its keys."""
    found = write(
        tmp_path,
        pods__pod=POD,
        pods__config=config_map("webs"),
        other__config=config_map(name, "k"),
    )

    assert found["pods/pod"] == expected


def test_the_output_of_helm_in_a_file_is_a_render(tmp_path):
    """Its ConfigMaps do not count for the file beside it."""
    output = (
        "---\n# Source: web/templates/all.yaml\n{}---\n# Source: web/templates/pod.yaml\n" + POD
    )

    a, b = (output.replace("{}", config_map(key=key)) for key in ("web.conf", "x"))
    found = write(tmp_path, a=a, b=b)

    assert found == {"a": [], "b": ["missing-key"]}


def overlay(folder, text):
    """Return the manifest of an overlay; the kustomization must exist."""
    job = RenderJob("kustomize", folder, ("kustomize", "build", str(folder)))
    return Input(f"{folder} (kustomize)", folder, text.encode(), rendered=True, job=job)


@pytest.mark.parametrize(("resources", "expected"), [("[../base]", []), ("[]", ["missing-key"])])
def test_overlays_add_what_a_base_lacks(tmp_path, resources, expected):
    """A base on which no overlay builds is complete."""
    for name, lines in {"base": "resources: [pod.yaml]", "prod": f"resources: {resources}"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(lines)
    incomplete = f"{config_map(key='other')}---\n{POD}"
    complete = f"{config_map()}---\n{POD}"

    base, prod = find(
        [overlay(tmp_path / "base", incomplete), overlay(tmp_path / "prod", complete)]
    )

    assert (base, prod) == (expected, [])


def test_a_manifest_alone_is_its_own_render():
    """Without a ConfigMap, nothing is known; the control has one in the same file."""
    assert find([Input("a.yaml", Path("a.yaml"), POD.encode())]) == [[]]
    text = f"{config_map(key='k')}---\n{POD}".encode()
    assert find([Input("a.yaml", Path("a.yaml"), text)]) == [["missing-key"]]
