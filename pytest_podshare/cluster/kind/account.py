"""The account to which a kind cluster belongs, on an engine that several accounts use.

Each account keeps the records of its clusters in its own folder, so one would delete a cluster
that runs of another still use.
"""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.ownership import find_user

_ANNOTATION = "podshare.dev/account"


def mark(settings: KindSettings, cluster: Cluster) -> None:
    """Note on a new cluster that it belongs to this account."""
    annotations = {_ANNOTATION: find_user()}
    cluster.api.patch(_node_path(settings), {"metadata": {"annotations": annotations}})


def check(settings: KindSettings, cluster: Cluster) -> None:
    """Check that no other account's runs have created the cluster; one made by hand is anybody's.

    Raises:
        ClusterUnfit: it belongs to another account.
    """
    try:
        node = cluster.api.get(_node_path(settings))
    except errors.ApiError:
        # podshare's own clusters have a node of that name
        return
    account = (node["metadata"].get("annotations") or {}).get(_ANNOTATION)
    if account not in (None, find_user()):
        raise errors.ClusterUnfit(
            f"Cluster {settings.name!r} belongs to the account {account}, whose runs may delete it"
            " at any time.",
            errors.Remedy(
                "Choose another name: {}.", f"cluster-name={settings.name}-{find_user()}"
            ),
        )


def _node_path(settings: KindSettings) -> str:
    return f"/api/v1/nodes/{settings.name}-control-plane"
