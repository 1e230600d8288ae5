"""The command `podshare clean`.

Most of its options also read the environment variables of the pytest options.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

_HELP = """\
Remove what killed test runs left on clusters and on this machine.

An object is removed if it has the ownership labels of a run whose process has ended, or that has
expired. A kind cluster is removed if podshare created it, no process uses it, and it is not kept.
Nothing else is touched.
"""
_EPILOG = """\
Exit status: 0 everything removable was removed; 1 some objects are stuck (their finalizers are
printed); 2 some objects could not be inspected.
"""


class _Names(click.types.StringParamType):
    """Names, which spaces or commas separate in an environment variable."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return rv.replace(",", " ").split()


_option = functools.partial(click.Option, show_envvar=True)
_option_of_one_call = functools.partial(click.Option, allow_from_autoenv=False)
_FILE = click.Path(path_type=Path)
_OPTIONS = [
    _option(
        ["--provider"], type=click.Choice(["kind", "existing"]), default="kind", show_default=True,
        help="Where to look: in the kind clusters of this machine, or in an existing cluster.",
    ),
    _option(["--cluster-name"], metavar="NAME", default="", help="Only look in this kind cluster."),
    _option(
        ["--kind-bin"], metavar="FILE", type=_FILE,
        help="The kind program; by default the one on PATH.",
    ),
    _option(
        ["--kubeconfig"], metavar="FILE", type=_FILE,
        help="Kubeconfig file of the existing cluster.",
    ),
    _option(["--context"], metavar="NAME", help="Context of the existing cluster."),
    _option(
        ["--allow-context"], metavar="NAME", type=_Names(), multiple=True,
        help="Allow a context whose API server is not on this machine. Can be repeated.",
    ),
    _option(
        ["--namespace"], metavar="NAME", default="",
        help="Also look in this existing namespace.",
    ),
    _option_of_one_call(
        ["--run"], metavar="RUN", default="",
        help="Remove what this run left, including what it keeps, unless the run still uses it.",
    ),
    _option_of_one_call(
        ["--timeout"], metavar="SECONDS", type=float, default=60, show_default=True,
        help="Time to wait for the deleted objects to be gone.",
    ),
    _option_of_one_call(["--dry-run"], is_flag=True, help="Only print what would be removed."),
]  # fmt: skip


@click.command(
    help=_HELP,
    epilog=_EPILOG,
    short_help="Remove what killed runs left.",
    params=_OPTIONS,
    context_settings={"auto_envvar_prefix": "PODSHARE"},
)
def clean(**options: Any) -> int:
    """Clean up; return the exit status."""
    # not at the top: `podshare check` does not need a Kubernetes client
    from pytest_podshare.cli.cleaner import Cleaner

    return Cleaner(**options).clean()
