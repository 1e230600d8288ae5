"""`podshare clean` where there is no cluster to look at; tests/cluster has the others."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_podshare.cli import clean as cleaning
from pytest_podshare.cluster.kind import creation_record
from pytest_podshare.cluster.kind.binary import KindSettings

OPTIONS = [
    action
    for action in cleaning.parser()._actions
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
    """A function that runs the command on a machine where nothing has been run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"

    def run(*words):
        return subprocess.run(
            [program, "clean", *words], capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_where_nothing_was_run_nothing_is_left(clean, tmp_path):
    """No program is asked, and nothing is made."""
    done = clean("--kind-bin=/no/such/kind")

    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is left that could go\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_that_nobody_has_used_is_named(clean):
    """A typing error is not taken for a clean machine."""
    done = clean("--cluster-name=typo")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "podshare: No run on this machine has used a kind cluster typo.\n"
        "  Those that were used: none.\n"
    )


def test_without_kind_it_is_not_known_what_is_left(clean, tmp_path):
    """Files tell of a cluster, and nobody can say whether it is there."""
    settings = KindSettings.of("t", tmp_path / "podshare" / "clusters")
    settings.folder.mkdir(parents=True)
    (settings.folder / "lock").touch()
    creation_record.write(settings, creation_record.CreationRecord("r1", None, None, False))

    done = clean("--kind-bin=/no/such/kind")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "podshare: There is no kind program at /no/such/kind.\n"
        "  Install kind (0.30 or newer), or name it with --kind-bin.\n"
    )
    assert creation_record.read(settings)


@pytest.mark.parametrize("context", ["far", "far--podshare-away", "{far}"])
def test_a_cluster_elsewhere_has_to_be_allowed(clean, tmp_path, context):
    """As tests have to be: whoever cleans up deletes. A name that is like an option stays so."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.replace("far", f"'{context}'"))

    done = clean("--provider=existing", "--kubeconfig", str(kubeconfig))

    assert (done.returncode, done.stdout) == (2, "")
    assert f"Context '{context}' leads to https://10.0.0.1:6443" in done.stderr
    assert f"say so: --allow-context={context}\n" in done.stderr


def test_the_environment_of_pytests_options_holds(clean, monkeypatch):
    """Whoever has set a machine up says it once; a word on the command line comes before it."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", "of-the-environment")

    assert "a kind cluster of-the-environment." in clean().stderr
    assert "a kind cluster given." in clean("--cluster-name=given").stderr


def test_the_reference_lists_every_option_of_the_command():
    """With its default and its help."""
    rows = [each for each in Path("docs/reference.md").read_text().splitlines() if "`--" in each]

    missing = [
        action.option_strings[0]
        for action in OPTIONS
        if not any(f"| `{action.option_strings[0]}` " in row and action.help in row for row in rows)
    ]

    assert len(OPTIONS) > 8
    assert missing == []


def test_every_option_that_is_shown_can_be_given():
    """The how-to's commands."""
    text = Path("docs/how-to/clean-up.md").read_text()
    shown = set(re.findall(r"--[a-z-]+", " ".join(re.findall(r"podshare clean .*", text))))

    assert len(shown) > 4
    assert shown <= {each.option_strings[0] for each in OPTIONS}
