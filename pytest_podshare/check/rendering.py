"""Helm charts and kustomize overlays, rendered by the programs that people render them with."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_podshare import errors

CHART = "Chart.yaml"
OVERLAYS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
SECONDS = 60.0

_LIBRARY = re.compile(rb"^type:\s*['\"]?library\b", re.M)
_COMPONENT = re.compile(rb"^kind:\s*['\"]?Component\b", re.M)
_NOISE = re.compile(r"^(WARNING: .*|Use --debug flag .*)$", re.M)
_LONGEST = 600


@dataclasses.dataclass(frozen=True)
class RenderJob:
    """One way to render a chart or an overlay.

    Args:
        name: which way it is: `default values`, `ci/tls-values.yaml`, `kustomize`.
        folder: the chart, which may be an archive, or the overlay.
        command: what renders it; its first word is the program, which may not be there.
        optional: whether it counts only if it renders: the default values of a chart that has
            other ones to be tested with.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    optional: bool = False

    @property
    def origin(self) -> str:
        """What messages call it: `charts/web (ci/tls-values.yaml)`."""
        return f"{self.folder} ({self.name})"


def is_chart(folder: Path) -> bool:
    """Whether a folder is a chart."""
    return (folder / CHART).is_file()


def overlay(folder: Path) -> Path | None:
    """The file that makes a folder an overlay; None where there is none."""
    return next((folder / name for name in OVERLAYS if (folder / name).is_file()), None)


def stands_alone(folder: Path) -> bool:
    """Whether it is meant to be rendered by itself: no library chart, and no component."""
    file = overlay(folder)
    if is_chart(folder):
        return _LIBRARY.search((folder / CHART).read_bytes()) is None
    return file is not None and _COMPONENT.search(file.read_bytes()) is None


def of_chart(chart: Path) -> tuple[RenderJob, ...]:
    """A chart with its default values, and with each file of values in its `ci` folder."""
    base = ("helm", "template", str(chart))
    files = sorted(chart.glob("ci/*-values.yaml"))
    default = RenderJob("default values", chart, base, optional=bool(files))
    others = (RenderJob(f"ci/{file.name}", chart, (*base, "--values", str(file))) for file in files)
    every = (default, *others)
    # without helm, one complaint is enough
    return every if shutil.which("helm") else every[:1]


def of_overlay(folder: Path) -> RenderJob:
    """An overlay, by kustomize, or by the kustomize that is in kubectl."""
    program = ("kustomize", "build")
    if shutil.which("kustomize") is None and shutil.which("kubectl") is not None:
        program = ("kubectl", "kustomize")
    return RenderJob("kustomize", folder, (*program, str(folder)))


def render(scenario: RenderJob, seconds: float = SECONDS) -> bytes:
    """What the program makes of it.

    Raises:
        RendererMissing: the program is not on PATH.
        RenderFailed: it refuses, or takes longer than that many seconds.
    """
    program = scenario.command[0]
    found = shutil.which(program)
    line = shlex.join(scenario.command)
    if found is None:
        raise errors.RendererMissing(
            f"{scenario.folder} is rendered by {program}, which is not on PATH.",
            f"Install {program}, or give what it renders: `{line} | podshare check -`.",
        )
    try:
        done = subprocess.run(
            [found, *scenario.command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise errors.RenderFailed(
            f"{scenario.origin}: {program} did not end within {seconds:g} s.",
            f"Give it more by --render-timeout, or see what it waits for: `{line}`.",
        ) from None
    if done.returncode != 0:
        raise _failed(scenario, done.stderr.decode(errors="replace"))
    return done.stdout


def _failed(scenario: RenderJob, stderr: str) -> errors.RenderFailed:
    words = " ".join(_NOISE.sub("", stderr).split()).removeprefix("Error: ").rstrip(".")
    remedy = f"See all that it says: `{shlex.join(scenario.command)}`."
    if "missing in charts/" in words:
        remedy = f"Fetch them: `helm dependency build {shlex.quote(str(scenario.folder))}`."
    return errors.RenderFailed(
        f"{scenario.origin} does not render: {words[:_LONGEST] or 'no word why'}.", remedy
    )


def by_template(text: bytes) -> Mapping[str, bytes]:
    """Rendered text by the template it came from, as Helm notes it; "" for what has no such note.

    Each keeps its lines where they are in the whole, with empty ones in the place of the others'.
    """
    lines = text.splitlines(keepends=True)
    found: dict[str, list[bytes]] = {}
    current = ""
    for index, line in enumerate(lines):
        if line.startswith(b"---"):
            current = _template(lines[index + 1]) if index + 1 < len(lines) else ""
        mine = found.setdefault(current, [])
        mine += [b"\n"] * (index - len(mine))
        mine.append(line)
    return {
        name: b"".join(mine)
        for name, mine in found.items()
        if any(line.strip(b"- \r\n") for line in mine)
    }


def _template(line: bytes) -> str:
    """`templates/web.yaml` of `# Source: chart/templates/web.yaml`."""
    note, found, path = line.decode(errors="replace").strip().partition("# Source: ")
    return path.partition("/")[2] if found and not note else ""
