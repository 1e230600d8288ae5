"""The one door to the Kubernetes API: requests, watches, exec sessions.

Nothing else imports a Kubernetes client. Speaks in plain dicts, and knows nothing of volumes.
"""
