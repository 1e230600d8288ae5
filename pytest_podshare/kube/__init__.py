"""The only access to the Kubernetes API: requests, watches, exec sessions.

No other package imports a Kubernetes client. Objects are plain dicts, and volumes are unknown here.
"""
