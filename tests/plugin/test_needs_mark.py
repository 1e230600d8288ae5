"""The mark podshare_needs, as far as it goes without a cluster."""

import pytest

PLUGINS = ("-p", "no:pytest-kind", "-p", "no:hypothesispytest")


@pytest.fixture
def run(pytester, monkeypatch):
    """A function that runs pytest where no kind program is to be found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")

    def ran(*args):
        return pytester.runpytest_subprocess(*PLUGINS, *args)

    return ran


MARKED = """
import pytest

@pytest.fixture
def begun():
    print("a fixture has begun")

@pytest.mark.podshare_needs({names})
def test_marked(begun):
    pass

def test_unmarked(begun):
    pass
"""


def test_an_unknown_name_is_an_error_that_lists_the_others(pytester, run):
    """Before a cluster is looked for, and before any fixture of the test's own."""
    pytester.makepyfile(MARKED.format(names='"image-volume"'))

    result = run("-rE")

    result.assert_outcomes(passed=1, errors=1)
    printed = result.stdout.str()
    assert "Unknown capability 'image-volume'." in printed
    assert "Use one of ephemeral-containers, image-volumes, node-access, " in printed
    assert "kind" not in printed.partition("Unknown capability")[2].partition("Use one of")[0]
    assert "a fixture has begun" not in printed


def test_a_mark_without_names_is_an_error(pytester, run):
    """It would need nothing, and never skip."""
    pytester.makepyfile(MARKED.format(names=""))

    result = run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*Unknown capability ''.*"])


def test_one_of_several_parameters_may_need_more(pytester, run):
    """The others reach no cluster: here there is none, which is the error of the first."""
    pytester.makepyfile(
        """
        import pytest

        needs = pytest.mark.podshare_needs("two-nodes")

        @pytest.mark.parametrize("which", [pytest.param(1, marks=needs), 2])
        def test_it(which):
            pass
        """
    )

    result = run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_it?1?*", "The kind program was not found *"]
    )


def test_the_mark_is_known(run):
    """To --strict-markers and to people."""
    result = run("--markers")

    result.stdout.fnmatch_lines(["@pytest.mark.podshare_needs(*names): skip the test where *"])
