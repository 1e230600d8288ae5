"""RBAC permissions: their names and rules, and the one that a denied request needs."""

from __future__ import annotations

import dataclasses
import re

# the authorizer's message for a request that no rule allows
_DENIAL = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)
ANONYMOUS = "system:anonymous"


@dataclasses.dataclass(frozen=True)
class Permission:
    """A permission that RBAC can grant.

    Args:
        verb: `get`, `list`, `watch`, `create`, `patch`, `delete`, …
        resource: the plural name, with the subresource if any: `nodes`, `pods/exec`.
        group: the API group; "" for the core group.
        namespace: the namespace; "" for the whole cluster.
    """

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"

    @property
    def rule(self) -> str:
        """Return the rule that grants it, and the kind of role it belongs in."""
        kind = "Role" if self.namespace else "ClusterRole"
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return (
            f"a rule of a {kind}{where}:"
            f' {{apiGroups: ["{self.group}"], resources: ["{self.resource}"],'
            f' verbs: ["{self.verb}"]}}'
        )


def parse_denial(message: str) -> tuple[str, Permission | None]:
    """Return the user and the missing permission; "" and None for any other message."""
    match = _DENIAL.search(message)
    if match is None:
        return "", None
    user, *permission = match.groups(default="")
    return user, Permission(*permission)
