"""The mark podshare_needs, as far as it needs no cluster."""

import pytest

PLUGINS = ("-p", "no:pytest-kind", "-p", "no:hypothesispytest")


@pytest.fixture
def run(pytester, monkeypatch):
    """Return a function that runs pytest without a kind program on PATH."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")

    def run(*options):
        return pytester.runpytest_subprocess(*PLUGINS, *options)

    return run


MARKED = """
import pytest

@pytest.fixture
def resource():
    print("a fixture has started")

@pytest.mark.podshare_needs({names})
def test_marked(resource):
    pass

def test_unmarked(resource):
    pass
"""


def test_an_unknown_capability_is_an_error_that_lists_the_known_ones(pytester, run):
    """It is raised before a cluster is needed, and before the test's own fixtures start."""
    pytester.makepyfile(MARKED.format(names='"image-volume"'))

    result = run("-rE")

    result.assert_outcomes(passed=1, errors=1)
    printed = result.stdout.str()
    assert "Unknown capability 'image-volume'." in printed
    assert "Use one of ephemeral-containers, image-volumes, node-access, " in printed
    assert "kind" not in printed.partition("Unknown capability")[2].partition("Use one of")[0]
    assert "a fixture has started" not in printed


def test_a_mark_without_capabilities_is_an_error(pytester, run):
    """Such a test would never be skipped."""
    pytester.makepyfile(MARKED.format(names=""))

    result = run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*Unknown capability ''.*"])


def test_a_single_parameter_may_have_the_mark(pytester, run):
    """The others need no cluster; its absence is the error of the marked one."""
    pytester.makepyfile(
        """
        import pytest

        needs = pytest.mark.podshare_needs("two-nodes")

        @pytest.mark.parametrize("number", [pytest.param(1, marks=needs), 2])
        def test_it(number):
            pass
        """
    )

    result = run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_it?1?*", "The kind program was not found *"]
    )


def test_the_mark_is_registered(run):
    """--markers prints its help."""
    result = run("--markers")

    result.stdout.fnmatch_lines(["@pytest.mark.podshare_needs(*names): skip the test where *"])
