"""Which container mounts which volume where, and what that promises.

Pure: no cluster, no clock, no file but the manifest.
"""
