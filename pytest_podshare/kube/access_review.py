"""Asking the API server which rights we have: SelfSubjectAccessReview. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.rbac import Permission

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def missing(api: Api, wanted: Sequence[Permission]) -> tuple[Permission, ...]:
    """Return those of the rights that we do not have, by the API server's own word."""
    return tuple(right for right in wanted if not _is_allowed(api, right))


def require(api: Api, wanted: Sequence[Permission], what: str) -> None:
    """Check that we have all of the rights, before anything is begun.

    Args:
        api: the API server.
        wanted: the rights.
        what: what they are for, as a sentence without its end.

    Raises:
        MissingRight: we lack some.
    """
    if found := missing(api, wanted):
        names = ", ".join(str(right) for right in found)
        rules = " and ".join(right.rule for right in found)
        raise errors.MissingRight(
            f"{what}, and the account may not {names}.",
            f"Give the account {rules}",
            right=names,
            cluster_wide=any(not right.namespace for right in found),
            status=403,
            reason="Forbidden",
            details=f"{what}, and the account may not {names}",
        )


def _is_allowed(api: Api, right: Permission) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {"verb": right.verb, "group": right.group, "resource": resource}
    attributes |= {"subresource": subresource, "namespace": right.namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.post(_REVIEWS, review)["status"]["allowed"])
