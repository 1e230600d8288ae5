"""A node on which Pods without tolerations can run."""


def find_schedulable_node(api):
    """Return the name of a node without taints."""
    nodes = api.get("/api/v1/nodes")["items"]
    return next(node["metadata"]["name"] for node in nodes if not node["spec"].get("taints"))
