"""The assertions of a test, each a short sentence about handles.

No retry loops, quoting or path arithmetic here. Every assertion takes the Pod first, everything
else by keyword; it returns Evidence, and works without pytest. It turns each name of a container
into its handle in its first lines.
"""
