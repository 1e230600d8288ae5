"""Deployed Pods: their rollout, their replacement, and the handle `Pod`.

Uses the cluster it is given; never creates one, and asserts nothing.
"""
