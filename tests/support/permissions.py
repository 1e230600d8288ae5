"""Permissions of an account, which the API server applies a moment after a Role has changed."""

from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import access_review


def settled(api, right, *, there):
    """Wait until an account has a right, or no longer has it; return whether that happened."""
    has = poll(
        lambda: not access_review.missing(api, [right]),
        until=lambda has: has is there,
        deadline=Deadline(60),
        first=0.05,
    )
    return has is there
