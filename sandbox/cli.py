"""The command line of ``./dev``: parse it, call ``commands``, print errors in two lines."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from benchmarks import catalogue
from sandbox import commands, doctor, plan_table, products
from sandbox.console import say
from sandbox.errors import SandboxError, TerminationSignal
from sandbox.plan import KUBERNETES_VERSIONS, PLAN
from sandbox.toolchain import DevOptions

DESCRIPTION = "Create a Kubernetes cluster from scratch and run the project's tests on it."
EPILOG = """\
./dev uses the Docker or Podman, kind and kubectl of this machine. It builds
what is missing, once, and caches it outside the checkout.

Environment: PODSHARE_KUBERNETES, PODSHARE_CLUSTER_NAME, XDG_CACHE_HOME,
PODSHARE_KIND_IMAGE (a node image of your own).
"""

# Commands that pass their arguments on.
PASS_THROUGH = {"test": "[TOX ARGS…]", "run": "CMD…"}


class DevParser(argparse.ArgumentParser):
    """An argument parser whose errors look like all other errors."""

    def error(self, message: str) -> NoReturn:
        """Raise a SandboxError for a wrong command line."""
        raise SandboxError(message, f"for usage, run {self.prog} --help")


def parser() -> DevParser:
    """Return the parser of the whole command line."""
    # Without defaults, so that these options may come before or after the command.
    shared = DevParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--no-install", action="store_true", help="do not install anything on this machine"
    )
    shared.add_argument(
        "--kubernetes",
        metavar="VERSION",
        choices=KUBERNETES_VERSIONS,
        help=f"Kubernetes version: {' (default) or '.join(KUBERNETES_VERSIONS)}",
    )
    top = DevParser(
        prog="./dev",
        parents=[shared],
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        usage = f"./dev {name} [--no-install] [--kubernetes VERSION] {PASS_THROUGH.get(name, '')}"
        return subparsers.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[shared],
            allow_abbrev=False,
            usage=usage if name in PASS_THROUGH else None,
        )

    add("demo", "run the shared-volume example on a new cluster").add_argument(
        "--keep", action="store_true", help="keep the cluster afterwards"
    )
    add("test", "run all tests with tox, on a cluster of their own")
    add("up", "create a cluster and keep it")
    add("down", "delete the clusters; stop Docker if ./dev started it")
    add("run", "run a command with the kept cluster")
    build = add("build", "build the node image, or single steps of it")
    build.add_argument(
        "steps", nargs="*", metavar="STEP", help=", ".join(step.name for step in PLAN)
    )
    build.add_argument(
        "--list", action="store_true", help="show the steps and which products exist"
    )
    build.add_argument("--markdown", action="store_true", help="with --list: as in the README")
    build.add_argument("--again", action="store_true", help="rebuild existing products")
    bench = add("bench", "measure performance on the kept cluster")
    bench.add_argument("names", nargs="*", metavar="NAME", help=", ".join(catalogue.NAMES))
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE")
    bench.add_argument(
        "--quick", action="store_true", help="a tenth of the rounds, as a smoke test"
    )
    add("doctor", "show what is missing and how to fix it")
    return top


def dev_options(arguments: argparse.Namespace) -> DevOptions:
    """Return the shared options; the command line takes precedence over the environment."""
    given = vars(arguments)
    kubernetes = given.get("kubernetes") or os.environ.get("PODSHARE_KUBERNETES")
    kubernetes = (kubernetes or products.DEFAULT_KUBERNETES).removeprefix("v")
    if kubernetes not in KUBERNETES_VERSIONS:
        raise SandboxError(
            f"PODSHARE_KUBERNETES={kubernetes} is not a version that ./dev can build",
            f"choose from: {', '.join(KUBERNETES_VERSIONS)}",
        )
    return DevOptions(kubernetes, may_install=not given.get("no_install"))


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split off the arguments that ``test`` and ``run`` pass on unchanged.

    They start with the first word after the command that is not an option of ``./dev``; argparse
    itself would reject tox's ``-e``.
    """
    words, own = list(arguments), list[str]()
    while words:
        if words[0] in ("-h", "--help", "--no-install") or words[0].startswith("--kubernetes="):
            own.append(words.pop(0))
        elif words[0] == "--kubernetes":
            own += words[:2]
            del words[:2]
        elif words[0] in PASS_THROUGH and not set(PASS_THROUGH) & set(own):
            own.append(words.pop(0))
        else:
            break
    if not set(PASS_THROUGH) & set(own):
        return list(arguments), []
    return own, words[1:] if words[:1] == ["--"] else words


def dispatch(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    own, rest = split_arguments(arguments)
    parsed = parser().parse_args(own)
    options = dev_options(parsed)
    if parsed.command == "demo":
        return commands.demo(options, keep=parsed.keep)
    if parsed.command == "build" and parsed.list and parsed.markdown:
        print(plan_table.as_markdown(PLAN))
        return 0
    if parsed.command == "build" and parsed.list:
        return plan_table.show(options)
    if parsed.command == "build":
        return commands.build(options, parsed.steps, again=parsed.again)
    if parsed.command == "bench":
        return commands.bench(options, parsed.names, json=parsed.json, quick=parsed.quick)
    if parsed.command in ("test", "run"):
        command = commands.test if parsed.command == "test" else commands.run
        return command(options, rest)
    simple = {"up": commands.up, "down": commands.down, "doctor": doctor.show}
    return simple[parsed.command](options)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code of ``./dev``; 2 if the user has to fix something."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _raise_termination)
    try:
        return dispatch(arguments)
    except SandboxError as error:
        print(error.text(), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        say("interrupted; no incomplete results were kept")
        return 130
    except TerminationSignal as signal_error:
        say("terminated by a signal; no incomplete results were kept")
        return 128 + signal_error.signum


def _raise_termination(signum: int, _: FrameType | None) -> None:
    raise TerminationSignal(signum)
