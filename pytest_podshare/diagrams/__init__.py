"""Diagrams of a Pod's wiring: a text table, Mermaid and SVG."""
