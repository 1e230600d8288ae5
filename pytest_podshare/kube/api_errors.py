"""What a refusal of the API server means: the credentials, a right, the object itself."""

from __future__ import annotations

import json

from pytest_podshare import errors
from pytest_podshare.kube import rbac

_REMEDY = {
    403: "See what the API server says against it; no right would help.",
    404: "Check the name and the namespace.",
    422: "Mend the field the API server names.",
}
# how the admission by Pod Security begins what it has against a Pod
POD_SECURITY = 'violates PodSecurity "'
_POD_SECURITY = (
    "Mend what it names in the Pod's securityContext, or use a namespace with another level "
    "(its label pod-security.kubernetes.io/enforce)."
)


def read(method: str, path: str, status: int, body: bytes) -> errors.ApiError:
    """The error that an answer means.

    Args:
        method: of the request.
        path: of the request.
        status: of the answer, 400 or more.
        body: of the answer: most often a Status object.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    if not isinstance(answer, dict):
        answer = {}
    details = answer.get("message") or body.decode(errors="replace")[:200] or f"HTTP {status}"
    facts = {"status": status, "reason": answer.get("reason", ""), "details": details}
    found = rbac.refused(details) if status == 403 else None
    if status == 401 or (found and found[0] == rbac.NOBODY):
        return credentials(f"{method} {path}: {details}", **facts)
    if found:
        return missing(*found, what=f"{method} {path}: {details}", **facts)
    remedy = _POD_SECURITY if POD_SECURITY in details else _REMEDY.get(status)
    return errors.ApiError(
        f"{method} {path}: {details}", remedy or "See the API server's message.", **facts
    )


def credentials(what: str, *, status: int, reason: str, details: str) -> errors.CredentialsRefused:
    """The error of credentials that the API server does not accept."""
    return errors.CredentialsRefused(
        f"The API server does not know who asks: the credentials are missing, wrong or expired"
        f" ({what})",
        "Log in again, or see what the context of the kubeconfig names: a token, its file, a "
        "certificate, a plugin.",
        status=status,
        reason=reason,
        details=details,
    )


def missing(
    user: str, right: rbac.Permission, *, what: str, status: int, reason: str, details: str
) -> errors.MissingRight:
    """The error of a right that nobody has given."""
    return errors.MissingRight(
        what,
        f"Give {user or 'the account'} the right to {right}: {right.rule}",
        right=str(right),
        cluster_wide=not right.namespace,
        status=status,
        reason=reason,
        details=details,
    )
