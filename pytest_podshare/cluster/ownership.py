"""What every object that podshare makes says of itself: its run, its owner, and when it may go.

By this what a killed run has left is told from what is in use. Nothing here asks a cluster.
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

from pytest_podshare.cluster import processes

RUN_LABEL = "podshare.dev/run"
# where tests share a namespace: which fixture of the run it was
FIXTURE_LABEL = "podshare.dev/fixture"
# on a node that a drain has cordoned, in place of the other
CORDON_LABEL = "podshare.dev/cordoned-by"
OWNER, PROCESS = "podshare.dev/owner", "podshare.dev/process"
EXPIRES, KEPT = "podshare.dev/expires", "podshare.dev/kept-for"

# seconds until an object may go whose process cannot be asked for, and the same of what is kept for
# a look; a run extends its own when half are over
LIFE, KEPT_LIFE = 2 * 3600.0, 24 * 3600.0
# seconds by which the clocks of two machines may differ
_SLACK = 3600.0

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# where CI systems tell the address of the job
_JOBS = ("CI_JOB_URL", "BUILD_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL")


@dataclasses.dataclass(frozen=True)
class Disposition:
    """What is to become of an object.

    Args:
        goes: whether nobody uses it any more.
        why: the reason, either way.
    """

    goes: bool
    why: str


@dataclasses.dataclass(frozen=True)
class Ownership:
    """Whose an object is.

    Args:
        run: the run that made it.
        owner: the person and the machine, or the address of the CI job.
        process: the process that uses it, as `processes.tag` has it.
        expires: when it may go though nobody knows what became of the process; None if it does
            not say.
        kept: the test that it is kept for; "" if it is not.
    """

    run: str
    owner: str
    process: str
    expires: float | None
    kept: str = ""

    @classmethod
    def of(cls, run: str, *, now: float | None = None) -> Ownership:
        """That of an object which this process makes for a run."""
        begun = time.time() if now is None else now
        return cls(run, owner(os.environ), processes.tag(processes.this()), begun + LIFE)

    @classmethod
    def read(cls, metadata: Mapping[str, Any], label: str = RUN_LABEL) -> Ownership | None:
        """What an object says; None if it is not ours."""
        run = (metadata.get("labels") or {}).get(label)
        told: dict[str, str] = metadata.get("annotations") or {}
        if run is None:
            return None
        return cls(
            run,
            told.get(OWNER, "somebody"),
            told.get(PROCESS, ""),
            moment(told.get(EXPIRES, "")),
            told.get(KEPT, ""),
        )

    def put(self, metadata: dict[str, Any], label: str = RUN_LABEL) -> None:
        """Write it on an object that is about to be made or patched."""
        for field, more in (("labels", {label: self.run}), ("annotations", self._annotations())):
            # a manifest may have the field, and nothing in it
            metadata[field] = {**(metadata.get(field) or {}), **more}

    def fate(self, now: float, *, named: str = "") -> Disposition:
        """What is to become of the object that says this.

        Args:
            now: the time of day.
            named: a run whose objects are to go, whenever they expire and whatever keeps them.
        """
        its = f"run {self.run} of {self.owner}"
        runs = processes.tag_runs(self.process)
        if runs:
            return Disposition(False, f"{its} uses it")
        if self.run == named:
            return Disposition(True, f"{its} was named")
        if self.expires is None:
            return Disposition(False, f"{its} does not say when it may go")
        if self.expires + _SLACK <= now:
            return Disposition(True, f"{its} let it expire at {text(self.expires)}")
        if self.kept:
            return Disposition(False, f"{its} keeps it until {text(self.expires)}, for {self.kept}")
        if runs is None:
            return Disposition(
                False, f"{its} runs elsewhere, and may use it until {text(self.expires)}"
            )
        return Disposition(True, f"{its} has ended")

    def _annotations(self) -> dict[str, str]:
        told = {OWNER: self.owner, PROCESS: self.process}
        told |= {} if self.expires is None else {EXPIRES: text(self.expires)}
        return told | ({KEPT: self.kept} if self.kept else {})


def kept_for(test: str, now: float) -> dict[str, str]:
    """The annotations of an object that is kept for a look from now on."""
    return {KEPT: test, EXPIRES: text(now + KEPT_LIFE)}


def owner(environ: Mapping[str, str]) -> str:
    """The CI job by its address, without what it may hold of credentials; else user and machine."""
    if environ.get("GITHUB_RUN_ID"):
        parts = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY"))
        return _address("/".join([*parts, "actions/runs", environ["GITHUB_RUN_ID"]]))
    for name in _JOBS:
        if environ.get(name):
            return _address(environ[name])
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an id without a name, as in a container
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def text(moment: float) -> str:
    """A time of day, in the form of RFC 3339."""
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime(_FORMAT)


def moment(text: str) -> float | None:
    """The time of day that such a text tells; None if it tells none."""
    try:
        read = datetime.datetime.strptime(text, _FORMAT)
    except ValueError:
        return None
    return read.replace(tzinfo=datetime.timezone.utc).timestamp()


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
