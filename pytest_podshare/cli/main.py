"""The command `podshare`: its subcommands, errors and exit statuses."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence

import click

from pytest_podshare import errors
from pytest_podshare.cli.check import check
from pytest_podshare.cli.clean import clean
from pytest_podshare.cli.error_output import print_error

_HELP = (
    "Check how the containers of a Pod share their volumes, and clean up after killed test runs."
)


@click.group(help=_HELP, commands=[check, clean], no_args_is_help=False)
@click.version_option(package_name="pytest-podshare", message="%(prog)s %(version)s")
def podshare() -> None:
    """Run a subcommand."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `podshare` and return its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # escape characters that the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        with podshare.make_context("podshare", words) as context:
            status: int = podshare.invoke(context)
        # a broken pipe shows here at the latest, not while the interpreter exits
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except errors.PodshareError as error:
        print_error(error)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        _discard_output()
        return 128 + signal.SIGPIPE
    except OSError as error:  # stdout is a full disk, or the working directory has been deleted
        place = f" ({error.filename})" if error.filename else ""
        print(f"podshare: {error.strerror or error}{place}.", file=sys.stderr)
        _discard_output()
        return 2
    except Exception:  # noqa: BLE001 a bug must not have the status of findings
        import traceback

        traceback.print_exc()
        print("podshare: This is a bug of podshare. Report it with these lines.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


def _discard_output() -> None:
    """Write what can still be written, and keep the interpreter from trying the rest at its end."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
