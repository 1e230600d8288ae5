"""Rights on a cluster: their names, the one that a refusal is about, those that we lack."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_podshare import errors

if TYPE_CHECKING:
    from pytest_podshare.kube.client import Api

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# how the API server tells that nobody has given the right
_CANNOT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)
NOBODY = "system:anonymous"


@dataclasses.dataclass(frozen=True)
class Right:
    """Something that an account may do.

    Args:
        verb: `get`, `list`, `watch`, `create`, `patch`, `delete`, …
        resource: in the plural, with its subresource: `nodes`, `pods/exec`.
        group: its API group; "" for the core.
        namespace: where; "" for all of the cluster.
    """

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"

    @property
    def rule(self) -> str:
        """The rule that gives it, and where it is to stand."""
        kind = "Role" if self.namespace else "ClusterRole"
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return (
            f"a rule of a {kind}{where}:"
            f' {{apiGroups: ["{self.group}"], resources: ["{self.resource}"],'
            f' verbs: ["{self.verb}"]}}'
        )


def refused(message: str) -> tuple[str, Right] | None:
    """Who lacks which right, by the API server's message; None where it says something else."""
    found = _CANNOT.search(message)
    if found is None:
        return None
    right = Right(found["verb"], found["resource"], found["group"], found["namespace"] or "")
    return found["user"], right


def lacking(api: Api, wanted: Sequence[Right]) -> tuple[Right, ...]:
    """Those of the rights that we do not have, by the API server's own word; changes nothing."""
    return tuple(each for each in wanted if not _has(api, each))


def require(api: Api, wanted: Sequence[Right], what: str) -> None:
    """See that we have rights, all of them, before anything is begun.

    Args:
        api: the API server.
        wanted: the rights.
        what: what they are for, as a sentence without its end.

    Raises:
        MissingRight: we lack some.
    """
    if found := lacking(api, wanted):
        names = ", ".join(str(each) for each in found)
        rules = " and ".join(each.rule for each in found)
        raise errors.MissingRight(
            f"{what}, and the account may not {names}.",
            f"Give the account {rules}",
            right=names,
            cluster_wide=any(not each.namespace for each in found),
            status=403,
            reason="Forbidden",
            details=f"{what}, and the account may not {names}",
        )


def _has(api: Api, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {"verb": right.verb, "group": right.group, "resource": resource}
    attributes |= {"subresource": subresource, "namespace": right.namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.post(_REVIEWS, review)["status"]["allowed"])
