"""Manifests judged without a cluster: gathered from wherever they lie, checked, and told.

No Kubernetes client, no pytest, no clock.
"""
