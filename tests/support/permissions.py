"""Waiting for permissions: the API server reads changed roles with a delay."""

from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import access_review


def wait_for_permission(api, permission, *, granted):
    """Wait until an account has a permission, or lacks it; return whether it came to that."""
    is_granted = poll(
        lambda: not access_review.find_missing(api, [permission]),
        until=lambda is_granted: is_granted is granted,
        deadline=Deadline(60),
        first=0.05,
    )
    return is_granted is granted
