"""The examples need a cluster."""


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")
