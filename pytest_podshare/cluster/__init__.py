"""The cluster of a run: find or create it, own objects on it, and clean up after runs.

Stops short of Pods: nothing here knows what is deployed.
"""
