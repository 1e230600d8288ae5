"""What an account may do: the API server reads its roles a moment after they were changed."""

from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import access_review


def settled(api, right, *, there):
    """Wait until an account has a right, or has it no more; gives whether that came to be."""
    has = poll(
        lambda: not access_review.missing(api, [right]),
        until=lambda has: has is there,
        deadline=Deadline(60),
        first=0.05,
    )
    return has is there
