"""The static check of manifests, Helm charts and kustomize overlays.

No Kubernetes client, no pytest, no clock.
"""
