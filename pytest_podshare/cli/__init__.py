"""The `podshare` command."""
