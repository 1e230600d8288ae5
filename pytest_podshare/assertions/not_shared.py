"""One container sees nothing of what another writes."""

from __future__ import annotations

import functools
import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.recording import promise_broken, recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_not_shared(
    pod: Pod, *, from_c: str, to_c: str, volume: str | None = None, window: float = 0.5
) -> Evidence:
    """Prove that `to_c` sees nothing of what `from_c` writes.

    Random content is written to each volume of `from_c` that it may write to (or to `volume`),
    and its name is looked for below every mount of `to_c`, and at the path where `from_c` has it,
    for a while. The controls of the same call: `from_c` itself sees the file, and the search
    finds a file that `to_c` is known to have.

    Kubernetes promises it: a container sees the volumes that its volumeMounts name, and of them
    no more than their subPath (documentation of volumes).

    Args:
        pod: the Pod.
        from_c: the container that writes.
        to_c: the container that must not see it.
        volume: the volume; None for each one that `from_c` may write to.
        window: seconds for which it must stay unseen.

    Returns:
        Evidence: what was written, and the controls.

    Raises:
        AssertionError: it is seen.
        NoSharedVolume: `from_c` has no such volume to write to.
        ExecError: a command could not be run, so nothing is known.
    """
    started = time.monotonic()
    reader = pod[to_c]
    events: list[object] = []
    volumes = []
    for mark in sentinel.write(pod, from_c, sentinel.written_by(pod, from_c, volume)):
        events += [mark.wrote, sentinel.assert_present(pod, mark)]
        volumes.append(mark.volume)
        name = posixpath.basename(mark.path)
        places = [each.path for each in pod.wiring.container(to_c).mounts]
        places.append(posixpath.dirname(mark.path))
        deadline = Deadline(window)
        found = poll(
            functools.partial(operations.find, reader, places, name), until=bool, deadline=deadline
        )
        sentinel.remove(pod, mark)
        if found:
            raise promise_broken(
                pod,
                f"{to_c!r} sees what {from_c!r} wrote in volume {mark.volume!r}",
                expected=f"{to_c} without {name}",
                got=", ".join(f"{to_c}:{path}" for path in found),
                where=f"{from_c} has {mark.mount}; {to_c} {failure.mounted(pod.wiring, to_c)}",
                volume=mark.volume,
                containers=[from_c, to_c],
                cause=volume_causes.explain_shared_folder(
                    pod, mark.place, FileLocation(to_c, found[0], None)
                ),
            )
        events.append(_control(reader))
    return pod.record(
        f"{to_c} sees nothing of what {from_c} wrote to {', '.join(volumes)}",
        method=f"{sentinel.METHOD}, searched for {window:g} s",
        begun=started,
        events=events,
        containers=[from_c, to_c],
    )


def _control(reader: Container) -> str:
    """That the search works at all, on a file that every container has."""
    known = "/etc/hosts"
    if operations.find(reader, ["/etc"], "hosts") != [known]:
        raise errors.ControlMissing(
            f"The search in {reader.name} does not find {known}, so what it misses means nothing.",
            "See what `find` the image has.",
        )
    return f"{reader.name} found {known} by the same search"
