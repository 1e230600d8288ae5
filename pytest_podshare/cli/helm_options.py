"""The options of `podshare check` that helm and kustomize have as well."""

from __future__ import annotations

import click

from pytest_podshare.check.render_options import HelmOptions

HELM_PARAMETERS = [
    click.Option(
        ["--values", "-f"], metavar="FILE", multiple=True,
        help="Render charts with this value file instead of the chart's ci/*-values.yaml. If it is"
        " repeated, the last wins.",
    ),
    click.Option(
        ["--set", "assignments"], metavar="KEY=VALUE", multiple=True,
        help="Set a value of charts. Can be repeated.",
    ),
    click.Option(
        ["--kube-version"], metavar="VERSION", default="",
        help="Version of Kubernetes that charts see, and whose fields manifests may have.",
    ),
    click.Option(
        ["--api-versions"], metavar="VERSION", multiple=True,
        help="API version that charts see in addition. Can be repeated.",
    ),
    click.Option(["--namespace", "-n"], default="", help="Namespace of the charts' releases."),
    click.Option(
        ["--release-name"], metavar="NAME", default="", help="Name of the charts' releases."
    ),
    click.Option(
        ["--dependency-update"], is_flag=True, help="Fetch missing dependencies of charts."
    ),
    click.Option(["--enable-helm"], is_flag=True, help="Let kustomize render charts."),
]  # fmt: skip


def read_options(
    *,
    values: tuple[str, ...],
    assignments: tuple[str, ...],
    kube_version: str,
    api_versions: tuple[str, ...],
    namespace: str,
    release_name: str,
    dependency_update: bool,
) -> HelmOptions:
    """Return the options of a command line."""
    return HelmOptions(
        values=(values,) if values else (),
        assignments=assignments,
        kube_version=kube_version,
        api_versions=api_versions,
        namespace=namespace,
        release_name=release_name,
        dependency_update=dependency_update,
    )
