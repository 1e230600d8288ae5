"""What several tests of pure code use."""

import hypothesis
import pytest

from tests.support.local_shell import SHELLS, LocalShell

# how long an example takes says more about the machine than about the code
hypothesis.settings.register_profile("any-machine", deadline=None)
hypothesis.settings.load_profile("any-machine")

_FIRST, *_OTHERS = SHELLS
_PARAMS = [_FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in _OTHERS)]


@pytest.fixture(scope="module", params=_PARAMS)
def here(request):
    """Each kind of shell that this machine has, kept open as in a session; one of them quickly."""
    with LocalShell(SHELLS[request.param]) as opened:
        yield opened
