"""Mark the tests in this folder."""


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")
    item.add_marker("slow")
