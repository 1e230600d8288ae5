"""The table `[tool.podshare]`."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import project_settings
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.render_options import HelmOptions


def write(folder, table):
    """Write a pyproject.toml with this table."""
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.podshare]\n{table}\n")
    return path


def test_the_nearest_file_counts(tmp_path):
    """Files further up are not read."""
    write(tmp_path, 'exclude = ["far"]')
    near = tmp_path / "near"
    (near / "deep").mkdir(parents=True)
    write(near, 'exclude = ["near"]\nignore = ["unused-volume"]\npod-templates = {Rollout = "a.b"}')

    assert project_settings.load_nearest(near / "deep") == ProjectSettings(
        frozenset({"unused-volume"}), ("near",), {"Rollout": "a.b"}
    )


def test_without_a_table_nothing_is_set(tmp_path):
    """A pyproject.toml may have only other tables."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    assert project_settings.load_nearest(tmp_path) == ProjectSettings()


def test_a_command_line_adds_to_the_settings():
    """It removes nothing."""
    start = ProjectSettings(frozenset({"unused-volume"}), ("a",), {"Rollout": "x", "Job": "y"})

    assert start.extend(
        ["no-writer"], ["b"], ["Rollout=spec.template"], ["nowhere-to-write"]
    ) == ProjectSettings(
        frozenset({"unused-volume", "no-writer"}),
        ("a", "b"),
        {"Rollout": "spec.template", "Job": "y"},
        frozenset({"nowhere-to-write"}),
    )


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ('ignroe = ["x"]', "{}: unknown setting 'ignroe'.\nDid you mean 'ignore'?"),
        (
            "zzz = 1",
            "{}: unknown setting 'zzz'.\n"
            "Use the settings charts, enable, enable-helm, exclude, ignore and pod-templates.",
        ),
        ('ignore = "x"', '{} ignore is not a list of strings.\nWrite it as `ignore = ["…"]`.'),
        ("exclude = [1]", '{} exclude is not a list of strings.\nWrite it as `exclude = ["…"]`.'),
        (
            'pod-templates = ["x"]',
            "{} pod-templates is not a table of strings.\n"
            'Write it as `pod-templates = { Rollout = "spec.template" }`.',
        ),
        (
            "enable-helm = 1",
            "{} enable-helm is neither true nor false.\nWrite it as `enable-helm = true`.",
        ),
        (
            "charts = 1",
            "{} charts is not a table of tables.\n"
            'Write it as `[tool.podshare.charts."charts/*"]`, with keys below it.',
        ),
        (
            "charts.web.value = 1",
            "{} charts 'web': unknown setting 'value'.\nDid you mean 'values'?",
        ),
        (
            "charts.web.values = [1]",
            "{} charts 'web' values is not a list of strings.\nWrite it as `values = [\"…\"]`.",
        ),
        (
            "charts.web.namespace = 1",
            "{} charts 'web' namespace is not a string.\nWrite it as `namespace = \"…\"`.",
        ),
        (
            "charts.web.dependency-update = 1",
            "{} charts 'web' dependency-update is neither true nor false.\n"
            "Write it as `dependency-update = true`.",
        ),
    ],
)
def test_an_invalid_table_is_an_error_of_two_lines(tmp_path, table, text):
    """The error names the file."""
    path = write(tmp_path, table)

    with pytest.raises(errors.SettingsInvalid) as caught:
        project_settings.load(path)

    assert str(caught.value) == text.replace("{}", f"{path}: [tool.podshare]", 1)


@pytest.mark.parametrize("text", ["[tool\n", "tool = 3\n", "[tool]\npodshare = 3\n"])
def test_an_invalid_file_is_an_error(tmp_path, text):
    """Mistakes that do not concern the check are ignored."""
    path = tmp_path / "pyproject.toml"
    path.write_text(text)

    if text == "tool = 3\n":
        assert project_settings.load(path) == ProjectSettings()
    else:
        with pytest.raises(errors.SettingsInvalid, match=r"pyproject\.toml"):
            project_settings.load(path)


def test_a_chart_has_options_for_helm(tmp_path, monkeypatch):
    """All patterns that match add up, and the command line wins; files start at pyproject.toml."""
    monkeypatch.chdir(tmp_path)
    table = """
enable-helm = true
[tool.podshare.charts."*"]
kube-version = "1.30.0"
set = ["a=1"]
[tool.podshare.charts."charts/web"]
values = ["web.yaml", ["web.yaml", "prod.yaml"]]
set = ["b=2"]
api-versions = ["batch/v1"]
namespace = "shop"
release-name = "web"
dependency-update = true
"""
    settings = project_settings.load(write(tmp_path, table))
    line = HelmOptions(kube_version="1.31.0")

    assert settings.rendering.enable_helm
    assert settings.rendering.find(Path("charts/web")) == HelmOptions(
        values=(("web.yaml",), ("web.yaml", "prod.yaml")),
        assignments=("a=1", "b=2"),
        kube_version="1.30.0",
        api_versions=("batch/v1",),
        namespace="shop",
        release_name="web",
        dependency_update=True,
    )
    other = settings.extend(helm=line).rendering.find(Path("charts/other"))
    assert other == HelmOptions(assignments=("a=1",), kube_version="1.31.0")


def test_an_unknown_rule_is_an_error_that_suggests_the_nearest(tmp_path):
    """In the file and on the command line."""
    path = write(tmp_path, 'ignore = ["unused-volum"]')

    with pytest.raises(errors.UnknownRule, match=r"Did you mean 'unused-volume'") as in_file:
        project_settings.load(path)
    with pytest.raises(errors.UnknownRule, match=r"--ignore: unknown rule 'x'"):
        ProjectSettings().extend(ignore=["x"])
    with pytest.raises(errors.UnknownRule, match=r"--enable: unknown rule 'x'"):
        ProjectSettings().extend(enable=["x"])

    assert str(path) in str(in_file.value)


@pytest.mark.parametrize("text", ["Rollout", "=spec", "Rollout="])
def test_a_pod_template_needs_a_kind_and_a_path(text):
    """An empty one is not enough."""
    with pytest.raises(errors.SettingsInvalid, match="is not KIND=PATH"):
        ProjectSettings().extend(pod_templates=[text])
