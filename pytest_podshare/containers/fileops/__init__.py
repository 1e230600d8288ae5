"""Files in a mounted volume: write, read, remove.

Knows paths in one container at a time. Which container, which volume and what it proves is for
the rooms above.
"""
