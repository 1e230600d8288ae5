"""What becomes of a test whose namespace the API server cannot delete when it is over."""

import pytest

CONFTEST = """
import pytest
from pytest_podshare import errors
from pytest_podshare.plugin import stash

class Namespaces:
    given = None

    def make(self, deadline):
        return "ns"

    def delete(self, name):
        raise {error}

@pytest.fixture
def podshare_cluster(pytestconfig, monkeypatch):
    monkeypatch.setattr(pytestconfig.stash[stash.RUN], "_namespaces", Namespaces())
"""
UNREACHABLE = 'errors.ClusterUnreachable("no answer", "wait")'
REFUSED = 'errors.ApiError("no", "ask", status={}, reason="", details="")'


@pytest.mark.parametrize(
    ("error", "errors"),
    [
        (UNREACHABLE, 0),
        (REFUSED.format(429), 0),
        (REFUSED.format(500), 0),
        (REFUSED.format(403), 1),
    ],
)
def test_what_may_pass_is_left_to_the_end_of_the_run(pytester, error, errors):
    """A test that has passed does not end in the error of a busy API server, but of a refusal."""
    pytester.makeconftest(CONFTEST.format(error=error))
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'ns'")

    result = pytester.runpytest_subprocess("-p", "no:pytest-kind", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=errors)
