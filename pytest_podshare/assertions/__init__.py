"""What a test says, each a short sentence over handles.

No retry loops, no quoting, no path arithmetic here. Every assertion takes the Pod first, names
containers and volumes by keyword, returns Evidence, and works without pytest.
"""
