"""Helm charts and kustomize overlays, rendered by helm, kustomize or kubectl."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_podshare import errors

CHART_FILE = "Chart.yaml"
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# seconds for one run of a program
TIMEOUT: float = 60

_LIBRARY = re.compile(rb"^type:\s*['\"]?library\b", re.M)
_COMPONENT = re.compile(rb"^kind:\s*['\"]?Component\b", re.M)
_SEPARATOR = re.compile(rb"^---", re.M)
# `templates/web.yaml` in a document that begins with `# Source: chart/templates/web.yaml`
_TEMPLATE = re.compile(rb"---[^\n]*\n# Source: [^/\n]*/([^\n]*)")
_NOISE = re.compile(r"^(WARNING: .*|Use --debug flag .*)$", re.M)
_VALUES = "--values"
_COMMENTS = re.compile(rb"^\s*(#.*|---\s*)$", re.M)
_MAX_LENGTH = 600


@dataclasses.dataclass(frozen=True)
class RenderJob:
    """One way to render a chart or an overlay.

    Args:
        name: the name of the way: `default values`, `ci/tls-values.yaml`, `kustomize`.
        folder: the chart, which may be an archive, or the overlay.
        command: the command that renders it; the program may be missing.
        optional: whether it may fail: a chart's default values, if it has others for tests.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    optional: bool = False

    @property
    def is_chart(self) -> bool:
        """Return whether it renders a chart."""
        return self.command[0] == "helm"

    def read_input(self) -> object:
        """Return what is the same for jobs that render the same."""
        values = [_read(Path(word)) for word in self._value_files()]
        # without values, a file changes nothing
        values = [text for text in values if _COMMENTS.sub(b"", text).strip()]
        words = [word for word in self.command if word not in (*self._value_files(), _VALUES)]
        return tuple(words), tuple(values)

    def _value_files(self) -> tuple[str, ...]:
        words = zip(self.command, self.command[1:], strict=False)
        return tuple(file for option, file in words if option == _VALUES)

    @property
    def file(self) -> Path:
        """Return the file that stands for the whole: Chart.yaml, the kustomization, the archive."""
        chart = self.folder / CHART_FILE
        file = chart if os.path.isfile(chart) else find_kustomization(self.folder)  # noqa: PTH113
        return file or self.folder

    @property
    def origin(self) -> str:
        """Return the name for messages: `charts/web (ci/tls-values.yaml)`."""
        return f"{self.folder} ({self.name})"


def is_chart(folder: Path) -> bool:
    """Return whether a folder is a chart."""
    return os.path.isfile(folder / CHART_FILE)  # noqa: PTH113 never raises


def find_kustomization(folder: Path) -> Path | None:
    """Return the kustomization file of a folder; None if it has none."""
    files = (folder / name for name in KUSTOMIZATION_FILES)
    return next((file for file in files if os.path.isfile(file)), None)  # noqa: PTH113


def is_renderable(folder: Path) -> bool:
    """Return whether a folder renders by itself, unlike a library chart or a component."""
    if is_chart(folder):
        return _LIBRARY.search(_read(folder / CHART_FILE)) is None
    file = find_kustomization(folder)
    return file is not None and _COMPONENT.search(_read(file)) is None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # the program that renders the folder says why
        return b""


def chart_jobs(chart: Path) -> tuple[RenderJob, ...]:
    """Return the jobs for a chart: its default values, and each values file in its `ci` folder."""
    base = ("helm", "template", str(chart))
    files = sorted(chart.glob("ci/*-values.yaml"))
    default = RenderJob("default values", chart, base, optional=bool(files))
    # without helm, one error is enough
    if shutil.which("helm") is None:
        return (default,)
    return default, *(
        RenderJob(f"ci/{file.name}", chart, (*base, _VALUES, str(file))) for file in files
    )


def overlay_job(folder: Path) -> RenderJob:
    """Return the job for an overlay, with kustomize or with the kustomize in kubectl."""
    program = ("kustomize", "build")
    if shutil.which("kustomize") is None and shutil.which("kubectl") is not None:
        program = ("kubectl", "kustomize")
    return RenderJob("kustomize", folder, (*program, str(folder)))


def render(job: RenderJob, seconds: float = TIMEOUT) -> bytes:
    """Return the rendered manifests of a job.

    Raises:
        RendererMissing: the program is not on PATH.
        RenderFailed: the program fails, or takes too long.
    """
    program, command = job.command[0], shlex.join(job.command)
    path = shutil.which(program)
    if path is None:
        raise errors.RendererMissing(
            f"{job.folder} cannot be rendered: {program} is not on PATH.",
            f"Install {program}, or pipe the rendered manifests: `{command} | podshare check -`.",
        )
    try:
        process = subprocess.run(
            [path, *job.command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise errors.RenderFailed(
            f"{job.origin}: {program} did not finish within {seconds:g} s.",
            f"Run `{command}` to see what it waits for, or raise --render-timeout.",
        ) from None
    if process.returncode != 0:
        raise _render_error(job, process.stderr.decode(errors="replace"))
    return process.stdout


def _render_error(job: RenderJob, stderr: str) -> errors.RenderFailed:
    message = " ".join(_NOISE.sub("", stderr).split()).removeprefix("Error: ").rstrip(".")
    remedy = f"Run `{shlex.join(job.command)}` to see all of its output."
    if "missing in charts/" in message:
        command = f"helm dependency build {shlex.quote(str(job.folder))}"
        remedy = f"Fetch the dependencies: `{command}`."
    reason = message[:_MAX_LENGTH] or "the program printed no error"
    return errors.RenderFailed(f"{job.origin} cannot be rendered: {reason}.", remedy)


def split_by_template(text: bytes) -> Mapping[str, bytes]:
    """Return rendered text by the template in Helm's comments; "" for text without a comment.

    Empty lines replace the lines of other templates, so that all lines keep their numbers.
    """
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text)), len(text)]
    parts: dict[str, list[bytes]] = {}
    # the number of lines in the parts of each template
    counts: dict[str, int] = {}
    line = 0
    for start, end in itertools.pairwise(starts):
        part = text[start:end]
        found = _TEMPLATE.match(part)
        name = found[1].decode(errors="replace").rstrip() if found else ""
        parts.setdefault(name, []).append(b"\n" * (line - counts.get(name, 0)) + part)
        line = counts[name] = line + part.count(b"\n")
    texts = ((name, b"".join(own)) for name, own in parts.items())
    return {name: whole for name, whole in texts if whole.strip(b"- \r\n")}
