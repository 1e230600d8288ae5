"""The command line of ``./dev``: words in, a call of ``commands`` out, errors as two lines."""

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
from sandbox import commands, doctor, recipe
from sandbox.errors import SandboxError, Terminated
from sandbox.plan import KUBERNETES_VERSIONS
from sandbox.talk import say

DESCRIPTION = "From nothing to a Kubernetes cluster, and the project's tests on it."
EPILOG = """\
What is there is used: Docker or Podman, kind, kubectl. What is missing is
built once and cached outside the checkout. Commands run in its top folder.

Environment: PODSHARE_KUBERNETES, PODSHARE_CLUSTER_NAME, XDG_CACHE_HOME,
PODSHARE_KIND_IMAGE (a node image of your own).
"""

HAND_ON = {"test": "[TOX ARGS…]", "run": "CMD…"}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors read like all others."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line, as a SandboxError."""
        raise SandboxError(message, f"{self.prog} --help tells what there is")


def parser() -> Parser:
    """The whole command line."""
    # Left out of the result when not given, so that both may stand before the command or after it.
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--no-install", action="store_true", help="refuse to install anything on this machine"
    )
    shared.add_argument(
        "--kubernetes",
        metavar="VERSION",
        choices=KUBERNETES_VERSIONS,
        help=f"{' (default) or '.join(KUBERNETES_VERSIONS)}",
    )
    top = Parser(
        prog="./dev",
        parents=[shared],
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    listed = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        usage = f"./dev {name} [--no-install] [--kubernetes VERSION] {HAND_ON.get(name, '')}"
        return listed.add_parser(
            name,
            help=text,
            description=text,
            parents=[shared],
            allow_abbrev=False,
            usage=usage if name in HAND_ON else None,
        )

    add("demo", "the shared-volume test on a new cluster").add_argument(
        "--keep", action="store_true", help="keep the demo's cluster"
    )
    add("test", "all tests: tox, with a cluster of their own")
    add("up", "bring up a cluster and keep it")
    add("down", "delete the cluster, stop what ./dev started")
    add("run", "any command, with the cluster up")
    build = add("build", "build the node image, or single steps of it")
    build.add_argument("steps", nargs="*", metavar="STEP")
    build.add_argument("--list", action="store_true", help="show the plan and what is there")
    build.add_argument("--markdown", action="store_true", help="with --list: as in the README")
    build.add_argument(
        "--again", action="store_true", help="build the steps even if they are there"
    )
    bench = add("bench", "measure how fast it is, on the kept cluster")
    bench.add_argument("names", nargs="*", metavar="NAME", help=", ".join(catalogue.NAMES))
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    bench.add_argument("--quick", action="store_true", help="a tenth: to see that it runs")
    add("doctor", "what is there, what is missing, what mends it")
    return top


def choices(asked: argparse.Namespace) -> commands.Choices:
    """The choices all commands share; the command line goes before the environment."""
    given = vars(asked)
    kubernetes = given.get("kubernetes") or os.environ.get("PODSHARE_KUBERNETES")
    kubernetes = (kubernetes or recipe.DEFAULT_KUBERNETES).removeprefix("v")
    if kubernetes not in KUBERNETES_VERSIONS:
        raise SandboxError(
            f"PODSHARE_KUBERNETES={kubernetes} is not a version the sandbox builds",
            f"choose from: {', '.join(KUBERNETES_VERSIONS)}",
        )
    return commands.Choices(kubernetes, may_install=not given.get("no_install"))


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own words, and those that ``test`` and ``run`` hand on untouched.

    The first word behind the command that is no option of ours begins the others: argparse itself
    would take tox's ``-e`` for a mistake.
    """
    words, own = list(arguments), list[str]()
    while words:
        if words[0] in ("-h", "--help", "--no-install") or words[0].startswith("--kubernetes="):
            own.append(words.pop(0))
        elif words[0] == "--kubernetes":
            own += words[:2]
            del words[:2]
        elif words[0] in HAND_ON and not set(HAND_ON) & set(own):
            own.append(words.pop(0))
        else:
            break
    if not set(HAND_ON) & set(own):
        return list(arguments), []
    return own, words[1:] if words[:1] == ["--"] else words


def dispatch(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    own, rest = split(arguments)
    asked = parser().parse_args(own)
    chosen = choices(asked)
    if asked.command == "demo":
        return commands.demo(chosen, keep=asked.keep)
    if asked.command == "build" and asked.list:
        return commands.list_plan(chosen, markdown=asked.markdown)
    if asked.command == "build":
        return commands.build(chosen, asked.steps, again=asked.again)
    if asked.command == "bench":
        return commands.bench(chosen, asked.names, json=asked.json, quick=asked.quick)
    if asked.command in ("test", "run"):
        call = commands.test if asked.command == "test" else commands.run
        return call(chosen, rest)
    plain = {"up": commands.up, "down": commands.down, "doctor": doctor.show}
    return plain[asked.command](chosen)


def main(arguments: Sequence[str]) -> int:
    """The exit code of ``./dev``; 2 when a person has to do something."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _terminate)
    try:
        return dispatch(arguments)
    except SandboxError as error:
        print(error.text(), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        say("interrupted; nothing half made is left")
        return 130
    except Terminated as ended:
        say("ended by a signal; nothing half made is left")
        return 128 + ended.signum


def _terminate(signum: int, _: FrameType | None) -> None:
    raise Terminated(signum)
