"""The versions of Kubernetes that manifests are checked for."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.wiring import kubernetes_schema


def list_notes(options: RenderOptions) -> list[str]:
    """Return a note for each version in the options whose fields podshare does not know.

    Args:
        options: the options for charts, whose `kube_version` counts for other manifests as well.

    Raises:
        SettingsInvalid: one of them is not a version.
    """
    schema = kubernetes_schema.load()
    tables = (options.helm, *options.charts.values())
    notes: list[str] = []
    for version in dict.fromkeys(table.kube_version for table in tables):
        if not version or schema.has(version):
            continue
        try:
            nearest = schema.find_nearest(version)
        except ValueError:
            raise errors.SettingsInvalid(
                f"kube-version {version!r} is not a version of Kubernetes.",
                "Write it as 1.34 or 1.34.4.",
            ) from None
        notes.append(
            f"the fields of Kubernetes {version} are not known; those of {nearest} are used"
        )
    return notes
