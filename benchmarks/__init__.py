"""Benchmarks of the plugin, compared with other ways to do the same on this machine."""
