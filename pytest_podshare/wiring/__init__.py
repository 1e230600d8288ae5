"""Who mounts what where: manifests read into one pure model.

No cluster, no clock, no files beyond the manifest itself. Nobody else parses a Pod spec.
"""
