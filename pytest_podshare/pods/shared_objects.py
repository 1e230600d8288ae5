"""Deploying into a namespace that stays: names that may be taken, and what has to go afterwards.

The API server's own rule, that of one name there is one object, is what serialises tests and
workers: whoever finds a name taken by a test of a living run waits until that has tidied up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.ownership import Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import resources
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.resources import Created
from pytest_podshare.kube.watch import Object

# seconds that containers get to end
_GRACE = 1
_TAKEN = "AlreadyExists"


def create(api: Api, document: dict[str, Any], namespace: str, deadline: Deadline) -> Created:
    """Create an object, when nobody else of ours uses its name any more.

    Raises:
        ApiError: the API server refuses; the name is taken by somebody else, or for too long.
    """

    def attempt() -> Created | errors.ApiError:
        try:
            return resources.create(api, document, namespace)
        except errors.ApiError as error:
            if error.reason != _TAKEN or not document["metadata"].get("name"):
                raise
            _check_that_it_goes(api, document, namespace, error)
            return error

    made = poll(
        attempt, until=lambda it: isinstance(it, Created), deadline=deadline, first=0.1, most=1.0
    )
    if isinstance(made, Created):
        return made
    raise _taken(made, f"another test has had it for {deadline.seconds:g} s")


def _check_that_it_goes(
    api: Api, document: dict[str, Any], namespace: str, error: errors.ApiError
) -> None:
    """See that the object that has the name will go; what a dead run has left is deleted.

    Raises:
        ApiError: it stays.
    """
    live = resources.find(api, document, namespace)
    if live is None or "deletionTimestamp" in live.live["metadata"]:
        return
    its = Ownership.read(live.live["metadata"])
    if its is None:
        raise _taken(error, "there is one already, and podshare did not make it")
    if its.disposition(time.time()).removable:
        live.is_gone(api, _GRACE)
    elif its.kept_for or its.is_current_process:
        mine = "this very process uses it for another test"
        raise _taken(error, f"it is kept for {its.kept_for}" if its.kept_for else mine)


def remove(
    api: Api, made: Sequence[Created], pods: Callable[[], Sequence[Object]], deadline: Deadline
) -> tuple[str, ...]:
    """Delete what was made, the last first, and wait for it; never raises.

    Args:
        api: the API server.
        made: what was made.
        pods: gives the Pods that controllers have made of it.
        deadline: when to stop waiting.

    Returns:
        What is still there, each by its kind and name.
    """
    left, never = list(reversed(made)), list[str]()

    def is_over(each: Created) -> bool:
        try:
            return each.is_gone(api, _GRACE)
        except errors.MissingRight as error:
            never.append(f"{_name(each)} (the account lacks the right to {error.right})")
            return True

    def ask() -> list[Created]:
        nonlocal left
        left = [each for each in left if not is_over(each)]
        return left

    try:
        ask()
        for each in pods():
            # their own patience is that of their applications
            path = pod_path(each["metadata"]["namespace"], each["metadata"]["name"])
            is_over(Created(path, {"kind": "Pod", **each}, True))
        poll(ask, until=lambda some: not some, deadline=deadline, first=0.1, most=0.5)
    except errors.PodshareError:
        # an API server that does not answer; the next run finds it by its stamp
        pass
    return (*map(_name, left), *never)


def _name(made: Created) -> str:
    return f"{made.live['kind']} {made.live['metadata']['name']}"


def _taken(error: errors.ApiError, why: str) -> errors.ApiError:
    return errors.ApiError(
        f"{error.what}: {why}",
        "Delete it, or give the tests a namespace of their own; names are not changed.",
        status=error.status,
        reason=error.reason,
        details=f"{error.details}: {why}",
    )
