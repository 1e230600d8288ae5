"""Ownership of objects: which run created them, on whose behalf, and when they expire.

Kept in labels and annotations, by which later runs tell leftovers from objects in use. Sends no
request.
"""

from __future__ import annotations

import dataclasses
import datetime
import getpass
import os
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pytest_podshare.cluster.processes import Process, is_tag_running

RUN_LABEL = "podshare.dev/run"
# which fixture of the run, where tests share a namespace
FIXTURE_LABEL = "podshare.dev/fixture"
# replaces RUN_LABEL on a node that a drain has cordoned
CORDON_LABEL = "podshare.dev/cordoned-by"
OWNER_ANNOTATION, PROCESS_ANNOTATION = "podshare.dev/owner", "podshare.dev/process"
EXPIRES_ANNOTATION, KEPT_ANNOTATION = "podshare.dev/expires", "podshare.dev/kept-for"
ANNOTATIONS = (OWNER_ANNOTATION, PROCESS_ANNOTATION, EXPIRES_ANNOTATION, KEPT_ANNOTATION)

# seconds until an object expires, and one that is kept for inspection; a run extends its objects
# halfway through
LIFETIME, KEPT_LIFETIME = 2 * 3600.0, 24 * 3600.0
# seconds by which the clocks of two machines may differ
_CLOCK_SKEW = 3600.0

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# environment variables in which CI systems pass the URL of the job
_JOB_URLS = ("CI_JOB_URL", "BUILD_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL")


@dataclasses.dataclass(frozen=True)
class Disposition:
    """Whether an object or a cluster may be removed.

    Args:
        removable: whether it is no longer in use.
        reason: why, or why not.
    """

    removable: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class Ownership:
    """The owner of an object.

    Args:
        run: the run that created it.
        owner: the user and the machine, or the URL of the CI job.
        process: the tag of the process that uses it.
        expires: when it expires, in seconds since the epoch; None if it never does.
        kept_for: the test for which it is kept; "" if it is not.
    """

    run: str
    owner: str
    process: str
    expires: float | None
    kept_for: str = ""

    @classmethod
    def for_run(cls, run: str, *, now: float | None = None) -> Ownership:
        """Return the ownership of an object that this process creates for a run."""
        created = time.time() if now is None else now
        return cls(run, find_owner(os.environ), Process.current().tag, created + LIFETIME)

    @classmethod
    def read(cls, metadata: Mapping[str, Any], label: str = RUN_LABEL) -> Ownership | None:
        """Return the ownership in an object's metadata; None if podshare did not create it."""
        run = (metadata.get("labels") or {}).get(label)
        if run is None:
            return None
        annotations: dict[str, str] = metadata.get("annotations") or {}
        return cls(
            run,
            annotations.get(OWNER_ANNOTATION, "an unknown owner"),
            annotations.get(PROCESS_ANNOTATION, ""),
            parse_time(annotations.get(EXPIRES_ANNOTATION, "")),
            annotations.get(KEPT_ANNOTATION, ""),
        )

    def write(self, metadata: dict[str, Any], label: str = RUN_LABEL) -> None:
        """Add the label and the annotations to the metadata of a manifest or a patch."""
        annotations = {OWNER_ANNOTATION: self.owner, PROCESS_ANNOTATION: self.process}
        if self.expires is not None:
            annotations[EXPIRES_ANNOTATION] = format_time(self.expires)
        if self.kept_for:
            annotations[KEPT_ANNOTATION] = self.kept_for
        for field, entries in (("labels", {label: self.run}), ("annotations", annotations)):
            # the field of a manifest may be null
            metadata[field] = {**(metadata.get(field) or {}), **entries}

    @property
    def is_current_process(self) -> bool:
        """Return whether this very process uses the object."""
        return self.process == Process.current().tag

    def disposition(self, now: float, *, selected_run: str = "") -> Disposition:
        """Return whether the object may be removed.

        Args:
            now: the current time, in seconds since the epoch.
            selected_run: a run whose objects are removable even if they are kept or not expired,
                unless it still uses them.
        """
        run = f"run {self.run} of {self.owner}"
        is_running = is_tag_running(self.process)
        if is_running:
            return Disposition(False, f"{run} is using it")
        if self.run == selected_run:
            return Disposition(True, f"{run} was selected")
        if self.expires is None:
            return Disposition(False, f"{run} set no expiry time")
        expires = format_time(self.expires)
        if self.expires + _CLOCK_SKEW <= now:
            return Disposition(True, f"it expired at {expires} ({run})")
        if self.kept_for:
            return Disposition(False, f"{run} keeps it until {expires} for {self.kept_for}")
        if is_running is None:
            return Disposition(False, f"{run} may be using it from elsewhere, until {expires}")
        return Disposition(True, f"{run} has ended")


def keep_annotations(test: str, now: float) -> dict[str, str]:
    """Return the annotations that keep an object for inspection from now on."""
    return {KEPT_ANNOTATION: test, EXPIRES_ANNOTATION: format_time(now + KEPT_LIFETIME)}


def find_owner(environ: Mapping[str, str]) -> str:
    """Return the URL of the CI job, stripped of credentials; elsewhere user@machine."""
    if environ.get("GITHUB_RUN_ID"):
        parts = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY"))
        return _strip_credentials("/".join([*parts, "actions/runs", environ["GITHUB_RUN_ID"]]))
    for name in _JOB_URLS:
        if environ.get(name):
            return _strip_credentials(environ[name])
    return f"{find_user()}@{socket.gethostname()}"


def find_user() -> str:
    """Return the name of this process's user; its ID if it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def format_time(seconds: float) -> str:
    """Return a time in seconds since the epoch in the format of RFC 3339."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(_TIME_FORMAT)


def parse_time(text: str) -> float | None:
    """Return a formatted time in seconds since the epoch; None if the text is not a time."""
    try:
        parsed = datetime.datetime.strptime(text, _TIME_FORMAT)
    except ValueError:
        return None
    return parsed.replace(tzinfo=datetime.timezone.utc).timestamp()


def _strip_credentials(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
