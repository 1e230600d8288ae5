"""What a run shows: terminal lines, tables, pages, annotations and attachments.

Turns facts into text, and never changes a verdict. Only `attachments/` asks the cluster.
"""
