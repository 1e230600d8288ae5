"""The assertions that tests call.

They contain no retry loops, quoting or path arithmetic. An assertion takes the Pod first and
everything else by keyword. It returns Evidence, and works without pytest. Its first lines turn the
names of containers into handles.
"""
