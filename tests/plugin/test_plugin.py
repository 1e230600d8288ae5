"""How the plugin behaves in a pytest run that reaches no cluster."""

import re

import pytest


@pytest.fixture
def plain(pytester, monkeypatch):
    """A pytest run with no kind to be found, and its output without what differs each time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")

    def run(*args):
        return pytester.runpytest_subprocess("-p", "no:pytest-kind", *args)

    return run


def without_run_id(lines):
    """The same lines, the run's name made plain."""
    return [re.sub(r"run [0-9a-f]{8}", "run RUN", line) for line in lines]


def test_the_header_says_what_will_be_used(plain):
    """Before any cluster is touched."""
    result = plain("--podshare-kind-image=podshare/node:v1.36.3", "--podshare-stand-ins=alpine,x:7")

    lines = [line for line in without_run_id(result.outlines) if line.startswith("podshare:")]
    assert lines == [
        "podshare: kind cluster podshare, created on first use, Kubernetes v1.36.3, "
        "node image podshare/node:v1.36.3, imagePullPolicy IfNotPresent, run RUN",
        "podshare: stand-ins on these nodes, not the published images: alpine, x:7",
    ]


def test_the_header_of_an_existing_cluster_names_its_context(plain):
    """What is not set on somebody else's cluster is not claimed."""
    result = plain("--podshare-provider=existing", "--podshare-context=team")

    assert "podshare: existing cluster team, run RUN" in without_run_id(result.outlines)


def test_a_run_without_podshare_tests_touches_nothing(pytester, plain):
    """No kind is looked for, no file is written, nothing is said at the end."""
    pytester.makepyfile("def test_other(): pass")

    result = plain("--strict-markers", "-W", "error")

    result.assert_outcomes(passed=1)
    assert not (pytester.path / "cache").exists()
    assert "kept cluster" not in result.stdout.str()


def test_a_run_without_podshare_tests_loads_little(pytester, plain):
    """Neither a Kubernetes client nor what reports are made with; a test that needs them may."""
    pytester.makepyfile(
        """
        import sys

        HEAVY = {"kubernetes", "jinja2", "tenacity", "pytest_podshare.assertions.visible"}

        def test_little():
            assert "pytest_podshare.plugin" in sys.modules
            assert HEAVY & set(sys.modules) == set()

        def test_all():
            from pytest_podshare import assert_file_visible
            from pytest_podshare.report import html_page
            from pytest_podshare import deadline
            deadline.poll(bool, until=lambda _: True, deadline=deadline.Deadline(1))
            assert HEAVY - set(sys.modules) == set()
        """
    )

    plain("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_run_that_used_no_cluster_loads_nothing_to_leave_it(pytester, plain):
    """Although an earlier run has left its folder there."""
    (pytester.path / "cache" / "podshare" / "clusters" / "podshare" / "leases").mkdir(parents=True)
    pytester.makepyfile("def test_other(): pass")
    pytester.makeconftest(
        """
        import sys
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_unconfigure(config):
            print("loaded:", "kubernetes" in sys.modules, "pytest" in sys.modules)
        """
    )

    result = plain("-p", "no:cacheprovider")

    assert result.outlines[-1] == "loaded: False True"


def test_collecting_touches_nothing(pytester, plain):
    """A list of tests needs no cluster."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = plain("--collect-only", "-q")

    assert result.ret == 0
    assert not (pytester.path / "cache").exists()


def test_no_kind_is_two_lines_and_no_traceback(pytester, plain):
    """The whole of what is said when there is no kind program."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = plain("-q")

    result.assert_outcomes(errors=1)
    text = "\n".join(result.outlines)
    shown = text[text.index("ERROR at setup of test_it") :].splitlines()[1:3]
    assert shown == [
        "The kind program was not found on PATH.",
        "Install kind 0.30 or newer, or set its path with --podshare-kind-bin.",
    ]
    assert "plugin/" not in text


def test_an_existing_cluster_without_a_kubeconfig(pytester, plain):
    """It is named, with the options that mend it."""
    pytester.makepyfile("def test_it(podshare): pass")

    result = plain("-q", "--podshare-provider=existing", "--podshare-kubeconfig=/no/config")

    result.stdout.fnmatch_lines(
        [
            "/no/config: *",
            "Give a kubeconfig with --podshare-kubeconfig and one of its contexts "
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


def test_a_cluster_elsewhere_is_refused_before_anything_is_sent(pytester, plain):
    """Nobody's production by accident."""
    pytester.makepyfile("def test_it(podshare): pass")
    config = pytester.makefile(".yaml", kubeconfig=KUBECONFIG)

    result = plain("-q", "--podshare-provider=existing", f"--podshare-kubeconfig={config}")

    result.stdout.fnmatch_lines(
        [
            "Context 'prod' points to https://prod.example.com:6443, which is not on this machine.",
            "If tests may use that cluster, allow its context: --podshare-allow-context=prod",
        ]
    )


def test_the_kubeconfig_fixture_can_be_overridden(pytester, plain):
    """Whoever makes clusters in a fixture gives theirs by code."""
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

    result = plain("-q")

    result.stdout.fnmatch_lines(["Context 'prod' points to *"])


def test_it_stands_beside_pytest_kinds_own_plugin(pytester):
    """Our options are all prefixed, so that nothing clashes."""
    pytester.makepyfile("def test_other(): pass")

    result = pytester.runpytest_subprocess("--cluster-name=theirs", "--podshare-cluster-name=ours")

    result.assert_outcomes(passed=1)


def test_our_frames_are_left_out_of_failures(pytester, plain):
    """A failure shows the user's own line and the text; a bug of ours keeps its traceback."""
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

    result = plain("-q")

    text = result.stdout.str()
    bad, bug = text.index("_ test_bad_manifest _"), text.index("_ test_bug _")
    assert ">       load(" in text[bad:bug]
    assert "load.py" not in text[bad:bug]
    assert "pod_spec.py" in text[bug:]
    assert "assert 1 == 2" in text
