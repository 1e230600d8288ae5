"""Fixtures of several unit tests."""

import hypothesis
import pytest

from tests.support.local_shell import SHELLS, LocalShell

# how long an example takes says more about the machine than about the code
hypothesis.settings.register_profile("any-machine", deadline=None)
hypothesis.settings.load_profile("any-machine")

_FIRST, *_OTHERS = SHELLS
_PARAMS = [_FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in _OTHERS)]


@pytest.fixture(scope="module", params=_PARAMS)
def shell(request):
    """Open each kind of shell that this machine has, as a session does; only the first is fast."""
    with LocalShell(SHELLS[request.param]) as opened:
        yield opened


@pytest.fixture(scope="module")
def here(shell):
    """Return the same shell."""
    return shell
