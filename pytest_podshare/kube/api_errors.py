"""Errors that the API server returns, as the classes of `errors`."""

from __future__ import annotations

import json

from pytest_podshare import errors
from pytest_podshare.kube import rbac

# the beginning of a rejection by Pod Security admission
POD_SECURITY = 'violates PodSecurity "'
_POD_SECURITY_REMEDY = (
    "Fix the fields of securityContext that the message names, or use a namespace with another"
    " level (its label pod-security.kubernetes.io/enforce)."
)
_REMEDIES = {
    403: "Read the API server's message. No RBAC permission would help.",
    404: "Check the name and the namespace.",
    422: "Fix the field that the API server names.",
}


def is_denial(status: int, body: bytes) -> bool:
    """Return whether a response says that the account lacks a permission."""
    return status == 403 and isinstance(parse_error("", "", status, body), errors.MissingRight)


def parse_error(method: str, path: str, status: int, body: bytes) -> errors.ApiError:
    """Return the error that a response means.

    Args:
        method: the request's method.
        path: the request's path.
        status: the response's status, 400 or higher.
        body: the response's body, usually a Status object.
    """
    try:
        content = json.loads(body)
    except ValueError:
        content = {}
    if not isinstance(content, dict):
        content = {}
    details = content.get("message") or body.decode(errors="replace")[:200] or f"HTTP {status}"
    what = f"{method} {path}: {details}"
    response = {"status": status, "reason": content.get("reason", ""), "details": details}
    user, permission = rbac.parse_denial(details) if status == 403 else ("", None)
    if status == 401 or user == rbac.ANONYMOUS:
        return errors.CredentialsRefused(
            f"The API server rejects the credentials: missing, wrong or expired ({what})",
            "Log in again, or check what the kubeconfig context refers to: a token, a token"
            " file, a certificate or a plugin.",
            **response,
        )
    if permission is not None:
        return errors.MissingRight(
            what,
            f"Grant {user or 'the account'} the permission to {permission}: {permission.rule}",
            right=str(permission),
            cluster_wide=not permission.namespace,
            **response,
        )
    remedy = _POD_SECURITY_REMEDY if POD_SECURITY in details else _REMEDIES.get(status)
    return errors.ApiError(what, remedy or "Read the API server's message.", **response)
