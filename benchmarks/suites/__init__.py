"""Suites that the benchmarks run with pytest; a normal run does not collect them."""
