"""A pytest plugin that tells a flaky test from a broken one: `--rerun-alone`."""
