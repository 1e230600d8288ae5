"""File operations in a container: write, read, list and remove files, and read the mount table.

Everything here takes a shell and a path in one container. Which container and volume are meant, and
what the result proves, is decided by the packages above.
"""
