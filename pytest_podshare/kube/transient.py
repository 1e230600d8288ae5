"""An API server that is away for a moment, as while it is restarted."""

from __future__ import annotations

from pytest_podshare import errors

# the longest that is waited for it, in seconds; a restart takes five to ten
OUTAGE = 20.0


def is_transient(error: errors.ClusterError, *, known: bool) -> bool:
    """Whether an API server says that which is away, or only just back.

    Args:
        error: what it said, or did not say.
        known: whether it has let us in before. Until it has read its roles and accounts, one that
            was restarted refuses whom it will let in.
    """
    if isinstance(error, errors.ApiError):
        return error.status == 429 or error.status >= 500 or known
    return isinstance(error, errors.ClusterUnreachable)
