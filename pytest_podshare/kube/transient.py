"""Errors of an API server that is unavailable for a moment, for example while it restarts."""

from __future__ import annotations

from pytest_podshare import errors

# how long to wait for it, in seconds; a restart takes five to ten
OUTAGE = 20.0


def is_transient(error: errors.ClusterError, *, known: bool) -> bool:
    """Return whether an API server may send this error because it is down or has just started.

    Args:
        error: the error.
        known: whether the server has accepted the account before. A restarted server rejects
            valid accounts until it has read its roles and service accounts.
    """
    if isinstance(error, errors.ApiError):
        return error.status == 429 or error.status >= 500 or known
    return isinstance(error, errors.ClusterUnreachable)
