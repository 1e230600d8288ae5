"""A deployed Pod: deploying, waiting until it is ready, and the handles Pod and Container.

Reads the cluster it is given; makes none, and asserts nothing.
"""
