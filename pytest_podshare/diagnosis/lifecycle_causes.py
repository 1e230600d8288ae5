"""Causes in what became of the Pod, or of one of its containers."""

from __future__ import annotations

from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom


def trouble(case: Symptom) -> Cause | None:
    """What became of the Pod or of one of its containers, if that explains why nobody answers."""
    return fate(case) or not_running(case) or restarted(case)


def fate(case: Symptom) -> Cause | None:
    """The Pod is not there any more, or cannot be asked about."""
    word, said = case.facts.fate, case.facts.message
    if word == "unreachable":
        return Cause("API server unreachable", said, "See whether the cluster still runs.")
    if word == "evicted":
        return Cause(word, said, "Raise the limit that it exceeded, or let it write less.")
    if word:
        return Cause(word, said, "See who deletes it; its volumes went with it.")
    return None


def not_running(case: Symptom) -> Cause | None:
    """A container has ended."""
    for view in case.facts.views:
        if not view.running:
            verb = "" if view.state.startswith("ended") else "is "
            return _ended(view, f"{verb}{view.state}")
    return None


def crashing(case: Symptom) -> Cause | None:
    """A container ends again and again; at this moment it may be running."""
    found = (_ended(view, "keeps ending") for view in case.facts.views if view.restarts)
    return fate(case) or next(found, None) or not_running(case)


def restarted(case: Symptom) -> Cause | None:
    """Another instance of a container runs by now."""
    views = [view for view in case.facts.views if view.restarts]
    if not views:
        return None
    told = (
        view.restarts + (f"; its last line now: {view.last_words[-1]}" if view.last_words else "")
        for view in views
    )
    return Cause(
        "restarted meanwhile",
        "; ".join(told),
        "See why it ends, and what its start does to the volume.",
    )


def _ended(view: ContainerView, how: str) -> Cause:
    words = "; its last words: " + " / ".join(view.last_words) if view.last_words else ""
    return Cause(
        "not running",
        f"{view.place.container} {how}{words}",
        f"Mend what ends {view.place.container}, or keep its command running.",
    )
