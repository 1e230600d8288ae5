"""Whether files can be created in a mount, as far as the manifest shows."""

from __future__ import annotations

import posixpath

from pytest_podshare.wiring.model import VolumeMount, VolumeSpec

# no file can be created below a hostPath of these types or in these directories; a path with
# another suffix than these, such as `….conf` or `….sock`, most likely is not a directory
_NOT_A_DIRECTORY = ("File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice")
_KERNEL_DIRECTORIES = ("/proc/", "/sys/", "/dev/")
_DIRECTORY_SUFFIXES = ("", ".d")


def is_writable(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Return whether a container can create files in a mount."""
    return is_directory(mount, volume) and not mount.read_only and not volume.is_read_only


def is_directory(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Return whether files can be created below a mount."""
    return not is_special(volume) and not is_file(mount, volume)


def is_special(volume: VolumeSpec) -> bool:
    """Return whether a volume is a single file, a device, or a directory of the kernel."""
    path = _host_path(volume)
    is_kernel_directory = f"{path}/".startswith(_KERNEL_DIRECTORIES)
    return is_kernel_directory or volume.facts.get("type") in _NOT_A_DIRECTORY


def is_file(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Return whether a mount is most likely a single file, by the suffix of its name."""
    suffix = posixpath.splitext(mount.sub_path or _host_path(volume))[1]
    return suffix not in _DIRECTORY_SUFFIXES


def _host_path(volume: VolumeSpec) -> str:
    return str(volume.facts.get("path", "")) if volume.kind == "hostPath" else ""
