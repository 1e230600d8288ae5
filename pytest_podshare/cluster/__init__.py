"""The cluster of a run: find or create it, own objects on it, and clean up after runs.

Nothing here knows the Pods that tests deploy.
"""
