"""The disruptions of a Pod, of which one proves all promises of the items that need the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_podshare.assertions.disruption import MarkedFiles, prove_together
from pytest_podshare.assertions.lost import mark_for_loss
from pytest_podshare.assertions.recording import Outcome
from pytest_podshare.assertions.survives import mark_for_delete, mark_for_restart
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.promise import Promise

# what writes the files of an assertion
_MARK: Mapping[str, Callable[..., MarkedFiles]] = {
    "assert_survives_restart": mark_for_restart,
    "assert_survives_delete": mark_for_delete,
    "assert_lost_on_delete": mark_for_loss,
}


class SharedDisruptions:
    """The outcomes that disruptions had for promises, until their items read them."""

    def __init__(self) -> None:
        self._outcomes: dict[str, tuple[str, Outcome[Evidence]]] = {}
        self._read: set[str] = set()

    def take_outcome(
        self, pod: Pod, item: str, promises: Mapping[str, Promise]
    ) -> tuple[str, Outcome[Evidence]]:
        """Return the node of the Pod before a disruption, and the outcome for an item's promise.

        Args:
            pod: the Pod.
            item: the node id of the item.
            promises: the promises of all items with the same disruption, by their node ids.
        """
        if item not in self._outcomes:
            # an item that is run again needs another disruption, which the others do not need
            waiting = [other for other in promises if other not in self._read and other != item]
            node, together = pod.node, [item, *waiting]
            calls = [(_MARK[promises[one].assertion], promises[one].arguments) for one in together]
            outcomes = prove_together(pod, calls)
            self._outcomes |= {
                one: (node, outcome) for one, outcome in zip(together, outcomes, strict=True)
            }
        self._read.add(item)
        return self._outcomes.pop(item)

    def clear(self) -> None:
        """Forget the outcomes of a Pod that is deleted."""
        self._outcomes.clear()
        self._read.clear()
