"""The default provider: a kind cluster of our own."""
