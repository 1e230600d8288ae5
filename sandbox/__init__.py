"""A real kind cluster from scratch: container engine, tools, node image, cluster.

For development only: this package is not installed with the plugin, and the plugin never imports
it. ``plan`` lists what is built; the other modules carry it out.
"""
