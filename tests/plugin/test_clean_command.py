"""`podshare clean` without a cluster; tests/cluster has the tests with one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_podshare.cli.clean import clean as command
from pytest_podshare.cluster.kind import creation_record
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.plugin import option_table

OPTIONS = {option.opts[0]: option for option in command.params}
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: far
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443"}}]
contexts: [{name: far, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
"""


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """Return a function that runs the command on a machine without any earlier runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"

    def run(*words):
        return subprocess.run(
            [program, "clean", *words], capture_output=True, text=True, timeout=60, check=False
        )

    return run


def parse(*words):
    """Return the values of the options."""
    return command.make_context("clean", list(words)).params


def test_without_earlier_runs_nothing_is_left(clean, tmp_path):
    """No program is run, and no file is created."""
    done = clean("--kind-bin=/no/such/kind")

    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing left to remove\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_that_no_run_has_used_is_an_error(clean):
    """A typo is not mistaken for a clean machine."""
    done = clean("--cluster-name=typo")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "podshare: No run on this machine has used the kind cluster 'typo'.\n"
        "  Choose a cluster that was used: none.\n"
    )


def test_without_kind_leftovers_cannot_be_inspected(clean, tmp_path):
    """There are files about a cluster, but it is unknown whether the cluster exists."""
    settings = KindSettings.by_name("t", tmp_path / "podshare" / "clusters")
    settings.folder.mkdir(parents=True)
    (settings.folder / "lock").touch()
    creation_record.write(settings, CreationRecord("r1", None, None, False))

    done = clean("--kind-bin=/no/such/kind")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "podshare: The kind program was not found at /no/such/kind.\n"
        "  Install kind 0.30 or newer, or set its path with --kind-bin.\n"
    )
    assert creation_record.read(settings)


@pytest.mark.parametrize("context", ["far", "far--podshare-away", "{far}"])
def test_a_remote_cluster_must_be_allowed(clean, tmp_path, context):
    """The command deletes objects. A context whose name resembles an option is not changed."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.replace("far", f"'{context}'"))

    done = clean("--provider=existing", "--kubeconfig", str(kubeconfig))

    assert (done.returncode, done.stdout) == (2, "")
    assert f"Context '{context}' points to https://10.0.0.1:6443" in done.stderr
    assert f"allow its context: --allow-context={context}\n" in done.stderr


def test_the_command_line_overrides_the_environment(clean, monkeypatch):
    """The environment is the same as for pytest."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", "from-environment")

    assert "the kind cluster 'from-environment'." in clean().stderr
    assert "the kind cluster 'from-option'." in clean("--cluster-name=from-option").stderr


def test_the_help_shows_the_variables_of_pytests_options():
    """Options that pytest does not have show none."""
    context = command.make_context("clean", [])

    shown = {
        variable
        for option in OPTIONS.values()
        for variable in re.findall(r"PODSHARE_\w+", option.get_help_record(context)[1])
    }

    ini_keys = {option.ini_key for option in option_table.OPTIONS}
    common = ini_keys & {f"podshare_{name}" for name in parse()}
    assert shown == {key.upper() for key in common}
    assert len(shown) == 7


def test_a_variable_can_hold_several_names(monkeypatch):
    """Spaces and commas separate them, as for pytest; a name in an option is not split."""
    monkeypatch.setenv("PODSHARE_ALLOW_CONTEXT", "one, two three")

    assert parse()["allow_context"] == ("one", "two", "three")
    assert parse("--allow-context=one, two")["allow_context"] == ("one, two",)


def test_an_empty_variable_counts_as_unset(monkeypatch):
    """CI systems set variables that have no value."""
    expected = parse()
    for name in ("PROVIDER", "CLUSTER_NAME", "KIND_BIN", "KUBECONFIG", "CONTEXT", "ALLOW_CONTEXT"):
        monkeypatch.setenv(f"PODSHARE_{name}", "")

    assert parse() == expected


def test_options_of_one_call_have_no_variable(monkeypatch):
    """A forgotten variable must not remove kept namespaces."""
    expected = parse()
    for name, value in {"RUN": "1a", "TIMEOUT": "1", "DRY_RUN": "1"}.items():
        monkeypatch.setenv(f"PODSHARE_{name}", value)

    assert parse() == expected
    assert parse("--run=1a", "--timeout=1", "--dry-run") == {
        **expected,
        "run": "1a",
        "timeout": 1.0,
        "dry_run": True,
    }


def test_an_invalid_variable_is_an_error(clean, monkeypatch):
    """It does not mean the default."""
    monkeypatch.setenv("PODSHARE_PROVIDER", "kid")

    done = clean()

    assert done.returncode == 2
    assert "Invalid value for '--provider'" in done.stderr
    assert "'kid' is not one of 'kind', 'existing'" in done.stderr


def test_the_reference_lists_every_option_of_the_command():
    """Each row has the option's help."""
    rows = [line for line in Path("docs/reference.md").read_text().splitlines() if "`--" in line]

    missing = [
        name
        for name, option in OPTIONS.items()
        if not any(f"| `{name}` " in row and option.help in row for row in rows)
    ]

    assert len(OPTIONS) > 8
    assert missing == []


def test_every_option_in_the_how_to_exists():
    """They are in its commands."""
    text = Path("docs/how-to/clean-up.md").read_text()
    shown = set(re.findall(r"--[a-z-]+", " ".join(re.findall(r"podshare clean .*", text))))

    assert len(shown) > 4
    assert shown <= OPTIONS.keys()
