"""Attachments of a failed test: collected from its Pods, redacted, shown and written to files."""
