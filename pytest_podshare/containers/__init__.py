"""The Container handle: sessions, ways into a container, files, restarts."""
