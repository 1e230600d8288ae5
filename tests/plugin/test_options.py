"""Options: where they come from, and what is said of bad ones. No cluster is touched."""

import pytest

PRINT_OPTIONS = """
from pytest_podshare.plugin import options

def test_print(pytestconfig):
    resolved = options.resolve(pytestconfig)
    print()
    print("cluster", resolved.cluster_name)
    print("ready", resolved.timeouts.ready)
    print("image", resolved.image)
    print("keep", resolved.keep_cluster)
"""


@pytest.fixture
def resolved(pytester):
    """What a run with these arguments resolves its options to."""
    pytester.makepyfile(PRINT_OPTIONS)

    def run(*args):
        result = pytester.runpytest_subprocess("-s", "-p", "no:pytest-kind", *args)
        words = ("cluster ", "ready ", "image ", "keep ")
        return [line for line in result.outlines if line.startswith(words)]

    return run


def test_the_defaults(resolved):
    """Nothing has to be said."""
    assert resolved() == ["cluster podshare", "ready 120.0", "image ()", "keep never"]


def test_command_line_before_environment_before_ini(pytester, resolved, monkeypatch):
    """The nearer source wins, and each is used where no nearer one speaks."""
    pytester.makeini(
        "[pytest]\npodshare_cluster_name = ini\npodshare_ready_timeout = 7\n"
        "podshare_keep_cluster = failed\npodshare_image = a:1 b:2\n"
    )
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", "environment")
    monkeypatch.setenv("PODSHARE_KEEP_CLUSTER", "always")

    lines = resolved("--podshare-cluster-name=cli", "--podshare-timeout-factor=2")

    assert lines == ["cluster cli", "ready 14.0", "image ('a:1', 'b:2')", "keep always"]


def test_an_option_may_be_repeated(resolved):
    """Several images are loaded."""
    lines = resolved("--podshare-image=a:1", "--podshare-image=b.tar")

    assert lines[2] == "image ('a:1', 'b.tar')"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "--podshare-keep-cluster=sometimes",
            "ERROR: --podshare-keep-cluster: 'sometimes' is not a valid podshare keep-cluster. "
            "Valid values: never, failed, always.",
        ),
        (
            "--podshare-provider=minikube",
            "ERROR: --podshare-provider: 'minikube' is not a valid podshare provider. "
            "Valid values: kind, existing.",
        ),
        (
            "--podshare-ready-timeout=soon",
            "ERROR: --podshare-ready-timeout: 'soon' is not a valid podshare ready-timeout. "
            "Give a number above 0.",
        ),
        (
            "--podshare-exec-timeout=-1",
            "ERROR: --podshare-exec-timeout: '-1' is not a valid podshare exec-timeout. "
            "Give a number above 0.",
        ),
        (
            "--podshare-kind-nodes=1.5",
            "ERROR: --podshare-kind-nodes: '1.5' is not a valid podshare kind-nodes. "
            "Give a whole number above 0.",
        ),
    ],
)
def test_a_bad_value_is_named_with_the_valid_ones(pytester, argument, message):
    """It is a usage error, before any test is run."""
    result = pytester.runpytest_subprocess(argument, "-p", "no:pytest-kind")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.errlines


def test_a_bad_environment_is_named_by_its_variable(pytester, monkeypatch):
    """Whoever did not give an option is told where the value came from."""
    monkeypatch.setenv("PODSHARE_KEEP_CLUSTER", "maybe")

    result = pytester.runpytest_subprocess("-p", "no:pytest-kind")

    result.stderr.fnmatch_lines(["ERROR: PODSHARE_KEEP_CLUSTER: 'maybe' is not a valid podshare*"])


def test_every_option_is_in_the_help(pytester):
    """With its ini key and its variable."""
    result = pytester.runpytest_subprocess("--help", "-p", "no:pytest-kind")

    text = " ".join(result.stdout.str().split())
    assert "--podshare-keep-cluster=NAME" in text
    assert "[ini: podshare_keep_cluster, environment: PODSHARE_KEEP_CLUSTER]" in text
