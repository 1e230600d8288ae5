"""A real kind cluster from nothing: container engine, tools, node image, cluster.

Development only: nothing in here is part of the installed package, and the package never imports
it. ``plan`` is the table of what is built; everything else carries it out.
"""
