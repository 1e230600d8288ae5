"""What happens to a test's Pods by themselves: a property, a warning, or a failure."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import pluggy
import pytest

from pytest_podshare import errors
from pytest_podshare.plugin import stash
from pytest_podshare.plugin.deployers import find_podshares

if TYPE_CHECKING:
    from pytest_podshare.kube.incidents import Incident
    from pytest_podshare.pods.deployer import Podshare

# the user property with an incident, for JUnit XML and for the terminal
PROPERTY = "podshare_incident"
# what ends the whole run
_ENDS_THE_RUN = (KeyboardInterrupt, SystemExit, pytest.exit.Exception)


class PodUnstableWarning(pytest.PytestWarning):
    """A Pod of a test changed by itself: a container restarted or became unready, or it is gone."""


# the older kind of wrapper adds no frame to the traceback of a failure
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, pluggy.Result[None], None]:
    """Report what happened to the Pods of a test by itself; with --podshare-strict, fail.

    A test that has failed or was skipped stays as it is, but has the properties as well.
    """
    outcome = yield
    if isinstance(outcome.exception, _ENDS_THE_RUN):
        return
    incidents = _record_incidents(item)
    if not incidents or outcome.exception is not None:
        return
    try:
        if item.config.stash[stash.OPTIONS].strict:
            raise _to_error(incidents)
        for incident in incidents:
            # raised if the filters of the run make it an error
            item.warn(PodUnstableWarning(str(incident)))
    except (errors.PodUnstable, PodUnstableWarning) as error:
        outcome.force_exception(error)


def _record_incidents(item: pytest.Item) -> Sequence[Incident]:
    """Add each incident to the properties of a test, and return all of them, without secrets."""
    incidents: list[Incident] = []
    known = item.stash.get(stash.INCIDENTS, None)
    item.stash[stash.INCIDENTS] = None
    found = [find_incidents(one) for one in find_podshares(item)] if known is None else [known]
    for result in found:
        if isinstance(result, errors.ClusterError):
            line = f"podshare: could not find out whether containers had restarted: {result.what}"
            item.config.stash[stash.LINES].append(line)
        else:
            incidents += result
    item.user_properties += [(PROPERTY, str(incident)) for incident in incidents]
    return incidents


def find_incidents(podshare: Podshare) -> Sequence[Incident] | errors.ClusterError:
    """Return what has happened to Pods by itself since the last call, or why it is not known."""
    from pytest_podshare.pods import incident_search
    from pytest_podshare.report.attachments import collect

    try:
        incidents, pods = incident_search.find_incidents(podshare)
        if not incidents:
            return ()
        masked: Sequence[Incident] = collect.create_live_mask(podshare, pods).redact(incidents)
    except errors.ClusterError as error:
        return error
    return masked


def _to_error(incidents: Sequence[Incident]) -> errors.PodUnstable:
    first, *more = incidents
    facts = [errors.Fact("", str(incident)) for incident in more]
    remedies = dict.fromkeys(incident.remedy for incident in incidents)
    remedy = f"{' '.join(remedies)} Without --podshare-strict, this is a warning."
    return errors.PodUnstable(str(first), remedy, facts=[*facts, errors.Fact("", remedy)])
