"""A test whose namespace cannot be deleted at its end."""

import pytest

CONFTEST = """
import pytest
from pytest_podshare import errors
from pytest_podshare.plugin import stash

class Namespaces:
    def create(self, deadline):
        return "ns"

    def delete(self, name):
        raise {error}

@pytest.fixture
def podshare_cluster(pytestconfig, monkeypatch):
    monkeypatch.setattr(pytestconfig.stash[stash.RUN], "_namespaces", Namespaces())
"""
UNREACHABLE = 'errors.ClusterUnreachable("no answer", "wait")'
API_ERROR = 'errors.ApiError("no", "ask", status={}, reason="", details="")'


@pytest.mark.parametrize(
    ("error", "errors"),
    [
        (UNREACHABLE, 0),
        (API_ERROR.format(429), 0),
        (API_ERROR.format(500), 0),
        (API_ERROR.format(403), 1),
    ],
)
def test_only_a_permanent_error_of_the_deletion_is_an_error_of_the_test(pytester, error, errors):
    """After a transient one, the run tries again at its end."""
    pytester.makeconftest(CONFTEST.format(error=error))
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'ns'")

    result = pytester.runpytest_subprocess("-p", "no:pytest-kind", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=errors)
