"""What a person reads: evidence, failure texts, the header, what was kept.

Turns facts into text. Finds nothing out by itself, and never changes a verdict.
"""
