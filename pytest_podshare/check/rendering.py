"""Helm charts and kustomize overlays, rendered by helm, kustomize or kubectl."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check.render_options import HelmOptions

CHART_FILE = "Chart.yaml"
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# seconds for one run of a program
TIMEOUT: float = 60

_LIBRARY = re.compile(rb"^type:\s*['\"]?library\b", re.M)
_COMPONENT = re.compile(rb"^kind:\s*['\"]?Component\b", re.M)
_NOISE = re.compile(r"^(WARNING: .*|Use --debug flag .*)$", re.M)
# Go collects garbage less often: in a run of a tenth of a second, that takes a quarter of the time
_SHORT_RUN = {"GOGC": "400"}
DEPENDENCY_UPDATE = "--dependency-update"
DEFAULT_VALUES = "default values"
_VALUES = "--values"
_COMMENTS = re.compile(rb"^\s*(#.*|---\s*)$", re.M)
# what follows the line `Error: ...` belongs to it
_ERROR = re.compile(r"^error: (.*)", re.M | re.S | re.I)
# the prefix of a line that klog writes: `W0102 15:04:05.000000   12345 warnings.go:70] `
_KLOG = re.compile(r"^[IWEF]\d{4} \S+ +\d+ \S+\] ", re.M)


@dataclasses.dataclass(frozen=True)
class RenderJob:
    """One way to render a chart or an overlay.

    Args:
        name: the name of the way: `default values`, `ci/tls-values.yaml`, `kustomize`.
        folder: the chart, which may be an archive, or the overlay.
        command: the command that renders it; the program may be missing.
        optional: whether it may fail: a chart's default values, if it has others for tests.
        is_release: whether a manifest describes the values, not the chart.
        values: those values, which `--values -` reads; empty for none.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    optional: bool = False
    is_release: bool = False
    values: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def is_chart(self) -> bool:
        """Return whether it renders a chart."""
        return self.command[0] == "helm"

    def read_input(self) -> object:
        """Return what is the same for jobs that render the same."""
        values = [_read(Path(word)) for word in self._value_files()]
        # without values, a file changes nothing
        values = [text for text in values if _COMMENTS.sub(b"", text).strip()]
        skipped = (*self._value_files(), _VALUES, DEPENDENCY_UPDATE)
        words = [word for word in self.command if word not in skipped]
        return tuple(words), tuple(values), self.values

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

    @property
    def instruction(self) -> str:
        """Return how to run its command by hand: "`helm template web`"."""
        given = f" with the values of {self.name} as its input" if self.values else ""
        return f"`{shlex.join(self.command)}`{given}"


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


def chart_jobs(chart: Path, options: HelmOptions | None = None) -> tuple[RenderJob, ...]:
    """Return the jobs for a chart: its default values and each values file in its `ci` folder.

    Args:
        chart: the chart.
        options: the options for helm; their value files replace the others.
    """
    options = options or HelmOptions()
    name = (options.release_name,) if options.release_name else ()
    base = ("helm", "template", *name, as_argument(chart), *options.words)
    if options.values:
        jobs = [
            RenderJob(", ".join(files), chart, (*base, *value_words(files)))
            for files in options.values
        ]
    else:
        files = sorted(chart.glob("ci/*-values.yaml"))
        jobs = [RenderJob(DEFAULT_VALUES, chart, base, optional=bool(files))]
        jobs += (
            RenderJob(f"ci/{file.name}", chart, (*base, *value_words([str(file)])))
            for file in files
        )
    if options.dependency_update:
        # once is enough, and helm cannot do it twice at the same time
        first = dataclasses.replace(jobs[0], command=(*jobs[0].command, DEPENDENCY_UPDATE))
        jobs = [first, *jobs[1:]]
    return tuple(jobs)


def as_argument(path: Path) -> str:
    """Return a path as a word of a command line that is not an option, whatever its name."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def value_words(files: Iterable[str]) -> tuple[str, ...]:
    """Return the words of helm's command line for value files."""
    return tuple(word for file in files for word in (_VALUES, file))


def overlay_job(folder: Path, *, enable_helm: bool = False) -> RenderJob:
    """Return the job for an overlay, with kustomize or with the kustomize in kubectl."""
    program = ("kustomize", "build")
    if shutil.which("kustomize") is None and shutil.which("kubectl") is not None:
        program = ("kubectl", "kustomize")
    words = ("--enable-helm",) if enable_helm else ()
    return RenderJob("kustomize", folder, (*program, *words, as_argument(folder)))


def find_missing(jobs: Sequence[RenderJob]) -> dict[str, errors.RendererMissing]:
    """Return one error for each program that is not on PATH, by the program.

    Args:
        jobs: the jobs that need the programs.
    """
    first = {job.command[0]: job for job in reversed(jobs)}
    folders = {
        program: {job.folder for job in jobs if job.command[0] == program} for program in first
    }
    return {
        program: _missing_error(job, len(folders[program]) - 1)
        for program, job in first.items()
        if shutil.which(program) is None
    }


def _missing_error(job: RenderJob, others: int) -> errors.RendererMissing:
    program = job.command[0]
    more = f" and {others} more" if others else ""
    return errors.RendererMissing(
        f"{job.folder}{more} cannot be rendered: {program} is not on PATH.",
        f"Install {program}, or pipe the rendered manifests: "
        f"`{shlex.join(job.command)} | podshare check -`.",
    )


def render(job: RenderJob, seconds: float = TIMEOUT) -> bytes:
    """Return the rendered manifests of a job.

    Raises:
        RendererMissing: the program is not on PATH.
        RenderFailed: the program fails, or takes too long.
    """
    program = job.command[0]
    path = shutil.which(program)
    if path is None:
        raise _missing_error(job, 0)
    try:
        process = subprocess.run(
            [path, *job.command[1:]],
            input=job.values,
            env=_SHORT_RUN | os.environ,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise errors.RenderFailed(
            f"{job.origin}: {program} did not finish within {seconds:g} s.",
            f"Run {job.instruction} to see what it waits for, or raise --render-timeout.",
        ) from None
    if process.returncode != 0:
        raise _render_error(job, process.stderr.decode(errors="replace"))
    return process.stdout


def _render_error(job: RenderJob, stderr: str) -> errors.RenderFailed:
    text = _NOISE.sub("", stderr)
    if error := _ERROR.search(text):
        text = error[1]
    reason = " ".join(_KLOG.sub("", text).split()).rstrip(".") or "the program printed no error"
    origin, remedy = job.origin, f"Run {job.instruction} to see all of its output."
    if "missing in charts/" in reason:
        # it is the same for all values
        origin = str(job.folder)
        command = f"helm dependency build {shlex.quote(str(job.folder))}"
        remedy = f"Fetch the dependencies: `{command}`, or use --dependency-update."
    elif "--enable-helm" in reason:
        remedy = "Use --enable-helm, which lets kustomize render charts."
    return errors.RenderFailed(f"{origin} cannot be rendered: {reason}.", remedy)


def find_reason(error: errors.ManifestError) -> str:
    """Return the reason that an error of `render` gives, without the name of the rendering."""
    return error.what.partition(" cannot be rendered: ")[2] or error.what
