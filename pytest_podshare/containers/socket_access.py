"""Connecting to a Unix socket as a container does, whatever programs its image has."""

from __future__ import annotations

import posixpath

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import unix_sockets
from pytest_podshare.containers.fileops.posix_shell import (
    EphemeralContainerUnavailable,
    Missing,
    Refused,
    Shell,
    quote,
)
from pytest_podshare.containers.fileops.process_credentials import Credentials
from pytest_podshare.containers.fileops.unix_sockets import Connected
from pytest_podshare.kube import pod_status
from pytest_podshare.messages import Remedy

_CTR = ("ctr", "--namespace", "k8s.io")
# loads everything before it enters the container's root, whose Perl may be another one, and gives
# up root's permissions before it enters the socket's folder
_PERL_ON_NODE = """
use Socket;
my ($root, $uid, $gid, $groups) = splice @ARGV, 0, 4;
chroot $root && chdir "/" or die "cannot enter $root: $!\\n";
$) = "$gid $groups"; $( = $gid; ($<, $>) = ($uid, $uid);
$> == $uid && $( == $gid or exit 127;
"""


def connect(
    container: ContainerShell, shell: Shell, path: str, credentials: Credentials
) -> Connected | Missing | Refused:
    """Connect to a socket as a container's user, and disconnect.

    Use a program of the container's image, or of the image of an ephemeral container if that is how
    the container is accessed. If there is none, use Perl on the node, if that can be accessed, with
    the container's root folder and user; or else an ephemeral container.

    Args:
        container: the container.
        shell: its shell, with those credentials.
        path: the path of the socket, without symlinks at its end.
        credentials: those of the container's first process.

    Raises:
        Unprovable: none of them is possible.
    """
    try:
        return unix_sockets.connect(shell, path)
    except errors.ToolMissing as missing:
        reasons = [missing.what.rstrip(".")]
    result = _connect_on_node(container, path, credentials)
    if not isinstance(result, str):
        return result
    reasons.append(result)
    if not container.access.is_ephemeral:
        try:
            container.use_ephemeral_shell()
            return unix_sockets.connect(container, path)
        except (EphemeralContainerUnavailable, errors.ToolMissing) as error:
            reasons.append(f"an ephemeral container: {error}".rstrip(". "))
    raise errors.Unprovable(
        f"Cannot connect to {path} as {container.name} of {container.pod} does:"
        f" {'; '.join(reasons)}.",
        Remedy(
            "Use an image with Python, Perl, Node.js or curl in the container, or as {}.",
            "probe-image",
        ),
    )


def _connect_on_node(
    container: ContainerShell, path: str, credentials: Credentials
) -> Connected | Missing | Refused | str:
    """Connect on the node with the container's root folder and user, or return why not."""
    pod, user = container.pod, credentials.user
    if not pod.cluster.own:
        return "the cluster's nodes cannot be accessed"
    # a process on the node has all permissions of root, or none
    if credentials.is_mapped or credentials.ignores_modes != (user.uid == 0):
        return f"no process on the node has the permissions of {container.name}"
    container_id = pod_status.find_runtime_id(pod.check_still_there(), container.name)
    tasks = (line.split() for line in nodes.run(pod.node, *_CTR, "tasks", "ls").splitlines())
    process = next((task[1] for task in tasks if task[0] == container_id), "")
    if not process:
        return f"the node has no process of {container.name}"
    groups = " ".join(map(str, user.gids))
    arguments = (f"/proc/{process}/root", user.uid, user.gids[0], groups, *posixpath.split(path))
    words = b" ".join(quote(str(argument)) for argument in arguments)
    program = quote(_PERL_ON_NODE + unix_sockets.PERL)
    done = nodes.run_script(pod.node, b"LC_ALL=C exec perl -e %s %s" % (program, words))
    if done.returncode in (126, 127) or b"cannot enter" in done.stderr:
        return "the node has no usable Perl"
    return unix_sockets.parse(done, f"perl on {pod.node} in the container's root folder")
