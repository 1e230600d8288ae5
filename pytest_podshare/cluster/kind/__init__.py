"""The default provider: a kind cluster that runs share and the last one deletes."""
