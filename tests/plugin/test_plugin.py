"""The plugin in runs of pytest that reach no cluster."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.usefixtures("no_kind")


@pytest.fixture
def run(pytester):
    """Return a function that runs pytest without a kind program on PATH."""
    return lambda *args: pytester.runpytest_subprocess("-p", "no:pytest-kind", *args)


def header(result):
    """Return the lines of podshare in the output, without the id of the run."""
    lines = [line for line in result.outlines if line.startswith("podshare:")]
    return [re.sub(r"run [0-9a-f]{8}", "run RUN", line) for line in lines]


def test_the_header_names_the_cluster(run):
    """It is printed before a cluster is created."""
    result = run("--podshare-kind-image=podshare/node:v1.36.3", "--podshare-stand-ins=alpine,x:7")

    assert header(result) == [
        "podshare: kind cluster podshare, created on first use, Kubernetes v1.36.3, "
        "node image podshare/node:v1.36.3, imagePullPolicy IfNotPresent, run RUN",
        "podshare: stand-ins on these nodes, not the published images: alpine, x:7",
    ]


@pytest.mark.parametrize("option", ["--podshare-provider=existing", "--podshare-kubeconfig=config"])
def test_the_header_of_an_existing_cluster_names_its_context(run, option):
    """It claims nothing that is true only of kind clusters."""
    result = run(option, "--podshare-context=team")

    assert header(result) == ["podshare: existing cluster team, run RUN"]


SPY = """
import os
import sys

EVENTS = []
WATCHED = {
    *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"),
    *("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "os.exec"),
    *("socket.connect", "socket.bind", "socket.getaddrinfo"),
}

def spy(event, args):
    writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR) and args[0] != os.devnull
    if event in WATCHED or writes:
        EVENTS.append(event)

sys.addaudithook(spy)

def pytest_unconfigure():
    print("spied:", EVENTS)
"""


@pytest.mark.parametrize(
    ("statement", "events"),
    [
        ("pass", []),
        # the control
        (
            "open('file', 'w').close(); os.system('true')",
            ["open", "os.system"],
        ),
    ],
)
def test_a_run_that_needs_no_cluster_writes_no_file_and_starts_no_process(
    pytester, run, monkeypatch, statement, events
):
    """Nor does it connect to anything, from the import of the plugin to the end of the run."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    pytester.makepyfile(spy=SPY, test_it=f"import os\ndef test_other():\n    {statement}\n")

    # without -s, pytest itself captures output in files
    result = run("-p", "spy", "-p", "no:cacheprovider", "-s", "--strict-markers", "-W", "error")

    result.assert_outcomes(passed=1)
    assert result.outlines[-1] == f"spied: {events}"
    assert not (pytester.path / "cache").exists()
    assert len(header(result)) == 1


def test_a_run_that_needs_no_cluster_imports_no_large_package(pytester, run):
    """The control imports a Kubernetes client and what reports need."""
    pytester.makepyfile(
        """
        import sys

        LARGE = {"kubernetes", "jinja2", "tenacity", "pytest_podshare.assertions.visible"}

        def test_other():
            assert "pytest_podshare.plugin" in sys.modules
            assert LARGE & set(sys.modules) == set()

        def test_control():
            from pytest_podshare import assert_file_visible
            from pytest_podshare.report import html_page
            from pytest_podshare import deadline
            deadline.poll(bool, until=lambda _: True, deadline=deadline.Deadline(1))
            assert LARGE - set(sys.modules) == set()
        """
    )

    run("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_run_that_used_no_cluster_imports_nothing_to_release_it(pytester, run):
    """Even if an earlier run has left the folder of the cluster."""
    (pytester.path / "cache" / "podshare" / "clusters" / "podshare" / "leases").mkdir(parents=True)
    pytester.makepyfile("def test_other(): pass")
    pytester.makeconftest(
        """
        import sys
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_unconfigure(config):
            print("imported:", "kubernetes" in sys.modules, "pytest" in sys.modules)
        """
    )

    result = run("-p", "no:cacheprovider")

    assert result.outlines[-1] == "imported: False True"


def test_collecting_tests_creates_nothing(pytester, run):
    """A list of tests needs no cluster."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = run("--collect-only", "-q")

    assert result.ret == 0
    assert not (pytester.path / "cache").exists()


def test_a_missing_kind_program_is_an_error_of_two_lines(pytester, run):
    """What happened and what to do, without a traceback of the plugin."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = run("-q")

    result.assert_outcomes(errors=1)
    text = "\n".join(result.outlines)
    shown = text[text.index("ERROR at setup of test_it") :].splitlines()[1:3]
    assert shown == [
        "The kind program was not found on PATH.",
        "Install kind 0.30 or newer, or set its path with --podshare-kind-bin.",
    ]
    assert "plugin/" not in text


def test_a_missing_kubeconfig_is_an_error_that_names_the_options(pytester, run):
    """Also without a traceback of the plugin."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = run("-q", "--podshare-provider=existing", "--podshare-kubeconfig=/no/config")

    result.stdout.fnmatch_lines(
        [
            "/no/config: *",
            "Set the kubeconfig with --podshare-kubeconfig and one of its contexts "
            "with --podshare-context.",
        ]
    )
    assert "plugin/" not in result.stdout.str()


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: c, cluster: {server: "https://prod.example.com:6443"}}]
contexts: [{name: prod, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
"""


def test_a_cluster_on_another_machine_needs_an_allowed_context(pytester, run):
    """It is rejected before anything is sent to it: it may be in production."""
    pytester.makepyfile("def test_it(podshare): pass")
    config = pytester.makefile(".yaml", kubeconfig=KUBECONFIG)

    result = run("-q", "--podshare-provider=existing", f"--podshare-kubeconfig={config}")

    result.stdout.fnmatch_lines(
        [
            "Context 'prod' points to https://prod.example.com:6443, which is not on this machine.",
            "If tests may use that cluster, allow its context: --podshare-allow-context=prod",
        ]
    )


def test_the_kubeconfig_fixture_can_be_overridden(pytester, run):
    """A project that creates its clusters in a fixture returns their kubeconfig there."""
    config = pytester.makefile(".yaml", kubeconfig=KUBECONFIG)
    pytester.makeconftest(
        f"""
        import pytest
        from pathlib import Path

        @pytest.fixture(scope="session")
        def podshare_kubeconfig():
            return Path({str(config)!r})
        """
    )
    pytester.makepyfile("def test_it(podshare): pass")

    result = run("-q")

    result.stdout.fnmatch_lines(["Context 'prod' points to *"])


def test_failures_do_not_show_the_frames_of_the_plugin(pytester, run):
    """They show the test's own line and the message; a bug of the plugin keeps its traceback."""
    pytester.makepyfile(
        """
        from pytest_podshare.wiring.manifest import load
        from pytest_podshare.wiring.pod_spec import read_wiring

        def test_bad_manifest():
            load("no/such.yaml")

        def test_bug():
            read_wiring(None)

        def test_own_assert():
            assert 1 == 2
        """
    )

    result = run("-q")

    text = result.stdout.str()
    bad, bug = text.index("_ test_bad_manifest _"), text.index("_ test_bug _")
    assert ">       load(" in text[bad:bug]
    assert "wiring/" not in text[bad:bug]
    assert "wiring/pod_spec.py" in text[bug:]
    assert "assert 1 == 2" in text


@pytest.fixture(scope="module")
def fixtures_help(tmp_path_factory):
    """Return the output of `pytest --fixtures`."""
    command = [sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "--fixtures"]
    folder = tmp_path_factory.mktemp("fixtures")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("fixture", "ending"),
    [
        ("podshare_kubeconfig", "if another fixture of yours creates the cluster."),
        ("podshare_cluster", "created or connected to when the first test needs it."),
        ("podshare_capabilities", "Each is checked once, when first requested."),
        ("podshare_namespace", "After the test, it is deleted in the background."),
        ("podshare", '`pod = podshare.deploy("manifests/pod.yaml")`.'),
        ("podshare_pod", "and return its `Pod`."),
        ("podshare_factory", "creates a namespace that lasts as long as that fixture."),
    ],
)
def test_pytest_prints_how_to_use_each_fixture(fixtures_help, fixture, ending):
    """`pytest --fixtures` prints the whole first paragraph of its docstring."""
    (paragraph,) = re.findall(rf"(?m)^{fixture}(?: \[.*\])? -- .*\n((?: +.*\n)+)", fixtures_help)

    assert " ".join(paragraph.split()).endswith(ending)
