"""Everything that helps with a failure and disappears with the test, within a deadline."""

from __future__ import annotations

import dataclasses
import functools
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_podshare.deadline import Deadline, JobFailure, gather
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.report.attachments import event_table, pod_dump, truncate
from pytest_podshare.report.redaction import secret_mask, secret_refs
from pytest_podshare.report.redaction.secret_mask import Mask

# seconds for everything; together with the diagnosis, ten
TIMEOUT = 6.0
# seconds of these for the lists: an API server that does not return them returns nothing else
_LIST_TIMEOUT = 3.0
# bytes of an attachment; the number of lines has no limit
_SIZE, _LINES = 256 * 1024, 2**31
_MAX_PODS, _MAX_OBJECTS = 20, 500
# the lists to fetch, each with the message if it is not available
_LISTS = {
    "pods": "Cannot list the Pods",
    "events": "Cannot list the events",
    "secrets": "Cannot list the namespace's Secrets; only those in manifests and those that Pods"
    " name are hidden",
}


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A named text, for example `sharevol/logs/c1.txt`."""

    name: str
    text: str

    def cut(self, *, lines: int = _LINES, size: int = _SIZE, note: str = "") -> str:
        """Return as many lines as fit: the last ones of logs and events, else the first ones."""
        is_log = "/logs/" in self.name or self.name.endswith("events.txt")
        return truncate.keep_lines(self.text, last=is_log, lines=lines, size=size, note=note)


@dataclasses.dataclass(frozen=True)
class Collected:
    """What was collected.

    Args:
        attachments: the texts, without secrets; the text of a missing one is the reason.
        missing: what could not be collected at all, one sentence each.
        mask: hides the secrets that the namespace is known to have.
    """

    attachments: tuple[Attachment, ...]
    missing: tuple[str, ...]
    mask: Mask


def collect(podshare: Podshare, deadline: Deadline) -> Collected:
    """Collect what is known about all Pods in the namespace, without changing anything."""
    # it grows with --podshare-timeout-factor, as the deadline does
    share = _LIST_TIMEOUT / TIMEOUT * deadline.seconds
    first = Deadline(min(share, deadline.left), deadline.clock)
    jobs = {kind: functools.partial(_fetch_list, podshare, kind, first) for kind in _LISTS}
    answers = gather(jobs, first)
    failures = {kind: item for kind, item in answers.items() if isinstance(item, JobFailure)}
    missing = [f"{_LISTS[kind]}: {failure.text}." for kind, failure in failures.items()]
    pods, events, secrets = (
        [] if isinstance(answer, JobFailure) else answer for answer in answers.values()
    )
    if "secrets" in failures:
        templates = [*pods, *(manifest.pod for manifest in podshare.manifests)]
        secrets = secret_refs.fetch_secrets(
            podshare.cluster.api, podshare.namespace, templates, deadline
        )
    mask = create_mask(podshare, pods, secrets)

    pods.sort(key=lambda pod: (pod_status.is_ready(pod), pod["metadata"]["name"]))
    if names := [pod["metadata"]["name"] for pod in pods[_MAX_PODS:]]:
        missing.append(f"Only {_MAX_PODS} Pods were inspected; skipped: {', '.join(names)}.")
    texts = _list_texts(podshare, pods, events, mask, deadline)
    attachments = _fetch_all(texts, mask, deadline)
    return Collected(attachments, tuple(map(mask.redact_text, missing)), mask)


def _fetch_list(podshare: Podshare, kind: str, deadline: Deadline) -> list[dict[str, Any]]:
    path = f"{posixpath.dirname(pod_path(podshare.namespace))}/{kind}"
    query = {"limit": str(_MAX_OBJECTS), **(podshare.objects.selector if kind == "pods" else {})}
    listed = podshare.cluster.api.get(path, timeout=deadline.left, **query)
    items: list[dict[str, Any]] = listed["items"]
    return items


def create_live_mask(podshare: Podshare, pods: Sequence[dict[str, Any]]) -> Mask:
    """Return a mask that also knows the Secrets that live Pods refer to, as far as readable."""
    deadline = Deadline(_LIST_TIMEOUT)
    api, namespace = podshare.cluster.api, podshare.namespace
    return create_mask(podshare, pods, secret_refs.fetch_secrets(api, namespace, pods, deadline))


def create_mask(
    podshare: Podshare,
    pods: Sequence[dict[str, Any]] = (),
    secrets: Sequence[dict[str, Any]] = (),
) -> Mask:
    """Return a mask for the secrets of the manifests, of the run's account, and of these objects.

    Args:
        podshare: the deployer, with its manifests.
        pods: live Pods.
        secrets: live Secrets.
    """
    others = (item for manifest in podshare.manifests for item in manifest.others)
    every = [*secrets, *(item for item in others if item.get("kind") == "Secret")]
    templates = [manifest.pod for manifest in podshare.manifests]
    headers = podshare.cluster.api.authorization().values()
    tokens = [header.split(" ", 1)[-1] for header in headers]
    return Mask([*secret_mask.find_secret_values(every, [*pods, *templates]), *tokens])


def _list_texts(
    podshare: Podshare,
    pods: list[dict[str, Any]],
    events: list[dict[str, Any]],
    mask: Mask,
    deadline: Deadline,
) -> dict[str, pod_dump.Job]:
    """Return the name of each attachment with the function that fetches it."""
    texts: dict[str, pod_dump.Job] = {}
    for raw in pods[:_MAX_PODS]:
        name, uid = raw["metadata"]["name"], raw["metadata"]["uid"]
        dump = pod_dump.PodDump(podshare.cluster.api, raw, mask, deadline)
        texts |= _list_events(events, name, uid)
        texts |= {f"{name}/{text}": job for text, job in dump.list_jobs()}
    listed = {raw["metadata"]["name"] for raw in pods}
    for pod in podshare.pods:
        if pod.name not in listed:
            wiring = functools.partial(pod_dump.format_wiring, pod.live.spec)
            texts[f"{pod.name}/wiring.txt"] = wiring
            texts |= _list_events(events, pod.name, pod.uid)
    if others := event_table.select_other_events(events):
        texts["events.txt"] = functools.partial(event_table.format_events, others)
    return texts


def _list_events(events: list[dict[str, Any]], pod: str, uid: str) -> dict[str, pod_dump.Job]:
    selected = event_table.select_pod_events(events, pod)
    text = functools.partial(event_table.format_events, selected, uid)
    return {f"{pod}/events.txt": text} if selected else {}


def _fetch_all(
    jobs: Mapping[str, pod_dump.Job], mask: Mask, deadline: Deadline
) -> tuple[Attachment, ...]:
    """Fetch, cut and mask each text in a job of its own, so that the deadline covers all of it."""

    def fetch(name: str, job: Callable[[], str]) -> str:
        return mask.redact_text(Attachment(name, job()).cut())

    texts = {name: functools.partial(fetch, name, job) for name, job in jobs.items()}
    return tuple(
        Attachment(
            name, f"({mask.redact_text(text.text)})" if isinstance(text, JobFailure) else text
        )
        for name, text in gather(texts, deadline).items()
    )
