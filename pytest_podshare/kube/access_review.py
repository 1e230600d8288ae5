"""Ask the API server which permissions the account has (SelfSubjectAccessReview)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.rbac import Permission

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def find_missing(api: Api, permissions: Sequence[Permission]) -> tuple[Permission, ...]:
    """Return those of the permissions that the account lacks, according to the API server."""
    return tuple(permission for permission in permissions if not _is_allowed(api, permission))


def require(api: Api, permissions: Sequence[Permission], problem: str) -> None:
    """Check that the account has all of the permissions.

    Args:
        api: the API server.
        permissions: the permissions.
        problem: what cannot be done without them, as a sentence without the full stop.

    Raises:
        MissingRight: the account lacks at least one of them.
    """
    if missing := find_missing(api, permissions):
        names = ", ".join(str(permission) for permission in missing)
        rules = " and ".join(permission.rule for permission in missing)
        raise errors.MissingRight(
            f"{problem}: the account is not allowed to {names}.",
            f"Grant the account {rules}",
            right=names,
            cluster_wide=any(not permission.namespace for permission in missing),
            status=403,
            reason="Forbidden",
            details=f"{problem}: the account is not allowed to {names}",
        )


def _is_allowed(api: Api, permission: Permission) -> bool:
    resource, _, subresource = permission.resource.partition("/")
    split = {"resource": resource, "subresource": subresource}
    attributes = {**dataclasses.asdict(permission), **split}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.post(_REVIEWS, review)["status"]["allowed"])
