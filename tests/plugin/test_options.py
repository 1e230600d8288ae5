"""The options: their sources, their types, their errors and their help."""

import os
import re

import pytest

from pytest_podshare.plugin import options
from pytest_podshare.plugin.option_table import OPTIONS


@pytest.fixture
def resolve(pytester):
    """Return a function that resolves the options of a run with these arguments."""
    return lambda *args: options.resolve(pytester.parseconfig("-p", "no:pytest-kind", *args))


@pytest.fixture
def run(pytester):
    """Return a function that runs pytest with these arguments."""
    return lambda *args: pytester.runpytest_subprocess("-p", "no:pytest-kind", *args)


def test_every_option_has_a_default(resolve):
    """Without any option, the values are those that the reference lists."""
    resolved = resolve()

    assert (resolved.provider, resolved.cluster_name) == ("kind", "podshare")
    assert (resolved.image, resolved.keep_cluster, resolved.story) == ((), "never", False)
    assert (resolved.kind_nodes, resolved.namespace, resolved.kubeconfig) == (None, None, None)
    assert resolved.timeouts.ready == 120


def test_the_command_line_overrides_the_environment_and_that_the_ini_file(
    pytester, resolve, monkeypatch
):
    """Each source is used for what no stronger source sets."""
    pytester.makeini(
        "[pytest]\npodshare_cluster_name = ini\npodshare_ready_timeout = 7\n"
        "podshare_keep_cluster = failed\npodshare_image = a:1 b:2\n"
    )
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", "environment")
    monkeypatch.setenv("PODSHARE_KEEP_CLUSTER", "always")

    resolved = resolve("--podshare-cluster-name=cli", "--podshare-timeout-factor=2")

    assert (resolved.cluster_name, resolved.keep_cluster) == ("cli", "always")
    assert (resolved.timeouts.ready, resolved.image) == (14, ("a:1", "b:2"))


def test_an_option_that_takes_several_values_can_be_repeated(resolve):
    """All values are used."""
    resolved = resolve("--podshare-image=a:1", "--podshare-image=b.tar")

    assert resolved.image == ("a:1", "b.tar")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("yes", True), ("On", True), ("0", False), ("no", False), ("OFF", False)],
)
def test_a_flag_can_be_switched_on_and_off_outside_the_command_line(
    resolve, monkeypatch, value, expected
):
    """By the words that pytest accepts for its own flags."""
    monkeypatch.setenv("PODSHARE_SKELETON", value)

    assert resolve().skeleton is expected


def test_relative_paths_stay_valid_if_a_test_changes_the_working_folder(pytester, resolve):
    """A cluster is needed only after other tests have run; kind may be a name on PATH."""
    resolved = resolve(
        "--podshare-kubeconfig=config",
        "--podshare-kind-config=kind.yaml",
        "--podshare-artifacts-dir=artifacts",
        "--podshare-kind-bin=kind",
    )

    assert resolved.kubeconfig == pytester.path / "config"
    assert resolved.kind_config == pytester.path / "kind.yaml"
    assert resolved.artifacts_dir == pytester.path / "artifacts"
    assert os.fspath(resolved.kind_bin) == "kind"


NAMESPACE = (
    "Use a namespace name: at most 63 lowercase letters, digits and hyphens, with a letter or a"
    " digit at both ends."
)


@pytest.mark.parametrize(
    ("argument", "remedy"),
    [
        ("--podshare-keep-cluster=sometimes", "Valid values: never, failed, always."),
        ("--podshare-keep-namespace=sometimes", "Valid values: never, failed, always."),
        ("--podshare-provider=minikube", "Valid values: kind, existing."),
        ("--podshare-ready-timeout=soon", "Use a number greater than 0."),
        ("--podshare-exec-timeout=-1", "Use a number greater than 0."),
        ("--podshare-timeout-factor=inf", "Use a number greater than 0."),
        ("--podshare-kind-nodes=1.5", "Use a whole number greater than 0."),
        ("--podshare-namespace=Not-one", NAMESPACE),
        ("--podshare-namespace=a/b", NAMESPACE),
        ("--podshare-namespace=-a", NAMESPACE),
        (f"--podshare-namespace={'a' * 64}", NAMESPACE),
    ],
)
def test_an_invalid_value_is_a_usage_error_that_lists_the_valid_ones(run, argument, remedy):
    """It is reported before any test is collected, and before anything is sent to a cluster."""
    result = run(argument)

    option, _, value = argument.partition("=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {option}: invalid value {value!r}. {remedy}" in result.errlines


@pytest.mark.parametrize(
    ("variable", "valid"),
    [
        ("PODSHARE_KEEP_CLUSTER", "never, failed, always"),
        ("PODSHARE_STORY", "true, yes, on, 1, false, no, off, 0"),
    ],
)
def test_an_invalid_value_in_the_environment_is_reported_with_its_variable(
    run, monkeypatch, variable, valid
):
    """Its source is not on the command line."""
    monkeypatch.setenv(variable, "maybe")

    errors = run().errlines

    assert f"ERROR: {variable}: invalid value 'maybe'. Valid values: {valid}." in errors


def test_an_invalid_value_in_the_ini_file_is_reported_with_its_key(pytester, run):
    """Its source is not on the command line either."""
    pytester.makeini("[pytest]\npodshare_provider = minikube\n")

    assert (
        "ERROR: ini key podshare_provider: invalid value 'minikube'. Valid values: kind, existing."
    ) in run().errlines


def test_help_shows_the_choices_default_unit_and_sources_of_every_option(run):
    """A user needs no other document to set one."""
    # pytest 8.0 breaks lines after a hyphen
    text = " ".join(re.sub(r"-\n +", "-", run("--help").stdout.str()).split())

    assert (
        "--podshare-keep-cluster={never,failed,always} When to keep the kind cluster after the run."
        " (default: never) [ini: podshare_keep_cluster, environment: PODSHARE_KEEP_CLUSTER]"
    ) in text
    assert (
        "--podshare-ready-timeout=SECONDS Seconds to wait for a Pod to become ready. (default: 120)"
        " [ini: podshare_ready_timeout, environment: PODSHARE_READY_TIMEOUT]"
    ) in text
    for option in OPTIONS:
        key = option.name.replace("-", "_")
        assert re.search(
            rf"--podshare-{option.name}\b[^\]]*{re.escape(option.help)} \(default: [^)]+\)"
            rf" \[ini: podshare_{key}, environment: PODSHARE_{key.upper()}\]",
            text,
        )
        assert re.search(rf" podshare_{key} \(\w+\): Same as --podshare-{option.name}\.", text)
