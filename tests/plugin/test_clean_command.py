"""`podshare clean` without a cluster; tests/cluster runs it on one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_podshare.cli import clean as clean_module
from pytest_podshare.cluster.kind import creation_record
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings

OPTIONS = [
    action
    for action in clean_module.parser()._actions
    if action.option_strings and action.dest != "help"
]
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
    """Return a function that runs the command where podshare has never been used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"

    def run(*options):
        return subprocess.run(
            [program, "clean", *options], capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_without_runs_there_are_no_leftovers(clean, tmp_path):
    """The command calls no program and creates nothing."""
    done = clean("--kind-bin=/no/such/kind")

    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is left that could go\n", "")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_cluster_is_an_error(clean):
    """A typo must not look like a clean machine."""
    done = clean("--cluster-name=typo")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "podshare: No run on this machine has used a kind cluster typo.\n"
        "  Those that were used: none.\n"
    )


def test_without_kind_a_recorded_cluster_is_an_error(clean, tmp_path):
    """Whether the cluster exists is unknown."""
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
def test_a_cluster_on_another_machine_must_be_allowed(clean, tmp_path, context):
    """The remedy has the option of this command, and the name of the context unchanged."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.replace("far", f"'{context}'"))

    done = clean("--provider=existing", "--kubeconfig", str(kubeconfig))

    assert (done.returncode, done.stdout) == (2, "")
    assert f"Context '{context}' points to https://10.0.0.1:6443" in done.stderr
    assert f"allow its context: --allow-context={context}\n" in done.stderr


def test_the_environment_variables_of_pytests_options_apply(clean, monkeypatch):
    """An option on the command line takes precedence."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", "of-the-environment")

    assert "a kind cluster of-the-environment." in clean().stderr
    assert "a kind cluster given." in clean("--cluster-name=given").stderr


def test_the_reference_lists_every_option_of_the_command():
    """Each row has the help of the option."""
    rows = [line for line in Path("docs/reference.md").read_text().splitlines() if "`--" in line]

    missing = [
        action.option_strings[0]
        for action in OPTIONS
        if not any(f"| `{action.option_strings[0]}` " in row and action.help in row for row in rows)
    ]

    assert len(OPTIONS) > 8
    assert missing == []


def test_every_option_in_the_how_to_exists():
    """The commands in it can be run."""
    text = Path("docs/how-to/clean-up.md").read_text()
    shown = set(re.findall(r"--[a-z-]+", " ".join(re.findall(r"podshare clean .*", text))))

    assert len(shown) > 4
    assert shown <= {action.option_strings[0] for action in OPTIONS}
