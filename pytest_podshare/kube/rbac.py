"""Rights on a cluster: their names and rules, and the one that a refusal is about."""

from __future__ import annotations

import dataclasses
import re

# how the API server tells that nobody has given the right
_CANNOT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)
NOBODY = "system:anonymous"


@dataclasses.dataclass(frozen=True)
class Permission:
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


def refused(message: str) -> tuple[str, Permission] | None:
    """Who lacks which right, by the API server's message; None where it says something else."""
    found = _CANNOT.search(message)
    if found is None:
        return None
    right = Permission(found["verb"], found["resource"], found["group"], found["namespace"] or "")
    return found["user"], right
