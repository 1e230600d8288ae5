"""Fixtures for tests of pure code."""

import pytest

from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture(scope="module", params=SHELLS)
def here(request):
    """Yield each kind of shell that this machine has, kept open as in a session."""
    with LocalShell(SHELLS[request.param]) as shell:
        yield shell
