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

from benchmarks import benchmark_list
from sandbox import command_needs, commands, doctor, plan_table, products
from sandbox.console import say
from sandbox.errors import SandboxError, TerminationSignal
from sandbox.plan import KUBERNETES_VERSIONS, PLAN
from sandbox.toolchain import DevOptions

DESCRIPTION = "Create a Kubernetes cluster from scratch and run the project's tests on it."
EPILOG = """\
./dev uses this machine's Docker or Podman, kind and kubectl. It builds what is
missing, once, and caches it outside the checkout. Linters and unit tests need
none of that: ./dev test -e lint,unit
Environment: PODSHARE_KUBERNETES, PODSHARE_CLUSTER_NAME, XDG_CACHE_HOME,
PODSHARE_KIND_IMAGE (a node image of your own).
"""

# Commands that pass their arguments on.
PASS_THROUGH = {"test": "[TOX ARGS…]", "run": "[--cluster | --no-cluster] CMD…"}
DETAILS = {
    "test": """\
The engine, the node image and the cluster are set up only if one of the
selected environments uses them, judging by its commands in tox.ini:
./dev test -e lint,unit creates nothing but Python environments. Tests of
Helm charts are skipped then, unless helm is on PATH or was built before.
""",
    "run": f"""\
The command runs in the checkout's top folder. The cluster is brought up
first, unless the command is known not to use it:
  {", ".join(command_needs.CHECKERS)}, podshare check
  pytest, if all given paths are below {", ".join(command_needs.LOCAL_TESTS[:2])},
  {" or ".join(command_needs.LOCAL_TESTS[2:])}
""",
}


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
            description=f"{text[0].upper()}{text[1:]}.\n\n{DETAILS.get(name, '')}".rstrip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
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
    add("run", "run a command, with the kept cluster if it needs one").add_argument(
        "--cluster",
        action=argparse.BooleanOptionalAction,
        help="always or never bring up the cluster",
    )
    build = add("build", "build the node image, or single steps of it")
    build.add_argument(
        "steps", nargs="*", metavar="STEP", help=", ".join(step.name for step in PLAN)
    )
    build.add_argument(
        "--list", action="store_true", help="show the steps and which products exist"
    )
    build.add_argument(
        "--markdown", action="store_true", help="with --list: print the table of sandbox/README.md"
    )
    build.add_argument("--again", action="store_true", help="rebuild existing products")
    bench = add("bench", "measure performance on the kept cluster")
    bench.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benchmark_list.NAMES))
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE")
    bench.add_argument(
        "--quick", action="store_true", help="run a tenth of the rounds, as a smoke test"
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
    flags = ("-h", "--help", "--no-install", "--cluster", "--no-cluster")
    while words:
        if words[0] in flags or words[0].startswith("--kubernetes="):
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
    if parsed.command == "run":
        return commands.run(options, rest, cluster=parsed.cluster)
    if parsed.command == "test":
        return commands.test(options, rest)
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
