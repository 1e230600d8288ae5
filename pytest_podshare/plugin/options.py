"""The options of a run, read once from the command line, the environment and the ini file.

The command line overrides the environment, which overrides the ini file, which overrides the
default. Only `podshare clean` reads some of the same variables.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.deadline import Timeouts
from pytest_podshare.plugin.option_table import OPTIONS, Option

_NAMESPACE = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
_INI = "ini key "


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of a run; each field has the name of an option.

    `manifests_on_command_line` is true if `manifests` was set there.
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
    manifests_on_command_line: bool
    skeleton: bool
    parallel: int | None
    probe_image: str
    require_cluster: bool
    strict: bool
    stand_ins: tuple[str, ...]

    def cluster_settings(
        self, run_id: str, kubeconfig: Path | None
    ) -> KindSettings | ExistingSettings:
        """Return which cluster to use.

        Args:
            run_id: the run.
            kubeconfig: what the fixture `podshare_kubeconfig` returns.
        """
        if self.provider == "existing" or kubeconfig is not None:
            return ExistingSettings(kubeconfig, self.context, self.allow_context, self.timeouts)
        return KindSettings(
            name=self.cluster_name,
            image=self.kind_image,
            config=self.kind_config,
            nodes=self.kind_nodes,
            kind_bin=self.kind_bin,
            run_id=run_id,
            state=default_state(),
            timeouts=self.timeouts,
        )


def resolve(config: pytest.Config, environ: Mapping[str, str] = os.environ) -> Options:
    """Return the options of a run.

    Raises:
        pytest.UsageError: a value is not valid; the message says where it is set.
    """
    values = {option.name: _read_value(option, config, environ) for option in OPTIONS}
    timeouts = {
        field.name: values[f"{field.name}-timeout"].number()
        for field in dataclasses.fields(Timeouts)
        if field.name != "factor"
    }
    return Options(
        provider=values["provider"].text(),
        cluster_name=values["cluster-name"].text(),
        kind_bin=values["kind-bin"].path(),
        kind_image=values["kind-image"].text() or None,
        kind_config=values["kind-config"].path(absolute=True),
        kind_nodes=values["kind-nodes"].integer(),
        keep_cluster=values["keep-cluster"].text(),
        keep_namespace=values["keep-namespace"].text(),
        image=values["image"].names(),
        kubeconfig=values["kubeconfig"].path(absolute=True),
        context=values["context"].text() or None,
        namespace=values["namespace"].namespace(),
        allow_context=values["allow-context"].names(),
        timeouts=Timeouts(**timeouts).scale(values["timeout-factor"].number()),
        story=values["story"].flag(),
        artifacts_dir=values["artifacts-dir"].path(absolute=True),
        report=values["report"].path(),
        manifests=values["manifests"].paths(config.rootpath),
        manifests_on_command_line=config.getoption("podshare_manifests") is not None,
        skeleton=values["skeleton"].flag(),
        parallel=values["parallel"].integer(),
        probe_image=values["probe-image"].text(),
        require_cluster=values["require-cluster"].flag(),
        strict=values["strict"].flag(),
        stand_ins=values["stand-ins"].names(),
    )


def _read_value(option: Option, config: pytest.Config, environ: Mapping[str, str]) -> _Value:
    """Return the value of an option from the first source that has one."""
    sources = (
        (option.option_string, config.getoption(option.ini_key)),
        (option.variable, environ.get(option.variable)),
        (f"{_INI}{option.ini_key}", config.getini(option.ini_key)),
    )
    for source, value in sources:
        # an option that is not set is None, an ini key "" or []
        if value not in (None, "", []):
            return _Value(source, value, option.choices)
    return _Value("the default", option.default)


@dataclasses.dataclass(frozen=True)
class _Value:
    """The value of an option, and where it is set.

    Each method returns the value as one type, or raises pytest.UsageError if it cannot.
    """

    source: str
    raw: str | list[str]
    choices: tuple[str, ...] = ()

    def text(self) -> str:
        text = str(self.raw).strip()
        if self.choices and text not in self.choices:
            raise self._usage_error(f"Valid values: {', '.join(self.choices)}.")
        return text

    def names(self) -> tuple[str, ...]:
        """Return names separated by spaces, commas, or in several values."""
        values = self.raw if isinstance(self.raw, list) else [self.raw]
        return tuple(name for value in values for name in value.replace(",", " ").split())

    def flag(self) -> bool:
        text = self.text().lower()
        if text not in (*_TRUE, *_FALSE, ""):
            raise self._usage_error(f"Valid values: {', '.join((*_TRUE, *_FALSE))}.")
        return text in _TRUE

    def path(self, *, absolute: bool = False) -> Path | None:
        """Return a path; an absolute one stays valid if a test changes the working folder."""
        if not (text := self.text()):
            return None
        path = Path(text).expanduser()
        return path.absolute() if absolute else path

    def paths(self, root: Path) -> tuple[str, ...]:
        """Return paths; those of an ini file are relative to the root folder."""
        paths = self.raw if isinstance(self.raw, list) else shlex.split(self.raw)
        if self.source.startswith(_INI):
            return tuple(str(root / path) for path in paths)
        return tuple(paths)

    def namespace(self) -> str | None:
        name = self.text()
        if name and not _NAMESPACE.fullmatch(name):
            raise self._usage_error(
                "Use a namespace name: at most 63 lowercase letters, digits and hyphens, with a"
                " letter or a digit at both ends."
            )
        return name or None

    def integer(self) -> int | None:
        if not self.text():
            return None
        number = self.number()
        if number != int(number):
            raise self._usage_error("Use a whole number greater than 0.")
        return int(number)

    def number(self) -> float:
        try:
            number = float(self.text())
        except ValueError:
            number = -1.0
        if not 0 < number < float("inf"):
            raise self._usage_error("Use a number greater than 0.")
        return number

    def _usage_error(self, remedy: str) -> pytest.UsageError:
        return pytest.UsageError(f"{self.source}: invalid value {self.raw!r}. {remedy}")
