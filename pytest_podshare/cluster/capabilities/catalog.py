"""The capabilities that podshare knows, checked on the cluster once, when first requested.

Never derived from a version number: a feature may be disabled, or a runtime older than its API
server.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import api_checks, trials
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.wiring import requirements

# the API server does not know a field, or denies a request
_UNAVAILABLE = (400, 403, 404, 422)
_EXIT_CODE = 42


@dataclasses.dataclass(frozen=True)
class Capability:
    """Something that not every cluster can do.

    Args:
        name: its name in marks and reports.
        there: whether this cluster has it.
        why: the evidence, or the reason why it is missing.
    """

    name: str
    there: bool
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclasses.dataclass(frozen=True)
class _Check:
    """How a capability is checked.

    Args:
        request: a check that creates nothing; returns why the capability is missing, or "".
        trial: the same by trial, for what no request can show; None if the request is enough.
        evidence: how a cluster shows that it has the capability.
    """

    request: Callable[[CheckContext], str]
    trial: Callable[[CheckContext], str] | None
    evidence: str


class Capabilities:
    """The capabilities of one cluster, each checked once, when any thread first requests it.

    Args:
        create_context: returns where to check them; called at the first check.
    """

    def __init__(self, create_context: Callable[[], CheckContext]) -> None:
        self._create_context = functools.cache(create_context)
        self._check = threading.Lock()
        self._checked: dict[str, Capability] = {}

    def __repr__(self) -> str:
        return f"<Capabilities: {', '.join(self._checked) or 'none checked'}>"

    def __getitem__(self, name: str) -> Capability:
        """Return a capability.

        Raises:
            UnknownCapability: there is no capability of that name.
            ClusterError: the check failed.
        """
        check_names([name])
        with self._check:
            if name not in self._checked:
                check, context = CHECKS[name], self._create_context()
                missing = _run(check.request, context)
                if not missing and check.trial is not None:
                    missing = _run(check.trial, context)
                self._checked[name] = Capability(name, not missing, missing or check.evidence)
        return self._checked[name]

    @property
    def checked(self) -> tuple[Capability, ...]:
        """Return the capabilities that were requested, by name."""
        return tuple(self._checked[name] for name in sorted(self._checked))

    def find_missing(self, names: Iterable[str]) -> Capability | None:
        """Return the first capability that the cluster lacks; None if it has them all."""
        capabilities = (self[name] for name in names)
        return next((capability for capability in capabilities if not capability.there), None)


def check_names(names: Iterable[str]) -> None:
    """Check that capabilities of these names exist, without a cluster.

    Raises:
        UnknownCapability: one does not.
    """
    for name in names:
        if name not in CHECKS:
            remedy = f"Use one of {', '.join(sorted(CHECKS))}."
            raise errors.UnknownCapability(f"Unknown capability {name!r}.", remedy)


def find_unsupported(context: CheckContext, names: Iterable[str]) -> Capability | None:
    """Return the first capability that the API server lacks, by checks that create nothing."""
    for name in names:
        if missing := _run(CHECKS[name].request, context):
            return Capability(name, False, missing)
    return None


def _run(check: Callable[[CheckContext], str], context: CheckContext) -> str:
    """Return the result of a check, or the API server's reason if it rejects the request."""
    try:
        return check(context)
    except errors.ApiError as error:
        if error.status not in _UNAVAILABLE:
            raise
        return " ".join(error.details.split())


def _user_namespace(context: CheckContext) -> Mapping[str, Any]:
    return api_checks.build_pod(context, {"hostUsers": False})


def _image_volume(context: CheckContext) -> Mapping[str, Any]:
    image = {"reference": context.image, "pullPolicy": "IfNotPresent"}
    return api_checks.build_pod_with_volume(context, {"image": image})


def _restart_rule(action: str, context: CheckContext) -> Mapping[str, Any]:
    """Return a Pod whose container is restarted only by its rule."""
    rule = {"action": action, "exitCodes": {"operator": "In", "values": [_EXIT_CODE]}}
    return api_checks.build_pod(
        context,
        {"restartPolicy": "Never"},
        command=["sh", "-c", f"exit {_EXIT_CODE}"],
        restartPolicy="Never",
        restartPolicyRules=[rule],
    )


def _pod_field(
    build: Callable[[CheckContext], Mapping[str, Any]],
    trial: Callable[[CheckContext, Mapping[str, Any]], str],
) -> _Check:
    """Return the check of a field that the API server must keep and the node must support."""
    return _Check(
        request=lambda context: api_checks.check_fields(context, build(context)),
        trial=lambda context: trial(context, build(context)),
        evidence="a dry run keeps the field, and a trial Pod used it",
    )


CHECKS: Mapping[str, _Check] = {
    "ephemeral-containers": _Check(
        lambda context: api_checks.check_subresource(context, "ephemeralcontainers"),
        None,
        "the account may add ephemeral containers",
    ),
    requirements.IMAGE_VOLUMES: _pod_field(_image_volume, trials.try_start),
    "node-access": _Check(api_checks.check_node_access, None, "commands run on the nodes"),
    requirements.READ_WRITE_MANY: _Check(
        lambda _: "",
        lambda context: trials.try_claim(context, "ReadWriteMany"),
        "a claim with this access mode was bound",
    ),
    "restart-by-resize": _Check(
        lambda context: (
            api_checks.check_subresource(context, "resize")
            or api_checks.check_resize_policy(context)
        ),
        None,
        "the account may resize containers, and the API server keeps resizePolicy",
    ),
    requirements.RESTART_ALL_CONTAINERS: _pod_field(
        functools.partial(_restart_rule, "RestartAllContainers"), trials.try_restart
    ),
    requirements.RESTART_RULES: _pod_field(
        functools.partial(_restart_rule, "Restart"), trials.try_restart
    ),
    "two-nodes": _Check(api_checks.check_two_nodes, None, "two nodes accept Pods"),
    requirements.USER_NAMESPACES: _pod_field(_user_namespace, trials.try_start),
}
