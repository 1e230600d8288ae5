"""`podshare clean`: what killed runs have left is found, told and removed.

What needs a Kubernetes client is imported when it is asked for: `podshare check` needs none.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_podshare import errors
from pytest_podshare.escaping import printable

if TYPE_CHECKING:
    from pytest_podshare.cluster.cleanup import Policy
    from pytest_podshare.cluster.kind.settings import KindSettings
    from pytest_podshare.cluster.leftover import Leftover
    from pytest_podshare.cluster.ownership import Disposition, Ownership
    from pytest_podshare.kube.client import Api

EPILOG = """\
Removed is what bears the stamp of a run (label podshare.dev/run) whose process
has ended, or that has expired; a cluster, if podshare made it, nobody uses it
and it is not kept. Nothing else is touched.

Exit code: 0 nothing that could go is left, 1 something does not go, and is
named with what holds it, 2 something could not be looked at.
"""
PROVIDERS = ("kind", "existing")
_CLEAN, _STUCK, _UNSEEN = 0, 1, 2
# seconds for an API server to answer, and for what is deleted to be gone
_ANSWER, _GONE = 10.0, 60.0


def parser() -> argparse.ArgumentParser:
    """The words of the command; most have the environment variables of pytest's options."""
    clean = argparse.ArgumentParser(add_help=False)
    given = functools.partial(_add, clean)
    given("provider", "where to look: kind is the clusters of this machine", choices=PROVIDERS)
    given("cluster-name", "look at this kind cluster alone", metavar="NAME")
    given("kind-bin", "the kind program; the one on PATH if not given", metavar="FILE")
    given("kubeconfig", "kubeconfig of an existing cluster", metavar="FILE")
    given("context", "context of an existing cluster", metavar="NAME")
    clean.add_argument(
        "--allow-context",
        action="append",
        default=os.environ.get("PODSHARE_ALLOW_CONTEXT", "").replace(",", " ").split(),
        metavar="NAME",
        help="allow a context whose API server is not on this machine; may be repeated",
    )
    clean.add_argument(
        "--namespace",
        default=os.environ.get("PODSHARE_NAMESPACE", ""),
        metavar="NAME",
        help="look at what runs have left in this namespace of yours as well",
    )
    clean.add_argument(
        "--run",
        default="",
        metavar="RUN",
        help="remove what this run has left, also what is kept, unless it still uses it",
    )
    clean.add_argument(
        "--timeout",
        type=float,
        default=_GONE,
        metavar="SECONDS",
        help="time for what is deleted to be gone, in seconds",
    )
    clean.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    return clean


def run(asked: argparse.Namespace) -> int:
    """Clean up; the exit code."""
    now = time.time()

    def policy(ownership: Ownership) -> Disposition:
        return ownership.disposition(now, selected_run=asked.run)

    look = _existing if asked.provider == "existing" else _kind
    code = _CLEAN
    try:
        for each in look(asked, policy):
            code = max(code, each)
    except errors.PodshareError as error:
        return _unseen(error)
    if code == _CLEAN and not asked.dry_run:
        print("nothing is left that could go")
    return code


def _kind(asked: argparse.Namespace, policy: Policy) -> Iterator[int]:
    from pytest_podshare.cluster.kind import abandoned, binary
    from pytest_podshare.cluster.kind.settings import KindSettings, default_state

    state = default_state()
    known = abandoned.list_names(state)
    names = [name for name in known if asked.cluster_name in ("", name)]
    if asked.cluster_name and not names:
        raise errors.ClusterUnreachable(
            f"No run on this machine has used a kind cluster {asked.cluster_name}.",
            f"Those that were used: {', '.join(known) or 'none'}.",
        )
    kind_bin = Path(asked.kind_bin) if asked.kind_bin else None
    every = [KindSettings.by_name(name, state, kind_bin=kind_bin) for name in names]
    there = binary.list_clusters(every[0]) if every else ()
    for settings in every:
        try:
            disposition = abandoned.remove_if_abandoned(
                settings, there, selected_run=asked.run, dry_run=asked.dry_run
            )
            if disposition is not None:
                _say(f"kind cluster {settings.name}", disposition, asked.dry_run)
            if disposition is not None and not disposition.removable:
                yield from _inside(settings, asked, policy)
        except errors.PodshareError as error:
            yield _unseen(error)


def _inside(settings: KindSettings, asked: argparse.Namespace, policy: Policy) -> Iterator[int]:
    """Clean a kind cluster that stays."""
    from pytest_podshare.cluster import connection
    from pytest_podshare.deadline import Deadline

    cluster = connection.connect(
        "kind",
        settings.name,
        kubeconfig=settings.kubeconfig,
        context=f"kind-{settings.name}",
        allowed_contexts=(),
        deadline=Deadline(_ANSWER),
    )
    try:
        yield from _clean(cluster.api, asked, policy)
    finally:
        cluster.close()


def _existing(asked: argparse.Namespace, policy: Policy) -> Iterator[int]:
    from pytest_podshare.cluster import existing
    from pytest_podshare.cluster.existing import ExistingSettings
    from pytest_podshare.deadline import Timeouts

    kubeconfig = Path(asked.kubeconfig) if asked.kubeconfig else None
    settings = ExistingSettings(
        kubeconfig, asked.context or None, tuple(asked.allow_context), Timeouts()
    )
    cluster = existing.connect_existing(settings)
    print(f"cluster {printable(cluster.server)}")
    try:
        yield from _clean(cluster.api, asked, policy)
    finally:
        cluster.close()


def _clean(api: Api, asked: argparse.Namespace, policy: Policy) -> Iterator[int]:
    from pytest_podshare.cluster import cleanup
    from pytest_podshare.deadline import Deadline

    going: list[Leftover] = []
    looks = [cleanup.find_nodes, cleanup.find_namespaces, cleanup.find_cluster_scoped]
    if asked.namespace:
        looks.append(functools.partial(cleanup.find_in_namespace, namespace=asked.namespace))
    for look in looks:
        try:
            found = look(api, policy)
        except errors.ApiError as error:
            # whoever has but a namespace may have left nothing elsewhere
            if not (asked.namespace and error.status == 403):
                yield _unseen(error)
            continue
        going += _told(found, asked.dry_run)
    if asked.dry_run:
        return
    for each in going:
        try:
            each.remove(api)
        except errors.ApiError as error:
            yield _unseen(error)
    for what, why in cleanup.wait_until_removed(api, going, Deadline(asked.timeout)).items():
        print(printable(f"  {what}: still there after {asked.timeout:g} s, held by: {why}"))
        yield _STUCK


def _told(found: Iterable[Leftover], dry: bool) -> list[Leftover]:
    """Tell what becomes of each; those that go."""
    going = []
    for each in found:
        _say(f"  {each.title}", each.disposition, dry)
        if each.disposition.removable:
            going.append(each)
    return going


def _say(what: str, disposition: Disposition, dry: bool) -> None:
    becomes = "stays" if not disposition.removable else "would be removed" if dry else "removed"
    print(printable(f"{what}: {becomes}; {disposition.reason}"))


def _unseen(error: errors.PodshareError) -> int:
    lines = (printable(line) for line in str(error.spelled("--")).splitlines())
    print("podshare:", "\n  ".join(lines), file=sys.stderr)
    return _UNSEEN


def _add(
    to: argparse.ArgumentParser,
    name: str,
    text: str,
    *,
    metavar: str | None = None,
    choices: tuple[str, ...] | None = None,
) -> None:
    variable = f"PODSHARE_{name.upper().replace('-', '_')}"
    default = os.environ.get(variable) or (choices[0] if choices else "")
    to.add_argument(f"--{name}", help=text, default=default, metavar=metavar, choices=choices)
