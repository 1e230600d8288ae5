"""The command line: `podshare check` and `podshare clean`."""
