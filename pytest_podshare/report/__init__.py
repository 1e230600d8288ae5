"""What a run shows: terminal lines, tables, pages, annotations and attachments.

Turns facts into text. Inspects nothing itself, and never changes a verdict.
"""
