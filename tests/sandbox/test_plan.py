"""The build plan is consistent, and its steps declare everything that their scripts read."""

from __future__ import annotations

import re

import pytest

from sandbox import golang, paths, plan_table
from sandbox.plan import KUBERNETES_VERSIONS, LANES, PLAN, BuildStep, with_needs


def test_the_plan_is_consistent() -> None:
    """Names are unique, needed steps come first, and every step serves the image or the tests."""
    names = [step.name for step in PLAN]
    assert len(set(names)) == len(names)
    for position, step in enumerate(PLAN):
        assert set(step.needs) <= set(names[:position]), step.name
        assert step.lane in LANES
        assert step.product
        assert "\n" not in step.product
    assert with_needs(PLAN, ["node", "helm", "python"]) == list(PLAN)
    only_for_tests = [step.name for step in PLAN if step not in with_needs(PLAN, ["node"])]
    assert only_for_tests == ["helm-modules", "helm", "python"]


def test_tox_has_an_environment_for_every_kubernetes_version() -> None:
    """For each version that the sandbox builds, and for no other."""
    text = (paths.CHECKOUT / "tox.ini").read_text()
    (versions,) = re.findall(r"^\[testenv:kubernetes-\{(.*)\}\]$", text, re.M)
    variables = re.findall(r"^    (\S+): PODSHARE_KUBERNETES = (\S+)$", text, re.M)

    assert set(versions.split(",")) == set(KUBERNETES_VERSIONS)
    assert sorted(variables) == sorted((version, version) for version in KUBERNETES_VERSIONS)


@pytest.mark.parametrize("kubernetes", KUBERNETES_VERSIONS)
def test_the_files_of_the_plan_exist(kubernetes: str) -> None:
    """The scripts and all declared inputs, for each Kubernetes version."""
    params = {"KUBERNETES_VERSION": kubernetes, "KUBERNETES_MINOR": kubernetes[:4]}
    for step in PLAN:
        for name in (step.script, *step.inputs):
            assert (paths.SANDBOX / name.format_map(params)).exists(), (step.name, name)


@pytest.mark.parametrize("step", PLAN, ids=lambda step: step.name)
def test_a_script_reads_only_what_its_step_declares(step: BuildStep) -> None:
    """Whatever a script reads is part of its key: products, images, files and parameters."""
    script = (paths.SANDBOX / step.script).read_text()
    # What a *-modules step downloads is found through Go's own cache.
    needs = {name.upper().replace("-", "_") for name in step.needs if not name.endswith("-modules")}
    assert set(re.findall(r"\$\{?(?:IN|IMAGE)_(\w+)", script)) == needs
    read = re.findall(r"\$SANDBOX\"?/([\w.*-]+(?:/[\w.-]+)?)", script)
    declared = [name.partition("{")[0] for name in step.inputs]
    assert [path for path in read if not path.startswith(tuple(declared))] == []
    assert [name for name in declared if not any(name.startswith(path) for path in read)] == []
    assert ("KUBERNETES_" in script) == bool(step.params)
    assert ('$IMAGE"' in script) == bool(step.image)


def test_the_readme_shows_the_plan() -> None:
    """The table in sandbox/README.md is what ``./dev build --list --markdown`` prints."""
    assert plan_table.as_markdown(PLAN) in (paths.SANDBOX / "README.md").read_text()


def test_every_script_belongs_to_a_step() -> None:
    """There is no unused script."""
    scripts = {path.stem for path in (paths.SANDBOX / "steps").glob("*.sh")}
    assert scripts == {step.name for step in PLAN}


def test_the_go_version_that_a_module_requires() -> None:
    """In the old form with two parts and in the new one with three."""
    go_mod = "module x\n\ngo 1.24.2\n\ntoolchain go1.26.0\n"
    assert golang.required_version(go_mod) == (1, 24, 2)
    assert golang.required_version("module x\ngo 1.21\n") == (1, 21)
    assert golang.required_version("module x\n") == ()
