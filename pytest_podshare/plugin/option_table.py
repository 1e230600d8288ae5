"""The options: their names, help and default values, those of timeouts from `Timeouts`."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import pytest

from pytest_podshare.deadline import Timeouts
from pytest_podshare.messages import OPTION_PREFIX

_KEEP = ("never", "failed", "always")


@dataclasses.dataclass(frozen=True)
class Option:
    """An option of the command line, with its ini key and its environment variable.

    Args:
        name: `keep-cluster` for --podshare-keep-cluster.
        help: what it does.
        default: its default value; "" if it has none.
        unset: what applies without a value, for an option that has no default value.
        metavar: its value in `pytest --help`.
        choices: its valid values; empty if they are not fixed.
        is_list: whether it can be set several times.
        is_flag: whether it takes no value on the command line.
    """

    name: str
    help: str
    default: str = ""
    unset: str = "none"
    metavar: str = "NAME"
    choices: tuple[str, ...] = ()
    is_list: bool = False
    is_flag: bool = False

    @property
    def option_string(self) -> str:
        """Return the option of the command line: --podshare-keep-cluster."""
        return OPTION_PREFIX + self.name

    @property
    def ini_key(self) -> str:
        """Return the key in the ini file: podshare_keep_cluster."""
        return "podshare_" + self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """Return the environment variable: PODSHARE_KEEP_CLUSTER."""
        return self.ini_key.upper()

    def add(self, group: pytest.OptionGroup, parser: pytest.Parser) -> None:
        """Add the option and its ini key to those of pytest."""
        default = f"(default: {self.default or self.unset})"
        sources = f"[ini: {self.ini_key}, environment: {self.variable}]"
        # no argparse default, which would hide the environment and the ini file
        settings: dict[str, Any] = {"dest": self.ini_key, "default": None}
        if self.is_flag:
            settings |= {"action": "store_const", "const": "true"}
        else:
            settings["metavar"] = f"{{{','.join(self.choices)}}}" if self.choices else self.metavar
            settings["action"] = "append" if self.is_list else "store"
        group.addoption(self.option_string, help=f"{self.help} {default} {sources}", **settings)
        ini_type: Literal["args", "string"] = "args" if self.is_list else "string"
        parser.addini(self.ini_key, f"Same as {self.option_string}.", type=ini_type)


def _timeout(name: str, wait: str) -> Option:
    default = f"{getattr(Timeouts, name):g}"
    return Option(f"{name}-timeout", f"Seconds to wait for {wait}.", default, metavar="SECONDS")


OPTIONS = (
    Option("provider", "Cluster provider: kind creates a local cluster, existing connects to one of"
           " yours.", "kind", choices=("kind", "existing")),
    Option("cluster-name", "Name of the kind cluster.", "podshare"),
    Option("kind-bin", "Path of the kind program.", unset="kind on PATH", metavar="FILE"),
    Option("kind-image", "Node image of the kind cluster.", unset="kind's own", metavar="IMAGE"),
    Option("kind-config", "kind configuration file for a new cluster.", metavar="FILE",
           unset="podshare's own, for fast tests"),
    Option("kind-nodes", "Number of nodes of the kind cluster. Ignored with"
           " --podshare-kind-config.", metavar="NUMBER",
           unset="1 for a new cluster, any for an existing one"),
    Option("keep-cluster", "When to keep the kind cluster after the run.", "never", choices=_KEEP),
    Option("keep-namespace", "When to keep a test's namespace for inspection. Its cluster is kept"
           " too.", "never", choices=_KEEP),
    Option("image", "Local image, or archive of images, to load onto the kind nodes. Can be"
           " repeated.", metavar="NAME|ARCHIVE", is_list=True),
    Option("kubeconfig", "kubeconfig of an existing cluster. Implies --podshare-provider=existing.",
           metavar="FILE", unset="KUBECONFIG, ~/.kube/config or the Pod's service account"),
    Option("context", "kubeconfig context of an existing cluster.", unset="the current context"),
    Option("namespace", "Existing namespace to run all tests in, instead of creating namespaces.",
           unset="a new one for each test"),
    Option("allow-context", "Allow a context whose API server is on another machine. Can be"
           " repeated.", is_list=True),
    _timeout("create", "a cluster to be created"),
    _timeout("ready", "a Pod to become ready"),
    _timeout("visible", "a file to become visible in another container"),
    _timeout("exec", "a command in a container to exit"),
    _timeout("delete", "a Pod, namespace or cluster to be deleted"),
    _timeout("evict", "the kubelet to evict a Pod"),
    _timeout("update", "a changed ConfigMap or Secret to reach a volume"),
    Option("timeout-factor", "Factor that multiplies all timeouts, for slow machines.", "1",
           metavar="NUMBER"),
    Option("story", "Print each test's evidence: which container wrote or read which file, and how"
           " fast.", "false", is_flag=True),
    Option("artifacts-dir", "Folder in which to save the logs, events and YAML of a failed test's"
           " Pods.", metavar="DIR"),
    Option("report", "Write a self-contained HTML report: a diagram of each Pod and the result of"
           " every check.", metavar="FILE"),
    Option("manifests", "Test the promises of manifests. PATH is a file, folder, glob, Helm chart"
           " or kustomize overlay. Can be repeated.", metavar="PATH", is_list=True),
    Option("skeleton", "Deploy only the wiring of --podshare-manifests: --podshare-probe-image runs"
           " instead of the applications.", "false", is_flag=True),
    Option("parallel", "Number of Pods that --podshare-manifests deploys and checks at the same"
           " time; 1 for one after another, each by its own tests.", metavar="NUMBER",
           unset="as many as the cluster can take"),
    Option("probe-image", "Image for skeleton containers and for ephemeral containers that inspect"
           " shell-less images. Must contain a shell.", "busybox", metavar="IMAGE"),
    Option("require-cluster", "Without a cluster, fail the tests of --podshare-manifests instead of"
           " skipping them.", "false", is_flag=True),
    Option("strict", "Fail a test during which a container restarted or became unready, or a Pod"
           " was lost, without podshare's doing.", "false", is_flag=True),
    Option("stand-ins", "Images on the nodes that are stand-ins for the published images,"
           " separated by commas. Reports list them.", metavar="NAMES", is_list=True),
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every option and ini key to those of pytest."""
    group = parser.getgroup("podshare", "podshare (volumes shared by the containers of a Pod)")
    for option in OPTIONS:
        option.add(group, parser)
