"""Everything that helps with a failure and is gone with the test: gathered, bounded, masked."""

from __future__ import annotations

import dataclasses
import functools
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_podshare import deadline as bounded
from pytest_podshare.deadline import Deadline, JobFailure
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.report.attachments import event_table, pod_dump, truncate
from pytest_podshare.report.redaction import secret_mask, secret_refs
from pytest_podshare.report.redaction.secret_mask import Mask

# seconds for all of it; with those in which the cause is looked for, ten
PATIENCE = 6.0
# seconds of these for what is there at all: a server that does not say has nothing else to say
_FIRST = 3.0
# bytes of one attachment; no line of any text is too much
_LIMIT, _ALL_LINES = 256 * 1024, 2**31
_MOST_PODS, _MOST_OBJECTS = 20, 500
# what is listed, and what is to be said where it cannot be
_LISTED = {
    "pods": "The Pods could not be listed",
    "events": "The events could not be listed",
    "secrets": "Only Secrets that manifests hold or Pods name are known and hidden, for those in"
    " the namespace could not be listed",
}


@dataclasses.dataclass(frozen=True)
class Attachment:
    """One text, for example `sharevol/logs/c1.txt`."""

    name: str
    text: str

    @property
    def ends(self) -> bool:
        """Whether its last lines are those that help, rather than its first ones."""
        return "/logs/" in self.name or self.name.endswith("events.txt")

    def cut(self, *, lines: int = _ALL_LINES, size: int = _LIMIT, note: str = "") -> str:
        """The lines that help most, as many as fit, and a note where some are left out."""
        cut = truncate.last if self.ends else truncate.first
        return cut(self.text, lines=lines, size=size, note=note)


@dataclasses.dataclass(frozen=True)
class Collected:
    """What was to be had.

    Args:
        attachments: the texts, without secrets; one that was not to be had says why.
        missing: what could not be asked at all, a sentence each.
        mask: hides what is known to be secret in the namespace.
    """

    attachments: tuple[Attachment, ...]
    missing: tuple[str, ...]
    mask: Mask


def collect(podshare: Podshare, deadline: Deadline) -> Collected:
    """Ask for all that can be known of every Pod in the namespace; changes nothing."""
    first = Deadline(min(_FIRST, deadline.left), deadline.clock)
    asked = {kind: functools.partial(_list, podshare, kind, first) for kind in _LISTED}
    answers = bounded.gather(asked, first)
    troubles = {kind: it for kind, it in answers.items() if isinstance(it, JobFailure)}
    missing = [f"{_LISTED[kind]}: {trouble}." for kind, trouble in troubles.items()]
    pods, events, secrets = (_answer(answers[kind]) for kind in _LISTED)
    if "secrets" in troubles:
        its = [*pods, *(manifest.pod for manifest in podshare.manifests)]
        secrets = secret_refs.get(podshare.cluster.api, podshare.namespace, its, deadline)
    mask = known(podshare, pods, secrets)

    pods.sort(key=lambda pod: (pod_status.is_ready(pod), pod["metadata"]["name"]))
    if names := [pod["metadata"]["name"] for pod in pods[_MOST_PODS:]]:
        missing.append(f"Nothing was asked of more than {_MOST_PODS} Pods: {', '.join(names)}.")
    jobs: dict[str, pod_dump.Job] = {}
    for pod in pods[:_MOST_PODS]:
        jobs |= _of_listed(podshare, pod, events, mask, deadline)
    jobs |= _of_unlisted(podshare, {pod["metadata"]["name"] for pod in pods}, events)
    if others := event_table.of_others(events):
        jobs["events.txt"] = functools.partial(event_table.table, others)
    return Collected(_done(jobs, mask, deadline), tuple(mask.text(it) for it in missing), mask)


def _answer(listed: list[dict[str, Any]] | JobFailure) -> list[dict[str, Any]]:
    return [] if isinstance(listed, JobFailure) else listed


def _list(podshare: Podshare, kind: str, deadline: Deadline) -> list[dict[str, Any]]:
    path = f"{posixpath.dirname(pod_path(podshare.namespace))}/{kind}"
    query = {"limit": str(_MOST_OBJECTS), **(podshare.objects.selector if kind == "pods" else {})}
    listed = podshare.cluster.api.get(path, timeout=deadline.left, **query)
    items: list[dict[str, Any]] = listed["items"]
    return items


def known(
    podshare: Podshare,
    pods: Sequence[dict[str, Any]] = (),
    secrets: Sequence[dict[str, Any]] = (),
) -> Mask:
    """Hides what the manifests hold, our own credentials, and what these Pods and Secrets do."""
    given = [each for manifest in podshare.manifests for each in manifest.others]
    every = [*secrets, *(each for each in given if each.get("kind") == "Secret")]
    templates = [manifest.pod for manifest in podshare.manifests]
    ours = podshare.cluster.api.authorization().values()
    tokens = [each.split(" ", 1)[-1] for each in ours]
    return Mask([*secret_mask.values(every, [*pods, *templates]), *tokens])


def _of_listed(
    podshare: Podshare,
    pod: dict[str, Any],
    events: list[dict[str, Any]],
    mask: Mask,
    deadline: Deadline,
) -> dict[str, pod_dump.Job]:
    """The texts of a Pod that the API server tells of."""
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    source = pod_dump.PodTexts(podshare.cluster.api, pod, mask, deadline)
    jobs = {f"{name}/{text}": job for text, job in source.jobs()}
    return _events(event_table.of_pod(events, name), name, uid) | jobs


def _of_unlisted(
    podshare: Podshare, listed: set[str], events: list[dict[str, Any]]
) -> dict[str, pod_dump.Job]:
    """The texts of Pods that were deployed, and that the API server does not tell of any more."""
    jobs: dict[str, pod_dump.Job] = {}
    for pod in podshare.pods:
        if pod.name not in listed:
            jobs[f"{pod.name}/wiring.txt"] = functools.partial(pod_dump.wiring, pod.live.spec)
            jobs |= _events(event_table.of_pod(events, pod.name), pod.name, pod.uid)
    return jobs


def _events(events: list[Mapping[str, Any]], name: str, uid: str) -> dict[str, pod_dump.Job]:
    text = functools.partial(event_table.table, events, uid)
    return {f"{name}/events.txt": text} if events else {}


def _done(
    jobs: Mapping[str, pod_dump.Job], mask: Mask, deadline: Deadline
) -> tuple[Attachment, ...]:
    """All texts, each masked and cut by its own job, so that the deadline holds for that too."""

    def shown(name: str, job: Callable[[], str]) -> str:
        return mask.text(Attachment(name, job()).cut())

    asked = {name: functools.partial(shown, name, job) for name, job in jobs.items()}
    return tuple(
        Attachment(name, f"({mask.text(it.text)})" if isinstance(it, JobFailure) else it)
        for name, it in bounded.gather(asked, deadline).items()
    )
