"""Suites that benchmarks run by pytest; nobody collects them otherwise."""
