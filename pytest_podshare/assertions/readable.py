"""Proof that a container can read a file of the application."""

from __future__ import annotations

import time

from pytest_podshare.assertions.application_files import ApplicationFile
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.fileops.first_bytes import read_first
from pytest_podshare.containers.fileops.follow_links import FinalFile
from pytest_podshare.containers.fileops.posix_shell import Shell
from pytest_podshare.containers.fileops.process_credentials import Credentials
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_readable(
    pod: Pod, *, container: str, path: str, timeout: float | None = None
) -> Evidence:
    """Prove that a container can read a file that an application has created in a volume.

    Open the file and read its first bytes through the container's own mount, with the user and
    groups of the container's first process, even if that has given up root. A file
    of podshare in the same folder, as `assert_file_visible` writes it, proves nothing about a file
    that another user has created with mode 0600.

    Kubernetes does not change the mode of files that containers create: it comes from the umask and
    the chmod of the application. An `fsGroup` only sets their group (documentation: Configure a
    Security Context for a Pod).

    Args:
        pod: the Pod.
        container: name of the container that reads.
        path: absolute path of the file, as this container names it, in one of its volumes. Symlinks
            are followed as long as they stay in the volume.
        timeout: seconds until the file must be readable; None for --podshare-visible-timeout.

    Returns:
        Evidence, with the file's owner, group, mode and size, the user and groups of the reader,
        and the mount. If other processes of the container have another user, it says whether they
        can read it as well.

    Raises:
        AssertionError: the file does not exist, is not a regular file, or cannot be read.
        NoSharedVolume: the path is not in a volume of the container.
        UnknownContainer: the Pod has no such container.
        ToolMissing: the image lacks `stat` or `head`, and no ephemeral container can be used.
        Unprovable: nothing in the container can run as the user of its process.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    file = ApplicationFile.find(pod, handle, path)

    def read(shell: Shell, _user: Credentials, final: FinalFile) -> object:
        if isinstance(final.status, Stat) and not final.status.is_file:
            return final.status
        return read_first(shell, final.path, root=file.location.root)

    deadline = pod.live.deadline("visible", timeout)
    final, content = file.wait_until(read, bytes, deadline, is_socket=False)
    size = f"of {final.status.size} bytes" if isinstance(final.status, Stat) else ""
    events = [
        f"{handle} opened {path} {size} and read the first {len(content)}",
        *file.describe(final, read, bytes),
    ]
    claim, method = f"{container} can read {path}", "the first bytes of the file"
    return pod.create_evidence(claim, method, start=start, events=events, containers=[handle])
