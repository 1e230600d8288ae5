"""Flux's HelmReleases and Argo CD's Applications, with stand-ins for helm and kustomize."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from pytest_podshare.check import inputs
from pytest_podshare.check.releases.git_repository import find_repository
from pytest_podshare.check.render_options import HelmOptions, RenderOptions
from tests.support.render_programs import POD, program, write

# every test starts programs
pytestmark = pytest.mark.slow

REMOTE = '[remote "origin"]\n\turl = https://example.com/shop/deploy.git\n'
REPOSITORY = "https://mirror.example.com/other/deploy"
GIT_SOURCE = {"chart": "./charts/web", "sourceRef": {"kind": "GitRepository", "name": "deploy"}}
CONFIG_MAP = {"kind": "ConfigMap", "name": "web-values"}


@pytest.fixture(autouse=True)
def _repository(programs):
    """A repository with a chart, and a helm that renders its arguments and its input."""
    shown = "print('---\\n# Source: web/templates/pod.yaml\\n#', *sys.argv[1:])\n"
    program(programs, "helm", f"{shown}print('#', sys.stdin.read())\nprint({POD!r})")
    program(programs, "kustomize", f"print('#', *sys.argv[1:])\nprint({POD!r})")
    write(".git/config", REMOTE)
    write("charts/web/Chart.yaml", "name: web\n")


def helm_release(**spec):
    """Return a HelmRelease of the chart."""
    metadata = {"name": "web", "namespace": "shop"}
    spec = {"chart": {"spec": GIT_SOURCE}} | spec
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": metadata,
        "spec": spec,
    }


def application(*sources, **source):
    """Return an Application of the chart, or of several sources."""
    whole = {"repoURL": REPOSITORY, "path": "charts/web"} | source
    spec = {"sources": list(sources)} if sources else {"source": whole}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web"},
        "spec": spec | {"destination": {"namespace": "shop"}},
    }


def config_map(name, **data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def find(*objects, paths=("apps",), **options):
    """Return what is found in a folder with the objects in one file."""
    write("apps/web.yaml", yaml.safe_dump_all(objects))
    return inputs.find(paths, **options)


def find_run(*objects, **options):
    """Return the words and the values with which helm rendered the only release."""
    selection = find(*objects, **options)
    assert selection.problems == ()
    (rendered,) = (manifest for manifest in selection.manifests if manifest.rendered)
    words, values = rendered.content.decode().splitlines()[2:4]
    return words.removeprefix("# "), json.loads(values.removeprefix("# ") or "{}")


def test_a_helm_release_is_rendered_with_its_values():
    """Its origin names the chart, the object and its file."""
    words, values = find_run(helm_release(values={"a": {"b": 1}}))

    assert words == "template web charts/web --values - --namespace shop"
    assert values == {"a": {"b": 1}}
    assert [manifest.origin for manifest in inputs.find(["apps"]).manifests] == [
        "apps/web.yaml",
        "charts/web (HelmRelease/web in apps/web.yaml): templates/pod.yaml",
    ]


def test_the_values_of_a_helm_release_are_merged_in_flux_order():
    """Value files, ConfigMaps of its folder in their order, then its own values."""
    maps = [
        config_map("web-values", **{"values.yaml": "a: {b: 1, c: 1}\nlist: [1, 2]\n"}),
        config_map("more-h6k2m4t7c9", extra="a: {c: 2, d: 2}\n"),
        config_map("port", **{"values.yaml": "8080\n"}),
    ]
    sources = [
        CONFIG_MAP,
        {"kind": "ConfigMap", "name": "more", "valuesKey": "extra"},
        {"kind": "ConfigMap", "name": "port", "targetPath": "service.port"},
        {"kind": "Secret", "name": "absent", "optional": True},
    ]
    chart = {"spec": GIT_SOURCE | {"valuesFiles": ["values/a.yaml"]}}
    write("values/a.yaml")
    release = helm_release(valuesFrom=sources, values={"a": {"d": 3}, "list": []}, chart=chart)

    words, values = find_run(release, *maps)
    assert words == "template web charts/web --values values/a.yaml --values - --namespace shop"
    assert values == {"a": {"b": 1, "c": 2, "d": 3}, "list": [], "service": {"port": 8080}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, "web charts/web --namespace shop"),
        ({"targetNamespace": "team"}, "team-web charts/web --namespace team"),
        ({"releaseName": "r", "targetNamespace": "team"}, "r charts/web --namespace team"),
    ],
)
def test_a_helm_release_has_the_name_that_flux_gives_it(spec, expected):
    """Charts put it in the names of their objects."""
    assert find_run(helm_release(**spec))[0] == f"template {expected}"


def test_values_that_are_not_in_the_folder_are_noted():
    """What fails without them is no problem, and with them it would be one."""
    write("elsewhere/map.yaml", yaml.safe_dump(config_map("web-values", **{"values.yaml": "a: 1"})))
    release = helm_release(valuesFrom=[CONFIG_MAP])
    note = (
        "HelmRelease/web in apps/web.yaml is rendered without values that are not in the "
        "repository (ConfigMap web-values)."
    )

    selection = find(release, paths=["apps", "elsewhere"])
    assert (selection.notes, len(selection.manifests)) == ((note,), 3)
    assert selection.manifests[2].content.splitlines()[3] == b"# "
    write("apps/map.yaml", Path("elsewhere/map.yaml").read_text())
    assert find(release).notes == ()


def test_a_failure_is_told_with_the_command(programs):
    """Once for all releases that fail alike, but not for one whose values are unknown."""
    program(programs, "helm", "sys.exit('Error: no')")
    others = [helm_release(values={"a": number}) for number in (1, 2)]
    incomplete = helm_release(valuesFrom=[CONFIG_MAP])

    (problem,) = find(*others, incomplete).problems
    assert str(problem) == (
        "charts/web (HelmRelease/web in apps/web.yaml and 1 more) cannot be rendered: no.\n"
        "Run `helm template web charts/web --values - --namespace shop` with the values of "
        "HelmRelease/web in apps/web.yaml as its input to see all of its output."
    )
    assert find(incomplete).problems == ()


def test_default_values_may_fail_if_a_release_gives_others(programs):
    """The chart needs them; without a release, it is a problem."""
    program(programs, "helm", f"'-' in sys.argv or sys.exit('Error: no')\nprint({POD!r})")

    assert find(helm_release(values={"a": 1}), paths=["apps", "charts"]).problems == ()
    assert len(inputs.find(["charts"]).problems) == 1


def test_a_missing_helm_is_told_once(programs):
    """For charts and releases together."""
    (programs / "helm").unlink()

    (problem,) = find(helm_release(), paths=["charts", "apps"]).problems
    assert problem.what == "charts/web cannot be rendered: helm is not on PATH."


ELSEWHERE = {
    "a chart of a Helm repository": helm_release(
        chart={"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}
    ),
    "an OCI artifact": helm_release(chart=None, chartRef={"kind": "OCIRepository", "name": "x"}),
    "a chart that is not there": helm_release(
        chart={"spec": GIT_SOURCE | {"chart": "charts/gone"}}
    ),
    "a path that leaves the repository": helm_release(
        chart={"spec": GIT_SOURCE | {"chart": "../charts/web"}}
    ),
    "patches after the chart": helm_release(postRenderers=[{"kustomize": {}}]),
    "another repository": application(repoURL="https://example.com/shop/charts.git"),
    "a chart of a repository": application(path=None, chart="redis"),
    "a plugin": application(plugin={"name": "x"}),
}


@pytest.mark.parametrize("release", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_release_of_a_chart_elsewhere_is_passed_over(release):
    """With one word for all of them."""
    selection = find(release, release)

    assert selection.problems == ()
    assert [manifest.origin for manifest in selection.manifests] == ["apps/web.yaml"]
    assert selection.notes == (
        f"{release['kind']}/web in apps/web.yaml and 1 more are not rendered: this "
        "repository has no chart or overlay for them.",
    )


@pytest.mark.parametrize(("name", "count"), [("deploy", 2), ("infrastructure", 1)])
def test_a_git_repository_says_by_its_url_whether_it_is_this_one(name, count):
    """It can be in any of the manifests; a fork has another owner."""
    git = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "deploy"},
        "spec": {"url": f"ssh://git@example.com/fork/{name}"},
    }
    write("flux/sync.yaml", yaml.safe_dump(git))

    assert len(find(helm_release(), paths=["apps"]).manifests) == 2
    assert len(find(helm_release(), paths=["flux", "apps"]).manifests) == 1 + count


def test_without_a_repository_nothing_is_rendered():
    """Where a path starts is not known."""
    assert len(find(helm_release()).manifests) == 2
    shutil.rmtree(".git")
    find_repository.cache_clear()
    assert len(find(helm_release()).manifests) == 1


def test_an_excluded_chart_is_not_rendered():
    """Without a word, as in the search for charts."""
    selection = find(helm_release(), exclude=["charts/*"])

    assert (len(selection.manifests), selection.notes) == (1, ())


def test_an_application_is_rendered_in_argos_order():
    """The value files, the values, the parameters; `valuesObject` replaces `values`."""
    helm = {
        "releaseName": "r",
        "valueFiles": ["a.yaml", "/values/b.yaml", "../c.yaml"],
        "values": "a: 1\n",
        "parameters": [
            {"name": "list", "value": "{a,b}"},
            {"name": "text", "value": "a,b", "forceString": True},
        ],
        "kubeVersion": "1.31",
        "apiVersions": ["x/v1"],
    }
    for name in ("charts/web/a.yaml", "values/b.yaml", "charts/c.yaml"):
        write(name)
    files = "--values charts/web/a.yaml --values values/b.yaml --values charts/c.yaml --values -"

    words, values = find_run(application(helm=helm))
    assert words == (
        f"template r charts/web {files} --set list={{a,b}} --set-string text=a\\,b "
        "--kube-version 1.31 --api-versions x/v1 --namespace shop"
    )
    assert values == {"a": 1}
    assert find_run(application(helm=helm | {"valuesObject": {"b": 2}}))[1] == {"b": 2}


def test_an_application_has_value_files_of_another_source():
    """`$values` means the root of the source with that ref, if it is this repository."""
    helm = {"valueFiles": ["$own/values/a.yaml", "$other/b.yaml", "gone.yaml"]}
    chart = {"repoURL": REPOSITORY, "path": "charts/web", "helm": helm}
    refs = [
        {"repoURL": REPOSITORY, "ref": "own"},
        {"repoURL": "https://example.com/x", "ref": "other"},
    ]

    write("values/a.yaml")
    selection = find(application(chart, *refs))
    words = selection.manifests[1].content.splitlines()[2].decode()
    assert words == "# template web charts/web --values values/a.yaml --namespace shop"
    assert selection.notes == (
        "Application/web in apps/web.yaml is rendered without values that are not in the "
        "repository ($other/b.yaml and gone.yaml).",
    )
    helm |= {"valueFiles": helm["valueFiles"][::2], "ignoreMissingValueFiles": True}
    assert find(application(chart, *refs)).notes == ()


def test_an_application_of_an_overlay_is_built_once():
    """Also if the overlay is found as well, or if two Applications have it."""
    write("overlays/web/kustomization.yaml", "resources: []\n")
    app = application(path="overlays/web")

    for paths in (["apps"], ["apps", "overlays"]):
        origins = [manifest.origin for manifest in find(app, app, paths=paths).manifests]
        assert sorted(origins) == ["apps/web.yaml", "overlays/web (kustomize)"]


def test_applications_that_an_application_renders_are_rendered_as_well(programs):
    """Each once, even if one renders itself."""
    inner = [application(), application(path="overlays/apps")]
    text = yaml.safe_dump_all(inner)
    program(programs, "kustomize", f"print({text!r})")
    write("overlays/apps/kustomization.yaml", "resources: []\n")

    manifests = find(application(path="overlays/apps")).manifests
    assert [manifest.origin for manifest in manifests] == [
        "apps/web.yaml",
        "overlays/apps (kustomize)",
        "charts/web (Application/web in overlays/apps (kustomize)): templates/pod.yaml",
    ]


def test_the_options_of_a_project_apply_to_releases():
    """Except for what the release itself says."""
    options = RenderOptions(helm=HelmOptions(assignments=("a=1",), kube_version="1.30"))

    words, _ = find_run(helm_release(), options=options)
    assert words == "template web charts/web --set a=1 --kube-version 1.30 --namespace shop"


def test_an_absolute_path_of_a_manifest_gives_absolute_paths_of_charts(tmp_path):
    """Findings in a chart are one, however it was found."""
    chart = tmp_path / "work/charts/web"
    origins = [
        manifest.origin.partition(" ")[0]
        for manifest in find(helm_release(), paths=[str(chart.parents[1])]).manifests
    ]

    assert origins == [str(chart.parents[1] / "apps/web.yaml"), str(chart), str(chart)]


@pytest.mark.parametrize("name", ["--post-renderer=x", "-x", "a b", "A", "", "x" * 54])
def test_a_name_that_helm_would_not_accept_is_passed_over(name):
    """It could be an option of helm: a manifest must not choose which program runs."""
    other = application()
    other["metadata"]["name"] = name

    assert find_run(application())[0].startswith("template web ")
    selection = find(other)
    assert (len(selection.manifests), len(selection.notes)) == (1, 1)


def test_a_folder_is_not_taken_for_an_option():
    """Neither one that a release names, nor one that is found."""
    write("--post-renderer=x/Chart.yaml", "name: web\n")

    words, _ = find_run(application(path="--post-renderer=x"))
    assert words == "template web ./--post-renderer=x --namespace shop"
    found = inputs.find(["."]).manifests
    assert [b"./--post-renderer=x" in entry.content for entry in found if entry.rendered] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("file", ["../../../secret.yaml", "link.yaml", "https://example.com/x"])
def test_a_value_file_outside_the_repository_is_not_read(tmp_path, file):
    """Not by a symlink either: it would be in the output."""
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    Path("charts/web/link.yaml").symlink_to(tmp_path / "secret.yaml")
    chart = {"spec": GIT_SOURCE | {"valuesFiles": [f"charts/web/{file}"]}}

    for release in (application(helm={"valueFiles": [file]}), helm_release(chart=chart)):
        selection = find(release)
        assert b"--values" not in selection.manifests[1].content
        assert "without values" in selection.notes[0]


@pytest.mark.parametrize("value", [None, 5, "x", [1], {"a": 1}, [{"kind": 5, "name": []}]])
@pytest.mark.parametrize(
    "path", ["spec", "spec.chart", "spec.values", "spec.valuesFrom", "spec.source", "metadata.name"]
)
def test_a_damaged_release_is_left_to_flux_and_argo(path, value):
    """Whatever is in a field, the rest is checked."""
    for release in (helm_release(), application()):
        holder, _, key = path.rpartition(".")
        (release[holder] if holder else release)[key] = value

        assert find(release).manifests[0].origin == "apps/web.yaml"
