"""Fixtures of several unit tests."""

import pytest

from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture(scope="module", params=SHELLS)
def shell(request):
    """Open each kind of shell that this machine has, as a session does."""
    with LocalShell(SHELLS[request.param]) as opened:
        yield opened


@pytest.fixture(scope="module")
def here(shell):
    """Return the same shell."""
    return shell
