"""Every option, its ini key and its environment variable, resolved once into one record.

The command line comes before the environment, the environment before the ini file, and that
before the default. Nothing else in the package reads any of them.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_podshare.deadline import Timeouts
from pytest_podshare.messages import OPTION_PREFIX

_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
PROVIDERS = ("kind", "existing")
KEEPS = ("never", "failed", "always")


@dataclasses.dataclass(frozen=True)
class _Option:
    """One setting: `name` gives --podshare-name, podshare_name and PODSHARE_NAME."""

    name: str
    default: str
    help: str
    metavar: str = "NAME"
    choices: tuple[str, ...] = ()
    many: bool = False
    flag: bool = False

    @property
    def flag_name(self) -> str:
        return OPTION_PREFIX + self.name

    @property
    def key(self) -> str:
        return "podshare_" + self.name.replace("-", "_")


_TIMES = Timeouts()
_OPTIONS = (
    _Option(
        "provider", "kind", "Where the cluster comes from: kind makes one, existing uses yours.",
        choices=PROVIDERS,
    ),
    _Option("cluster-name", "podshare", "Name of the kind cluster."),
    _Option("kind-bin", "", "The kind program; the one on PATH if not given.", "FILE"),
    _Option("kind-image", "", "Node image of the kind cluster; kind's own if not given.", "IMAGE"),
    _Option("kind-config", "", "kind configuration to make the cluster with.", "FILE"),
    _Option(
        "kind-nodes", "",
        "Nodes of the kind cluster, where there is no config; one if not given.", "NUMBER",
    ),
    _Option(
        "keep-cluster", "never",
        "When to leave the kind cluster there after the run that made it.", choices=KEEPS,
    ),
    _Option(
        "keep-namespace", "never",
        "When to leave a test's namespace there for a look; its cluster stays as well.",
        choices=KEEPS,
    ),
    _Option(
        "image", "",
        "Load a local image, or an archive of images, onto the nodes; may be repeated.",
        "NAME|ARCHIVE", many=True,
    ),
    _Option("kubeconfig", "", "kubeconfig of an existing cluster.", "FILE"),
    _Option("context", "", "Context of an existing cluster; the current one if not given."),
    _Option("namespace", "", "Use this namespace for all tests; none is made and none is deleted."),
    _Option(
        "allow-context", "",
        "Allow a context whose API server is not on this machine; may be repeated.", many=True,
    ),
    _Option("create-timeout", f"{_TIMES.create:g}", "Time for a cluster to be there.", "SECONDS"),
    _Option("ready-timeout", f"{_TIMES.ready:g}", "Time for a Pod to be ready.", "SECONDS"),
    _Option("visible-timeout", f"{_TIMES.visible:g}", "Time for a file to be seen.", "SECONDS"),
    _Option("exec-timeout", f"{_TIMES.exec:g}", "Time for a command in a container.", "SECONDS"),
    _Option("delete-timeout", f"{_TIMES.delete:g}", "Time for a deletion.", "SECONDS"),
    _Option("evict-timeout", f"{_TIMES.evict:g}", "Time for an eviction.", "SECONDS"),
    _Option("update-timeout", f"{_TIMES.update:g}", "Time for an update to arrive.", "SECONDS"),
    _Option("timeout-factor", "1", "Multiplies all of these times.", "NUMBER"),
    _Option(
        "story", "", "Print what was written and seen where, and in how much time.", flag=True
    ),
    _Option("artifacts-dir", "", "Keep what helps with failures in files, by test.", "DIR"),
    _Option("report", "", "Write what was checked into a page of HTML.", "FILE"),
    _Option(
        "manifests", "",
        "Test what manifests promise: files, folders, globs, charts, overlays; may be repeated.",
        "PATH", many=True,
    ),
    _Option(
        "skeleton", "", "Deploy manifests without their applications: their wiring alone.",
        flag=True,
    ),
    _Option(
        "probe-image", "busybox",
        "What waits in a skeleton, and looks into containers that have no shell; it has one.",
        "IMAGE",
    ),
    _Option(
        "require-cluster", "",
        "Fail what manifests promise where there is no cluster, instead of skipping it.", flag=True,
    ),
    _Option(
        "stand-ins", "",
        "Names of images on the nodes that are stand-ins; shown in the report header.",
        "NAMES", many=True,
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Options:
    """What the user asked for; fields are named as the options are.

    `manifests_alone` says that the manifests came from the command line.
    """

    provider: str
    cluster_name: str
    kind_bin: Path | None
    kind_image: str | None
    kind_config: Path | None
    kind_nodes: int | None
    keep_cluster: str
    keep_namespace: str
    image: tuple[str, ...]
    kubeconfig: Path | None
    context: str | None
    namespace: str | None
    allow_context: tuple[str, ...]
    timeouts: Timeouts
    story: bool
    artifacts_dir: Path | None
    report: Path | None
    manifests: tuple[str, ...]
    manifests_alone: bool
    skeleton: bool
    probe_image: str
    require_cluster: bool
    stand_ins: tuple[str, ...]


def add(parser: pytest.Parser) -> None:
    """Add every option and ini key to pytest's."""
    group = parser.getgroup("podshare", "volumes shared by the containers of a Pod")
    for option in _OPTIONS:
        names = f" [ini: {option.key}, environment: {option.key.upper()}]"
        # no default here: one would hide the environment and the ini file
        how: dict[str, Any] = {"dest": option.key, "default": None, "help": option.help + names}
        if option.flag:
            how |= {"action": "store_const", "const": "true"}
        else:
            how |= {"metavar": option.metavar, "action": "append" if option.many else "store"}
        group.addoption(option.flag_name, **how)
        kind: Literal["args", "string"] = "args" if option.many else "string"
        parser.addini(option.key, option.help, type=kind)


def resolve(config: pytest.Config, environ: Mapping[str, str] = os.environ) -> Options:
    """The options of a run.

    Raises:
        pytest.UsageError: a value that is none of the valid ones, naming where it was given.
    """
    values = {option.key: _Given(option, config, environ) for option in _OPTIONS}

    def one(name: str) -> str:
        return values["podshare_" + name].one()

    factor = values["podshare_timeout_factor"].positive()
    times = {
        field.name: values[f"podshare_{field.name}_timeout"].positive()
        for field in dataclasses.fields(Timeouts)
    }
    return Options(
        provider=one("provider"),
        cluster_name=one("cluster_name"),
        kind_bin=_path(one("kind_bin")),
        kind_image=one("kind_image") or None,
        kind_config=_path(one("kind_config")),
        kind_nodes=values["podshare_kind_nodes"].count() if one("kind_nodes") else None,
        keep_cluster=one("keep_cluster"),
        keep_namespace=one("keep_namespace"),
        image=values["podshare_image"].all(),
        kubeconfig=_path(one("kubeconfig")),
        context=one("context") or None,
        namespace=values["podshare_namespace"].label() or None,
        allow_context=values["podshare_allow_context"].all(),
        timeouts=Timeouts(**times).scale(factor),
        story=values["podshare_story"].yes(),
        artifacts_dir=_absolute(one("artifacts_dir")),
        report=_path(one("report")),
        manifests=values["podshare_manifests"].paths(config.rootpath),
        manifests_alone=config.getoption("podshare_manifests") is not None,
        skeleton=values["podshare_skeleton"].yes(),
        probe_image=one("probe_image"),
        require_cluster=values["podshare_require_cluster"].yes(),
        stand_ins=values["podshare_stand_ins"].all(),
    )


class _Given:
    """What was given for one option, and where."""

    def __init__(self, option: _Option, config: pytest.Config, environ: Mapping[str, str]) -> None:
        self._option = option
        sources = (
            (option.flag_name, config.getoption(option.key)),
            (option.key.upper(), environ.get(option.key.upper())),
            (f"ini key {option.key}", config.getini(option.key)),
        )
        # an option that was not given reads as None, an ini key as "" or []
        given = [(where, value) for where, value in sources if value not in (None, "", [])]
        self._where, self._value = next(iter(given), ("the default", option.default))

    def one(self) -> str:
        value = str(self._value).strip()
        if self._option.choices and value not in self._option.choices:
            raise self._wrong(f"Valid values: {', '.join(self._option.choices)}.")
        return value

    def all(self) -> tuple[str, ...]:
        given = self._value if isinstance(self._value, list) else [self._value]
        return tuple(part for each in given for part in str(each).replace(",", " ").split())

    def yes(self) -> bool:
        return self.one().lower() not in ("", "0", "no", "false")

    def paths(self, root: Path) -> tuple[str, ...]:
        """Paths as they are on a command line; those of an ini file begin where it lies."""
        given = self._value if isinstance(self._value, list) else shlex.split(str(self._value))
        if self._where.startswith("ini "):
            return tuple(str(root / each) for each in given)
        return tuple(given)

    def label(self) -> str:
        """A name as namespaces have it; "" if none is given."""
        name = self.one()
        if name and not (_LABEL.fullmatch(name) and len(name) <= 63):
            raise self._wrong("Give the name of a namespace: small letters, digits and -.")
        return name

    def count(self) -> int:
        number = self.positive()
        if number != int(number):
            raise self._wrong("Give a whole number above 0.")
        return int(number)

    def positive(self) -> float:
        try:
            number = float(self._value)
        except ValueError:
            number = -1.0
        if not 0 < number < float("inf"):
            raise self._wrong("Give a number above 0.")
        return number

    def _wrong(self, remedy: str) -> pytest.UsageError:
        return pytest.UsageError(
            f"{self._where}: {self._value!r} is not a valid podshare {self._option.name}. {remedy}"
        )


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _absolute(text: str) -> Path | None:
    """A path that stays the same wherever a test goes."""
    path = _path(text)
    return path.absolute() if path else None
