"""What a cluster can do: asked of the cluster itself, once, and only when somebody wants to know.

Never read from a version number: a feature may be off, a runtime older than its API server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import api_checks, trials
from pytest_podshare.cluster.capabilities.api_checks import CheckContext, pod
from pytest_podshare.wiring import requirements

# the API server does not know a field, or does not let us
_REFUSED = (400, 403, 404, 422)
_EXIT = 42


@dataclasses.dataclass(frozen=True)
class Capability:
    """Something that not every cluster can do.

    Args:
        name: what it is called in marks and reports.
        there: whether this one can.
        why: how that is known, or why not.
    """

    name: str
    there: bool
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclasses.dataclass(frozen=True)
class _Question:
    """How a capability is told.

    Args:
        ask: asks without making anything; gives why not, or "".
        attempt: tries what cannot be asked; gives why not, or "". None if asking is enough.
        told: how it is known where it is there.
    """

    ask: Callable[[CheckContext], str]
    attempt: Callable[[CheckContext], str] | None
    told: str


class Capabilities:
    """The capabilities of one cluster, each asked for when it is first wanted.

    Args:
        place: gives where to ask; called at the first question.
    """

    def __init__(self, place: Callable[[], CheckContext]) -> None:
        self._find_place = place
        self._place: CheckContext | None = None
        self._known: dict[str, Capability] = {}

    def __repr__(self) -> str:
        return f"<Capabilities: {', '.join(self._known) or 'none asked for'}>"

    def __getitem__(self, name: str) -> Capability:
        """The capability of that name.

        Raises:
            UnknownCapability: there is none of that name.
            ClusterError: the cluster cannot be asked.
        """
        check_names([name])
        if name not in self._known:
            if self._place is None:
                self._place = self._find_place()
            question = QUESTIONS[name]
            why = _why_not(question.ask, self._place)
            if not why and question.attempt is not None:
                why = _why_not(question.attempt, self._place)
            self._known[name] = Capability(name, not why, why or question.told)
        return self._known[name]

    @property
    def known(self) -> tuple[Capability, ...]:
        """Those that were asked for, by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def lacking(self, names: Iterable[str]) -> Capability | None:
        """The first of several that is not there; None if all are."""
        return next((each for each in map(self.__getitem__, names) if not each.there), None)


def check_names(names: Iterable[str]) -> None:
    """See that there are capabilities of these names; asks no cluster.

    Raises:
        UnknownCapability: there is none of that name.
    """
    for name in names:
        if name not in QUESTIONS:
            what = f"There is no capability {name!r}."
            raise errors.UnknownCapability(what, f"Use one of {', '.join(sorted(QUESTIONS))}.")


def refused(place: CheckContext, names: Iterable[str]) -> Capability | None:
    """The first of several that the API server does not know; asks only what makes nothing."""
    for name in names:
        if why := _why_not(QUESTIONS[name].ask, place):
            return Capability(name, False, why)
    return None


def _why_not(tell: Callable[[CheckContext], str], place: CheckContext) -> str:
    """What is told, or what a refusal says; one that says nothing of the cluster is raised."""
    try:
        return tell(place)
    except errors.ApiError as error:
        if error.status not in _REFUSED:
            raise
        return " ".join(error.details.split())


def _user_namespace(place: CheckContext) -> Mapping[str, object]:
    return pod(place, {"hostUsers": False})


def _image_volume(place: CheckContext) -> Mapping[str, object]:
    volume = {"name": "v", "image": {"reference": place.image, "pullPolicy": "IfNotPresent"}}
    return pod(place, {"volumes": [volume]}, volumeMounts=[{"name": "v", "mountPath": "/v"}])


def _rule(action: str) -> Callable[[CheckContext], Mapping[str, object]]:
    """A Pod whose container ends at once, and would stay so but for its rule."""
    rule = {"action": action, "exitCodes": {"operator": "In", "values": [_EXIT]}}

    def made(place: CheckContext) -> Mapping[str, object]:
        return pod(
            place,
            {"restartPolicy": "Never"},
            command=["sh", "-c", f"exit {_EXIT}"],
            restartPolicy="Never",
            restartPolicyRules=[rule],
        )

    return made


def _field(
    made: Callable[[CheckContext], Mapping[str, object]],
    attempt: Callable[[CheckContext, Mapping[str, object]], str],
) -> _Question:
    """A field of a Pod: kept by the API server, and then heeded on a node."""
    return _Question(
        ask=lambda place: api_checks.keeps(place, made(place)),
        attempt=lambda place: attempt(place, made(place)),
        told="a dry run keeps the field, and a Pod has shown that it works",
    )


QUESTIONS: Mapping[str, _Question] = {
    "ephemeral-containers": _Question(
        lambda place: api_checks.serves(place, "ephemeralcontainers"), None, "they may be added"
    ),
    requirements.IMAGE_VOLUMES: _field(_image_volume, trials.runs),
    "node-access": _Question(api_checks.reaches_nodes, None, "commands run on the nodes"),
    requirements.READ_WRITE_MANY: _Question(
        lambda _: "",
        lambda place: trials.binds_claim(place, "ReadWriteMany"),
        "a claim of that access mode was bound",
    ),
    "restart-by-resize": _Question(
        lambda place: api_checks.serves(place, "resize") or api_checks.keeps_resize_policy(place),
        None,
        "resources may be changed, and resizePolicy is kept",
    ),
    requirements.RESTART_ALL_CONTAINERS: _field(_rule("RestartAllContainers"), trials.restarts),
    requirements.RESTART_RULES: _field(_rule("Restart"), trials.restarts),
    "two-nodes": _Question(api_checks.has_two_nodes, None, "two nodes take Pods"),
    requirements.USER_NAMESPACES: _field(_user_namespace, trials.runs),
}
