"""The logs of the nodes of a cluster that could not be created."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind.binary import query
from pytest_podshare.cluster.kind.settings import KindSettings

# how the kubelet says in its journal that it cannot run
_KUBELET = re.compile(r'kubelet\[\d+\]: .*"command failed" err="((?:[^"\\]|\\.)*)"')


def export_logs(settings: KindSettings) -> Path | None:
    """Export the nodes' logs in place of those of an earlier failure; return their folder.

    It contains what kind could export; None if that was nothing.
    """
    shutil.rmtree(settings.logs_folder, ignore_errors=True)
    # the rest is worth having if kind cannot export one of them
    with contextlib.suppress(errors.PodshareError):
        query(settings, "export", "logs", str(settings.logs_folder), "--name", settings.name)
    return settings.logs_folder if any(settings.logs_folder.glob("*/*")) else None


def find_kubelet_error(logs: Path) -> str:
    """Return why the kubelet of a node could not run, with the node's name; "" if it could."""
    for log in sorted(logs.glob("*/kubelet.log")):
        if found := _KUBELET.findall(log.read_text(errors="replace")):
            return f"the kubelet of {log.parent.name}: {found[-1]}"
    return ""
