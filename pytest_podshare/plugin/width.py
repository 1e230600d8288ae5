"""How many groups of Pods are deployed at the same time: as many as the cluster can take."""

from __future__ import annotations

import dataclasses

from pytest_podshare.pods.deployer import Podshare

FIRST, MOST = 3, 8
# seconds of an average answer of an API server that has enough to do
_SLOW = 0.5


@dataclasses.dataclass(frozen=True)
class Load:
    """What the deployment of a group has shown.

    Args:
        is_pending: whether a Pod had to wait for room on a node.
        answer: seconds that the API server takes to answer, on average.
        is_throttled: whether the API server has rejected requests because there were too many.
    """

    is_pending: bool = False
    answer: float = 0.0
    is_throttled: bool = False

    @property
    def is_high(self) -> bool:
        """Return whether fewer Pods would be better."""
        return self.is_pending or self.is_throttled or self.answer > _SLOW


class Width:
    """The number of groups that are deployed and checked at the same time.

    Args:
        fixed: the number; None to follow what the cluster can take.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._is_fixed = fixed is not None
        self.value = fixed or FIRST

    def __repr__(self) -> str:
        return f"<Width {self.value}{', fixed' if self._is_fixed else ''}>"

    def update(self, load: Load) -> None:
        """Grow by one after a deployment that was no trouble; otherwise halve."""
        if not self._is_fixed:
            self.value = max(1, self.value // 2) if load.is_high else min(MOST, self.value + 1)


def read_load(podshare: Podshare) -> Load:
    """Return what the deployment of Pods has shown."""
    answers = podshare.cluster.api.answers
    return Load(podshare.has_waited_for_room, answers.seconds, answers.take_throttled())
