"""What the init containers of a skeleton run: they leave files, and report what they find.

An init container has ended before anything can be run in it, so its script does both: it writes
random content through each mount that it may write to, and prints what it sees of the containers
before it. A sidecar leaves files as well if init containers start after it.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping

from pytest_podshare.wiring.model import ContainerSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_writable
from pytest_podshare.wiring.run_order import runs_before_or_beside
from pytest_podshare.wiring.shared_mounts import SharedMount, find_exchange

# the variable with the UID of the Pod, which makes the names unique on storage that outlives it
UID_VARIABLE = "PODSHARE_POD_UID"

# Content comes from the kernel and needs no tool. The kubelet creates the folder of a subPath with
# the mode of the folder above; without one it would have the umask's.
_FUNCTIONS = """\
write() { # file
  folder=${1%/*}
  [ -d "$folder" ] || (umask 0; mkdir -p "$folder") 2>/dev/null
  read -r content < /proc/sys/kernel/random/uuid
  if error=$( { printf '%s\\n' "$content" >> "$1"; } 2>&1 )
  then printf 'podshare wrote %s %s\\n' "$content" "$1"
  else printf 'podshare refused %s\\t%s; %s\\n' "$1" "$error" "$(ls -ldn "$folder" 2>&1)"; fi
}
show() { # verb, file
  [ -e "$2" ] || return 0
  if lines=$( { while read -r line; do printf '%s\\n' "$line"; done < "$2"; } 2>&1 )
  then for line in $lines; do printf 'podshare %s %s %s\\n' "$1" "$line" "$2"; done
  else printf 'podshare unreadable %s\\t%s\\n' "$2" "$lines"; fi
}
keep() { if [ -e "$1" ]; then show wrote "$1"; else write "$1"; fi; }
wait_for() { # file; a sidecar creates it and writes to it as soon as it runs
  tries=0
  while ! [ -s "$1" ] && [ $tries -lt 100 ]; do
    tries=$((tries + 1)); sleep 0.1 2>/dev/null || sleep 1
  done
}
printf 'podshare user %s:%s\\n' "$(id -u)" "$(id -g)"
"""
_CONTENT = re.compile(r"podshare (wrote|saw) ([0-9a-f-]{36}) (.+)")
_REFUSAL = re.compile(r"podshare (refused|unreadable) ([^\t]+)\t(.*)")
_USER = re.compile(r"podshare user (\d+:\d+)")


@dataclasses.dataclass(frozen=True)
class SkeletonReport:
    """What a container of a skeleton printed.

    Args:
        user: the user and group that it ran as: `1000:1000`; "" if it printed none.
        wrote: the content of each file that it wrote, by path.
        saw: the contents that it saw in each file, by path.
        refused: why it could not write or read a file, by path.
    """

    user: str
    wrote: Mapping[str, str]
    saw: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]


def parse_report(log: str) -> SkeletonReport:
    """Return what a container of a skeleton printed."""
    user = ""
    wrote, refused = dict[str, str](), dict[str, str]()
    saw: dict[str, tuple[str, ...]] = {}
    for line in log.splitlines():
        if match := _USER.fullmatch(line):
            user = match[1]
        elif match := _REFUSAL.fullmatch(line):
            refused[match[2]] = match[3]
        elif match := _CONTENT.fullmatch(line):
            verb, content, path = match.groups()
            if verb == "wrote":
                wrote[path] = content
            else:
                saw[path] = (*saw.get(path, ()), content)
    return SkeletonReport(user, wrote, saw, refused)


def init_script(wiring: Wiring, container: ContainerSpec) -> str:
    """Return the script of an init container, which ends with code 0 whatever it finds."""
    lines = [f"write {_quote(path)}" for path in _targets(wiring, container)]
    # what it wrote itself shows that it would report what others wrote
    pattern = f'podshare-*-"${UID_VARIABLE}"'
    roots = dict.fromkeys(shlex.quote(mount.path.rstrip("/")) for mount in container.mounts)
    lines += [f'for file in {root}/{pattern}; do show saw "$file"; done' for root in roots]
    for writer, shared in _earlier(wiring, container):
        path = _quote(reader_path(shared, writer.name, f"${UID_VARIABLE}"))
        wait = f"wait_for {path}; " if writer.role == "sidecar" else ""
        lines.append(f"{wait}show saw {path}")
    return "\n".join([_FUNCTIONS, *lines, "exit 0"])


def sidecar_script(wiring: Wiring, container: ContainerSpec) -> str:
    """Return what a sidecar runs first; "" if no init container can see its files.

    A restarted sidecar finds its earlier files, and reports them again.
    """
    targets = _targets(wiring, container, to_init_only=True)
    return "\n".join([_FUNCTIONS, *(f"keep {_quote(path)}" for path in targets)]) if targets else ""


def writer_path(shared: SharedMount, writer: str, uid: str) -> str:
    """Return the path at which a writer leaves its file in a shared folder."""
    return shared.from_dir if shared.is_file else _join(shared.from_dir, writer, uid)


def reader_path(shared: SharedMount, writer: str, uid: str) -> str:
    """Return the path at which a reader sees that file."""
    return shared.to_dir if shared.is_file else _join(shared.to_dir, writer, uid)


def _join(folder: str, writer: str, uid: str) -> str:
    return posixpath.join(folder, f"podshare-{writer}-{uid}")


def _targets(wiring: Wiring, writer: ContainerSpec, *, to_init_only: bool = False) -> list[str]:
    """Return where a container leaves files: in each folder that it shares, and in each mount."""
    uid = f"${UID_VARIABLE}"
    targets = [
        writer_path(shared, writer.name, uid)
        for reader in wiring.containers
        if runs_before_or_beside(wiring, writer, reader)
        if reader.role == "init" or not to_init_only
        for shared in _exchanges(wiring, writer, reader)
    ]
    for mount in () if to_init_only else writer.mounts:
        volume = wiring.volume(mount.volume)
        if volume and volume.is_written_by_containers and is_writable(mount, volume):
            targets.append(_join(mount.path, writer.name, uid))
    return list(dict.fromkeys(targets))


def _earlier(wiring: Wiring, reader: ContainerSpec) -> Iterator[tuple[ContainerSpec, SharedMount]]:
    """Yield what an init container shares with each container that starts before it."""
    for writer in wiring.containers:
        if runs_before_or_beside(wiring, writer, reader):
            yield from ((writer, shared) for shared in _exchanges(wiring, writer, reader))


def _exchanges(
    wiring: Wiring, writer: ContainerSpec, reader: ContainerSpec
) -> Iterator[SharedMount]:
    for volume in wiring.volumes:
        if volume.is_written_by_containers:
            shared = find_exchange(wiring, volume, writer, reader)
            if shared is not None:
                yield shared


def _quote(path: str) -> str:
    """Quote a path for the shell, apart from the variable at its end."""
    head, variable, _ = path.partition(f"${UID_VARIABLE}")
    return shlex.quote(head) + (f'"{variable}"' if variable else "")
