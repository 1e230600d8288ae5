"""The Container handle: exec sessions, access to files, restarts."""
