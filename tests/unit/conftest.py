"""Fixtures for tests of pure code."""

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
    """Yield each kind of shell that this machine has, kept open; all but one are slow."""
    with LocalShell(SHELLS[request.param]) as shell:
        yield shell
