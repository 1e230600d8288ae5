"""The command `podshare`: words in, a call of the rooms below, an exit code out.

Neither pytest nor a Kubernetes client is imported for a check, which takes milliseconds.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import checker, formats, graph, inputs, rendering, rules, settings
from pytest_podshare.check.checker import Result
from pytest_podshare.cli import check_output, clean
from pytest_podshare.escaping import printable

_DESCRIPTION = "Check who mounts what where in Kubernetes manifests, without a cluster."
_EPILOG = """\
Exit code: 0 clean, 1 findings, 2 something could not be checked.
A finding is silenced by a comment on its line, `# podshare: ignore[RULE]`, by
the annotation `podshare.dev/ignore: RULE,…` of its object, by --ignore, or by
`ignore` in the table [tool.podshare] of the nearest pyproject.toml.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `podshare`; its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # one of another encoding gets what it can show
            stream.reconfigure(errors="backslashreplace")
    try:
        asked = _parsed(given)
        if asked.command == "clean":
            return clean.run(asked)
        return _rules() if asked.rules else _check(asked)
    except errors.PodshareError as error:
        return _refused(error)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    top = argparse.ArgumentParser(
        prog="podshare", description="What the containers of a Pod share.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser(
        "check", help="check manifests without a cluster", parents=[_check_parser()],
        description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands.add_parser(
        "clean", help="remove what killed runs have left", parents=[clean.parser()],
        description="Remove what killed runs have left on clusters and on this machine.",
        epilog=clean.EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    # argparse would take a path after --graph for its value
    return top.parse_args(["--graph=text" if word == "--graph" else word for word in words])


def _check_parser() -> argparse.ArgumentParser:
    check = argparse.ArgumentParser(add_help=False)
    check.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a file, a folder, a glob, a Helm chart, a kustomize overlay, or - for stdin",
    )
    check.add_argument("--format", choices=formats.NAMES, default="text", help="how to tell it")
    check.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="write it to a file; stdout gets it as text all the same",
    )
    check.add_argument(
        "--fail-on",
        choices=rules.SEVERITIES,
        default="warning",
        help="the least severity that makes the exit code 1",
    )
    check.add_argument(
        "--graph",
        choices=graph.KINDS,
        help="draw the wiring; --graph alone is --graph=text",
    )
    check.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="RULE",
        help="leave a rule out; may be repeated",
    )
    check.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="pass over paths, * standing for slashes as well; may be repeated",
    )
    check.add_argument(
        "--pod-template",
        action="append",
        default=[],
        metavar="KIND=PATH",
        help="where a custom resource has a Pod template: Rollout=spec.template; may be repeated",
    )
    check.add_argument(
        "--as-found",
        action="store_true",
        help="pass over files that are no manifests, though they are named; a chart's file stands"
        " for the chart",
    )
    check.add_argument(
        "--render-timeout",
        type=float,
        default=rendering.SECONDS,
        metavar="SECONDS",
        help="time for each run of helm or kustomize, in seconds",
    )
    check.add_argument("--rules", action="store_true", help="list the rules, and check nothing")
    return check


def _rules() -> int:
    width = max(len(rule.id) for rule in rules.ALL)
    for rule in rules.ALL:
        print(f"{rule.id.ljust(width)}  {rule.severity:<7}  {rule.summary}")
    return 0


def _check(asked: argparse.Namespace) -> int:
    if not asked.paths and not asked.as_found:
        raise errors.SettingsInvalid("Check what?", "`podshare check PATH…`; - is stdin.")
    if asked.graph is not None and asked.format != "text":
        raise errors.SettingsInvalid(
            f"--graph and --format {asked.format} both say what to write.", "Give one of them."
        )
    wanted = settings.nearest(Path.cwd()).with_more(asked.ignore, asked.exclude, asked.pod_template)
    found = inputs.find(
        asked.paths,
        exclude=wanted.exclude,
        as_found=asked.as_found,
        render_seconds=asked.render_timeout,
    )
    checked = checker.check_all(found.inputs, wanted, wirings=asked.graph is not None)
    result = Result(checked, found.problems, asked.fail_on)
    for problem in result.all_problems:
        _refused(problem)
    check_output.tell(result, asked.format, asked.graph, asked.output)
    return result.exit_code


def _refused(error: errors.PodshareError) -> int:
    """What could not be done, on stderr."""
    lines = (printable(line) for line in str(error).splitlines())
    print("podshare:", "\n  ".join(lines), file=sys.stderr)
    return 2
