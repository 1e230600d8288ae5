"""Secrets kept out of everything that is shown."""
