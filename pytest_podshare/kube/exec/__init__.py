"""Commands in containers: one WebSocket per session, many commands per session."""
