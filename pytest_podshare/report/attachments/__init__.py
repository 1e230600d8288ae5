"""Files that help with a failed test: collected, redacted, written."""
