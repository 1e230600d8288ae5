"""A plugin for pytest: a proxy delays each answer of the cluster's API server."""


def pytest_configure(config):
    """Register the fixture after podshare's own, which it replaces."""
    config.pluginmanager.import_plugin("tests.support.slow_cluster")
