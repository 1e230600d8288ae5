"""The command `podshare check`.

It takes milliseconds, so it imports neither pytest nor a Kubernetes client.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from pytest_podshare import errors
from pytest_podshare.check import (
    checker,
    formats,
    graph,
    inputs,
    kube_versions,
    project_settings,
    rendering,
    rules,
)
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.formats import text
from pytest_podshare.cli.error_output import print_error
from pytest_podshare.cli.helm_options import HELM_PARAMETERS, read_options
from pytest_podshare.escaping import printable

_HELP = """\
Check how containers mount and share volumes in Kubernetes manifests, without a cluster.

Each PATH is a file, a folder, a glob, a Helm chart, a kustomize overlay, or - for standard input.
"""
_EPILOG = """\
To suppress a finding, add the comment `# podshare: ignore[RULE]` to its line or the annotation
`podshare.dev/ignore: RULE,...` to its object. To suppress a rule everywhere, use --ignore, or
`ignore` in the table [tool.podshare] of the nearest pyproject.toml.

Exit status: 0 no findings at or above --fail-on; 1 such findings; 2 something could not be checked.
"""
_PARAMETERS = [
    click.Argument(["paths"], nargs=-1, metavar="PATH..."),
    click.Option(
        ["--format", "format_"], type=click.Choice(formats.NAMES), default="text",
        show_default=True, help="Output format.",
    ),
    click.Option(
        ["--output"], metavar="FILE", type=click.Path(path_type=Path),
        help="Write the output to a file, and print the text format to stdout.",
    ),
    click.Option(
        ["--fail-on"], type=click.Choice(rules.SEVERITIES), default="warning", show_default=True,
        help="Lowest severity that makes the exit status 1.",
    ),
    click.Option(
        ["--graph", "graph_kind"], type=click.Choice(graph.KINDS),
        metavar=f"[={'|'.join(graph.KINDS)}]",
        help="Draw which container mounts which volume at which path; --graph alone means"
        " --graph=text.",
    ),
    click.Option(["--ignore"], metavar="RULE", multiple=True, help="Skip a rule. Can be repeated."),
    click.Option(
        ["--enable"], metavar="RULE", multiple=True,
        help="Apply a rule that is off by default. Can be repeated.",
    ),
    click.Option(
        ["--exclude"], metavar="GLOB", multiple=True,
        help="Skip matching paths; * also matches slashes. Can be repeated.",
    ),
    click.Option(
        ["--pod-template"], metavar="KIND=PATH", multiple=True,
        help="Path of the Pod template in a custom resource, for example Pipeline=spec.template."
        " Can be repeated.",
    ),
    click.Option(
        ["--as-found"], is_flag=True,
        help="Ignore files that are not manifests instead of failing; treat any file inside a"
        " chart as the whole chart (for pre-commit).",
    ),
    click.Option(
        ["--render-timeout"], metavar="SECONDS", type=float, default=rendering.TIMEOUT,
        show_default=True, help="Time limit for each run of helm or kustomize.",
    ),
    *HELM_PARAMETERS,
    click.Option(
        ["--limit"], metavar="NUMBER", type=click.IntRange(min=0), default=200, show_default=True,
        help="Show at most so many findings in the formats text and github, the most severe first;"
        " 0 for all.",
    ),
    click.Option(["--rules", "list_rules"], is_flag=True, help="List the rules and exit."),
]  # fmt: skip


class _CheckCommand(click.Command):
    """A command whose option --graph takes a value only after an equals sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Click's own optional values would take a path after --graph for the value
        args = ["--graph=text" if word == "--graph" else word for word in args]
        return super().parse_args(ctx, args)


@click.command(
    cls=_CheckCommand, help=_HELP, epilog=_EPILOG, short_help="Check manifests.", params=_PARAMETERS
)
def check(
    paths: tuple[str, ...],
    format_: str,
    output: Path | None,
    fail_on: rules.Severity,
    graph_kind: str | None,
    ignore: tuple[str, ...],
    enable: tuple[str, ...],
    exclude: tuple[str, ...],
    pod_template: tuple[str, ...],
    as_found: bool,
    render_timeout: float,
    enable_helm: bool,
    limit: int,
    list_rules: bool,
    **helm: Any,
) -> int:
    """Check manifests; return the exit status."""
    if list_rules:
        return _list_rules()
    if not paths and not as_found:
        raise errors.SettingsInvalid(
            "No path was given.", "Run `podshare check PATH...`; use - for standard input."
        )
    if graph_kind is not None and format_ != "text":
        raise errors.SettingsInvalid(
            f"--graph and --format {format_} cannot be combined.", "Remove one of them."
        )
    config = project_settings.load_nearest(Path.cwd()).extend(
        ignore, exclude, pod_template, enable, read_options(**helm), enable_helm=enable_helm
    )
    version_notes = kube_versions.list_notes(config.rendering)
    selection = inputs.find(
        paths,
        exclude=config.exclude,
        as_found=as_found,
        render_timeout=render_timeout,
        options=config.rendering,
    )
    manifests = checker.check_all(selection.manifests, config, keep_wiring=graph_kind is not None)
    result = CheckResult(manifests, selection.problems, fail_on, limit)
    for note in (*version_notes, *selection.notes):
        print(f"podshare: {printable(note)}", file=sys.stderr)
    for problem in result.problems:
        print_error(problem)
    _write(result, format_, graph_kind, output)
    return result.exit_code


def _list_rules() -> int:
    width = max(len(rule.id) for rule in rules.ALL)
    for rule in rules.ALL:
        note = "" if rule.by_default else " (off by default)"
        print(f"{rule.id.ljust(width)}  {rule.severity:<7}  {rule.summary}{note}")
    return 0


def _write(result: CheckResult, format_: str, graph_kind: str | None, output: Path | None) -> None:
    """Write a result to stdout, or to a file while stdout gets it as text."""
    content = _render(result, format_, graph_kind)
    if output is not None:
        try:
            output.write_text(content, encoding="utf-8")
        except OSError as error:
            raise errors.SettingsInvalid(
                f"{output} cannot be written: {error.strerror}.",
                "Choose another file for --output.",
            ) from None
    if output is not None or (format_ == "text" and graph_kind in (None, "text")):
        if graph_kind == "text":
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            print(graph.render(result, "text", width))
        text.write(result, sys.stdout)
        return
    sys.stdout.write(content)
    if graph_kind is not None:
        text.write(result, sys.stderr)


def _render(result: CheckResult, format_: str, graph_kind: str | None) -> str:
    if graph_kind in ("mermaid", "svg"):
        return graph.render(result, graph_kind)
    tables = f"{graph.render(result, graph_kind)}\n" if graph_kind is not None else ""
    return tables + formats.render(format_, result)
