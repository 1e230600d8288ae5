"""Redaction of secrets in everything that is shown."""
