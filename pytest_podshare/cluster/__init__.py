"""Which cluster: kind's or an existing one, its guard, its images, the namespaces of a run.

Ends where a Pod begins: nothing here knows what is deployed.
"""
