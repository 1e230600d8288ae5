"""YAML and JSON text, read into values that know their position."""
