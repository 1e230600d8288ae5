"""Claims for small volumes of the default storage class."""


def claim(name):
    """Return a PersistentVolumeClaim of that name."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Mi"}}},
    }
