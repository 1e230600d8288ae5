"""Commands in containers over the API server's exec endpoint."""
