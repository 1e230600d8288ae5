"""Releases of charts that manifests describe: Flux's HelmRelease and Argo CD's Application.

Their charts and overlays are rendered if they are in the same Git repository. Nothing is fetched.
"""
